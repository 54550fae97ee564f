"""Fault rules in JSON."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validates_schema

from sandbox import problems
from sandbox.faults.effect import Effect
from sandbox.faults.path_glob import PathGlob
from sandbox.faults.presets import PRESETS
from sandbox.faults.typed_object import DelayField, FaultField
from sandbox.operations import OPERATIONS
from sandbox.schemas.canonical_text import BODY_FIELDS, QUERY_FIELDS
from sandbox.schemas.control import RULE_ID
from sandbox.schemas.error_messages import message_of
from sandbox.schemas.fields import Choice, Flag, Name, Number, WholeNumber
from sandbox.schemas.nested_object import NestedObject, Texts
from sandbox.schemas.object_list import UnreadObjects
from sandbox.world.errors import RulesFull
from sandbox.world.journal import KNOWN_METHODS
from sandbox.world.request_matcher import RequestMatcher
from sandbox.world.rules import UnboundRule

MATCHED = {"description": "The number of calls that matched.", "readOnly": True}
FIRED = {"description": "The number of calls for which the rule fired.", "readOnly": True}


class MatchDocument(Schema):
    """The calls that a rule applies to; by default every ``/v1`` call."""

    operation = Choice([operation.id for operation in OPERATIONS])
    method = Choice(sorted(KNOWN_METHODS))
    path = PathGlob()
    query = Texts(QUERY_FIELDS)
    body = Texts(BODY_FIELDS)


class Probability(Number):
    """A probability, 0 to 1."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0, 1, **kwargs)
        self.expected = "a number from 0 to 1 (write 0.05 for 5 percent)"


class RuleDocument(Schema):
    """A fault rule: when it fires, and what happens then. Loaded as an UnboundRule."""

    openapi: ClassVar = {
        "anyOf": [{"required": ["delay"]}, {"required": ["fault"]}],
        "if": {"properties": {"phase": {"const": "after"}}, "required": ["phase"]},
        "then": {"required": ["fault"]},
    }

    name = Name(metadata={"description": "For people; shown in X-Sandbox-Rule and the journal."})
    match = NestedObject(
        MatchDocument(),
        metadata={"description": "The calls that the rule applies to; by default every /v1 call."},
    )
    enabled = Flag(
        metadata={
            "description": "Whether the rule is on; switched off it keeps its place and counts nothing."
        }
    )
    skip = WholeNumber(0, 10**9, metadata={"description": "Let the first N matching calls pass."})
    times = WholeNumber(1, 10**9, metadata={"description": "Fire at most N times; by default without end."})
    every = WholeNumber(1, 10**9, metadata={"description": "Fire on every Nth matching call."})
    probability = Probability(metadata={"description": "Fire with this probability, 0 to 1."})
    ttl_seconds = Number(
        0.001,
        10**9,
        metadata={"description": "Expire after this many seconds on the sandbox's clock."},
    )
    delay = DelayField(metadata={"description": "Milliseconds, or a delay with a type."})
    fault = FaultField(metadata={"description": "What goes wrong."})
    phase = Choice(
        ["before", "after"],
        metadata={
            "description": "before: the call has no effect; after: the call is done and its response is lost."
        },
    )

    @validates_schema(skip_on_field_errors=True)
    def _check_effect(self, data: dict[str, Any], **_: Any) -> None:
        if "delay" not in data and "fault" not in data:
            raise ValidationError("A rule needs a delay, a fault or both.")
        if data.get("phase") == "after" and "fault" not in data:
            raise ValidationError("phase after goes with a fault: without one no response is lost.")

    @post_load(pass_original=True)
    def _loaded(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> Any:
        return self._unbound_rule(data, original)

    def _unbound_rule(self, data: dict[str, Any], document: dict[str, Any]) -> UnboundRule:
        effect = Effect(data.pop("delay", None), data.pop("fault", None), data.pop("phase", None) == "after")
        data.pop("name", None)
        match = RequestMatcher(**data.pop("match", {}))
        return UnboundRule(effect, document, match, **data)


RULE = RuleDocument()

_DELAYS_ONLY = [name for name, preset in PRESETS.items() if "fault" not in preset.rule]
_OF_PRESETS: Mapping[str, Any] = {
    "if": {
        "properties": {"preset": {"enum": _DELAYS_ONLY}, "phase": {"const": "after"}},
        "required": ["phase"],
    },
    "then": {"required": ["fault"]},
}
"""The rule about ``phase`` for presets that only delay: without a fault no response is lost."""


class NewRule(RuleDocument):
    """A fault rule, or the name of a preset with what differs from it. Loaded as an UnboundRule."""

    openapi: ClassVar = {"anyOf": [RuleDocument.openapi, {"required": ["preset"], **_OF_PRESETS}]}

    preset = Choice(
        [*PRESETS],
        metadata={
            "description": "Begin with the rule of this preset; what else is given replaces parts of it."
        },
    )

    @pre_load
    def _with_preset(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return _expanded(data)

    def _unbound_rule(self, data: dict[str, Any], document: dict[str, Any]) -> UnboundRule:
        data.pop("preset", None)
        expanded = _expanded(document)
        return super()._unbound_rule(data, {name: expanded[name] for name in expanded if name != "preset"})


class FaultRuleSchema(RuleDocument):
    """A fault rule as it was given, with its id and its counters."""

    id = fields.String(required=True, metadata={**RULE_ID, "readOnly": True})
    matched = fields.Integer(required=True, metadata=MATCHED)
    fired = fields.Integer(required=True, metadata=FIRED)


class FaultRuleListSchema(Schema):
    """Fault rules, in the order in which they are tried."""

    data = fields.List(fields.Nested(FaultRuleSchema), required=True)


def _expanded(document: dict[str, Any]) -> dict[str, Any]:
    """Return ``document`` with the attributes of the preset that it names, if it names one."""
    name = document.get("preset")
    preset = PRESETS.get(name) if isinstance(name, str) else None
    return document if preset is None else {**preset.rule, **document}


def rules_of(documents: UnreadObjects, max_rules: int) -> tuple[Any, ...]:
    """Return the rules of ``documents``, as their schema loads them.

    Raises RulesFull if there are more than ``max_rules``, and Problem 400, which names what is wrong with its place.
    """
    if len(documents) > max_rules:
        raise RulesFull(max_rules)
    try:
        return tuple(documents.read(lambda _index, loaded: loaded))
    except ValidationError as error:
        raise problems.invalid(message_of(error)) from None
