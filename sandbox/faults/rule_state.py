"""Fault rules in the state document: each rule with what it has counted.

So the calls after an import meet the same faults as they would have met without it. What says nothing is left out of an
export: a count of zero, and the id of a rule that has not left its place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from sandbox.faults.kinds.rate_limit import RateLimit
from sandbox.faults.rule_document import RuleDocument
from sandbox.schemas.fields import Attribute, Id, Number, WholeNumber
from sandbox.schemas.nested_object import NestedObject
from sandbox.schemas.unique_ids import check_unique
from sandbox.world.clock import LATEST_TIMESTAMP
from sandbox.world.rules import RateWindow, Rule, RuleCounters, UnboundRule
from sandbox.world.state import SandboxState

_RULE_ID = re.compile(r"rule-[1-9][0-9]{0,8}")
_MAX_CALLS = 2**53 - 1
_LONGEST_WINDOW = 86_400


class RuleId(Id):
    """The id of a sandbox's own rule."""

    expected = "the id of a rule, like rule-1"
    openapi = {"pattern": f"^{_RULE_ID.pattern}$"}
    openapi_text = {"type": "string", **openapi}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not _RULE_ID.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return value


class Document(Attribute, fields.Raw):
    """A rule as it was written."""

    expected = "an object"
    openapi: Mapping[str, Any] = {"type": "object"}
    openapi_text = openapi

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.make_error("invalid", input=value)
        return value


class WindowState(Schema):
    """The window of a rate limit, in Unix seconds on the sandbox's clock, and the calls in it."""

    began = Number(0, LATEST_TIMESTAMP, required=True)
    ends = Number(0, LATEST_TIMESTAMP + _LONGEST_WINDOW, required=True)
    calls = WholeNumber(0, _MAX_CALLS, required=True)

    @validates_schema(skip_on_field_errors=True)
    def _check_order(self, data: dict[str, Any], **_: Any) -> None:
        if data["ends"] <= data["began"]:
            raise ValidationError("A window ends after it began.")

    @post_load
    def _window(self, data: dict[str, Any], **_: Any) -> RateWindow:
        return RateWindow(**data)


class Counted(NamedTuple):
    """The counts of a rule."""

    matched: int = 0
    fired: int = 0
    since: float | None = None
    window: RateWindow | None = None

    def counters(self, rule: Rule) -> RuleCounters:
        """Return the counters of ``rule`` that are equal to these."""
        return RuleCounters(rule, *self)


class SavedRule(NamedTuple):
    """A rule that was saved. ``id`` None is the id of its place."""

    unbound: UnboundRule
    id: str | None
    counted: Counted


class SavedServerRule(NamedTuple):
    """The counts of a server-wide rule in one sandbox. ``document`` is the rule without ``enabled``."""

    id: str
    document: dict[str, Any]
    counted: Counted


_COUNTED = {
    "matched": WholeNumber(0, _MAX_CALLS, metadata={"description": "The number of calls that matched."}),
    "fired": WholeNumber(0, _MAX_CALLS, metadata={"description": "The number of calls for which it fired."}),
    "since": Number(
        0,
        LATEST_TIMESTAMP,
        metadata={"description": "The time from which its time to live counts, in Unix seconds."},
    ),
    "window": NestedObject(WindowState(), metadata={"description": "The current window of a rate limit."}),
}


