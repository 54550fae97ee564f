"""A fault rule of a sandbox, and its options."""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from protocol_sandbox.control_client import ControlClient

PATH = "/__admin/faults"

Milliseconds = float
Delay = Milliseconds | Mapping[str, Any]
"""Milliseconds, or a delay with a type, like ``{"type": "uniform", "lower": 100, "upper": 400}``."""


class RuleOptions(TypedDict, total=False):
    """The options of every rule: which calls it applies to, and how often it fires.

    ``match`` has ``method``, ``path``, ``query``, ``body``; ``skip`` lets the first calls pass, ``every`` fires on
    every Nth, ``times`` ends the rule after so many; ``probability`` is from 0 to 1. With the phase ``after``, the call
    is made, and its response is lost.
    """

    name: str
    match: Mapping[str, Any]
    skip: int
    times: int
    every: int
    probability: float
    ttl_seconds: float
    phase: Literal["before", "after"]


class FaultRule:
    """A rule that was added to a sandbox. ``document`` is the rule as the server shows it."""

    def __init__(self, control: ControlClient, document: Mapping[str, Any]) -> None:
        self._control = control
        self.document = document
        self.id: str = document["id"]

    @property
    def fired(self) -> int:
        """The number of calls for which the rule fired. Raises ControlError if the rule is gone."""
        return int(self._control.get(f"{PATH}/{self.id}")["fired"])

    @property
    def matched(self) -> int:
        """The number of calls that the rule applied to. Raises ControlError if the rule is gone."""
        return int(self._control.get(f"{PATH}/{self.id}")["matched"])

    def remove(self) -> None:
        """Delete the rule. Raises ControlError if it is gone."""
        self._control.delete(f"{PATH}/{self.id}")

    def __repr__(self) -> str:
        return f"FaultRule({dict(self.document)!r})"


def rule_document(operation: str | None, options: RuleOptions, **effect: Any) -> dict[str, Any]:
    """Return the document of a rule for calls of ``operation``, or for all, with the effects that are not None."""
    document: dict[str, Any] = {name: value for name, value in effect.items() if value is not None}
    document |= dict(options)
    if operation is not None:
        document["match"] = {"operation": operation, **options.get("match", {})}
    return document