class RuleState(RuleDocument):
    """A fault rule and what it has counted. Loaded as a SavedRule."""

    openapi: ClassVar = {
        **RuleDocument.openapi,
        "dependentSchemas": {
            "window": {
                "properties": {"fault": {"properties": {"type": {"const": RateLimit.type}}}},
                "required": ["fault"],
            }
        },
    }

    id = RuleId(metadata={"description": "By default that of its place: rule-1 for the first one."})
    matched, fired, since, window = _COUNTED.values()

    @validates_schema(skip_on_field_errors=True)
    def _check_counted(self, data: dict[str, Any], **_: Any) -> None:
        _check_fired(data)
        if "window" in data and not isinstance(data.get("fault"), RateLimit):
            raise ValidationError("window goes with the fault rate_limit.")

    @post_load(pass_original=True)
    def _loaded(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> SavedRule:
        rule_id, counted = data.pop("id", None), _counted(data)
        document = {name: each for name, each in original.items() if name != "id" and name not in _COUNTED}
        return SavedRule(self._unbound_rule(data, document), rule_id, counted)


class ServerRuleState(Schema):
    """The counts of a server-wide or command-line rule in one sandbox. Loaded as a SavedServerRule."""

    id = Id(required=True)
    rule = Document(required=True, metadata={"description": "The rule; another one is counted from zero."})
    matched, fired, since, window = _COUNTED.values()

    @validates_schema(skip_on_field_errors=True)
    def _check_counted(self, data: dict[str, Any], **_: Any) -> None:
        _check_fired(data)

    @post_load
    def _loaded(self, data: dict[str, Any], **_: Any) -> SavedServerRule:
        return SavedServerRule(data["id"], _identity(data["rule"]), _counted(data))


def exported_rules(state: SandboxState) -> list[dict[str, Any]]:
    """Return the rules of a state as JSON values."""
    counters = {each.rule.life: each for each in state.counters}
    return [
        {
            **({} if rule.id == _place_id(index) else {"id": rule.id}),
            **rule.document,
            **_exported(counters.get(rule.life, RuleCounters(rule)), rule),
        }
        for index, rule in enumerate(state.rules)
    ]


def exported_server_rules(state: SandboxState) -> list[dict[str, Any]]:
    """Return what the sandbox of a state has counted of server-wide rules, as JSON values."""
    own = {rule.life for rule in state.rules}
    return [
        {"id": each.rule.id, "rule": _identity(each.rule.document), **_exported(each, each.rule)}
        for each in state.counters
        if each.rule.life not in own and not each.rule.life.has_ended
    ]


def imported_rules(
    saved: Iterable[SavedRule], now: float
) -> tuple[tuple[Rule, ...], tuple[RuleCounters, ...]]:
    """Return rules that were saved, and their counters. The time to live of a new one counts from ``now``.

    Raises ValidationError if two have the same id.
    """
    saved = list(saved)
    ids = [each.id or _place_id(index) for index, each in enumerate(saved)]
    check_unique(ids, lambda index: ("faults", index, "id"))
    rules = tuple(
        each.unbound.bind(rule_id, now if each.counted.since is None else each.counted.since)
        for rule_id, each in zip(ids, saved, strict=True)
    )
    counters = (each.counted.counters(rule) for rule, each in zip(rules, saved, strict=True))
    return rules, tuple(each for each in counters if each.matched or each.window)


def imported_counters(
    saved: Iterable[SavedServerRule], server_rules: Iterable[Rule]
) -> Iterator[RuleCounters]:
    """Yield the counters of those ``server_rules`` that are the rules of ``saved``.

    Another server may have other rules of these ids, which are counted from zero.
    """
    by_id = {rule.id: rule for rule in server_rules}
    seen: set[str] = set()
    for each in saved:
        rule = by_id.get(each.id)
        if rule is not None and rule.id not in seen and _identity(rule.document) == each.document:
            seen.add(rule.id)
            yield each.counted.counters(rule)


def _place_id(index: int) -> str:
    return f"rule-{index + 1}"


def _identity(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule without ``enabled``, which may change while it goes on counting."""
    return {name: each for name, each in document.items() if name != "enabled"}


def _exported(counters: RuleCounters, rule: Rule) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if counters.matched:
        shown |= {"matched": counters.matched, "fired": counters.fired}
    since = rule.since if counters.since is None else counters.since
    if rule.ttl_seconds is not None and since is not None:
        shown["since"] = since
    if counters.window is not None:
        shown["window"] = counters.window._asdict()
    return shown


def _counted(data: dict[str, Any]) -> Counted:
    """Return what a rule has counted, and remove it from the loaded attributes."""
    return Counted(**{name: data.pop(name) for name in _COUNTED if name in data})


def _check_fired(data: Mapping[str, Any]) -> None:
    if data.get("fired", 0) > data.get("matched", 0):
        raise ValidationError("fired must not be more than matched.")
