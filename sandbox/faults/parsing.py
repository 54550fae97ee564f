"""Reading rules, delays and faults: from JSON, and from the short forms of the command line.

Whatever is wrong is refused with a sentence that names the place and what would be right.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validates_schema

from sandbox import problems
from sandbox.faults.delay import MAX_MILLISECONDS, Delay
from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.delays.lognormal import Lognormal
from sandbox.faults.delays.uniform import Uniform
from sandbox.faults.effect import Effect
from sandbox.faults.fault import Fault
from sandbox.faults.table import DELAYS, FAULTS
from sandbox.operations import OPERATIONS
from sandbox.schemas.error_messages import explain
from sandbox.schemas.fields import Attribute, Choice, Name, Number, WholeNumber
from sandbox.schemas.nested_object import NestedObject, Texts
from sandbox.world.errors import RulesFull
from sandbox.world.journal import KNOWN_METHODS
from sandbox.world.rules import RequestMatcher, UnboundRule


class MatchDocument(Schema):
    """Which calls a rule is about; nothing given means every ``/v1`` call."""

    operation = Choice([operation.id for operation in OPERATIONS])
    method = Choice(sorted(KNOWN_METHODS))
    path = Name()
    query = Texts()
    body = Texts()


def _openapi_of(kind: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {"type": {"const": kind.type}}
    properties |= {name: dict(field.openapi_text) for name, field in kind.attributes.items()}
    required = ["type", *(name for name, field in kind.attributes.items() if field.required)]
    return {
        "type": "object",
        "description": " ".join(kind.__doc__.split()),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


class Probability(Number):
    """A probability, 0 to 1."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0, 1, **kwargs)
        self.expects = "a probability from 0 to 1 (write 0.05 for 5 percent)"


class _Kind(Attribute, fields.Raw):
    """A delay or a fault: an object whose ``type`` says which kind it is."""

    has_own_messages = True
    openapi_text: Mapping[str, Any] = {}

    def __init__(self, name: str, kinds: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._name = name
        self._kinds = kinds
        self.expects = f"an object with a type, one of {', '.join(kinds)}"
        self.openapi = {"oneOf": [_openapi_of(kind) for kind in kinds.values()]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise ValidationError(f"{self._name} must be {self.expects}.")
        kind = self._kinds.get(value["type"])
        if kind is None:
            raise ValidationError(_unknown_kind(self._name, value["type"], list(self._kinds)))
        return _made(kind, {name: given for name, given in value.items() if name != "type"}, self._name)


class DelayField(_Kind):
    """A delay; a plain number is a fixed one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("delay", DELAYS, **kwargs)
        number = {"type": "number", "minimum": 0, "maximum": MAX_MILLISECONDS}
        self.openapi = {"oneOf": [number, *self.openapi["oneOf"]]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = {"type": Fixed.type, "milliseconds": value}
        return super()._deserialize(value, attr, data, **kwargs)


class FaultField(_Kind):
    """A fault."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("fault", FAULTS, **kwargs)


class RuleDocument(Schema):
    """A fault rule: when it fires, and what happens then."""

    name = Name(metadata={"description": "For people; shown in X-Sandbox-Rule and the journal."})
    match = NestedObject(
        MatchDocument(), metadata={"description": "Which calls; absent means every /v1 call."}
    )
    skip = WholeNumber(0, 10**9, metadata={"description": "Let the first so many matching calls pass."})
    times = WholeNumber(
        1, 10**9, metadata={"description": "Fire at most so often; absent means without end."}
    )
    every = WholeNumber(1, 10**9, metadata={"description": "Fire on every so-many-th matching call."})
    probability = Probability(metadata={"description": "Fire with this probability, 0 to 1."})
    ttl_seconds = Number(
        0.001,
        10**9,
        metadata={"description": "Ends so many seconds, on the sandbox's clock, after it was made."},
    )
    delay = DelayField(metadata={"description": "Milliseconds, or a delay with a type."})
    fault = FaultField(metadata={"description": "What goes wrong."})
    phase = Choice(
        ["before", "after"],
        metadata={
            "description": "after: the call is done and its answer is lost; before: the call does nothing."
        },
    )

    @validates_schema(skip_on_field_errors=True)
    def _does_something(self, data: dict[str, Any], **_: Any) -> None:
        if "delay" not in data and "fault" not in data:
            raise ValidationError("A rule needs a delay, a fault or both.")
        if data.get("phase") == "after" and "fault" not in data:
            raise ValidationError("phase after goes with a fault: without one no answer is lost.")

    @post_load(pass_original=True)
    def _unbound_rule(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> UnboundRule:
        effect = Effect(data.pop("delay", None), data.pop("fault", None), data.pop("phase", None) == "after")
        data.pop("name", None)
        match = RequestMatcher(**data.pop("match", {}))
        return UnboundRule(effect, original, match, **data)


RULE = RuleDocument()


def rule_of(document: Any, place: str = "this rule", prefix: str = "") -> UnboundRule:
    """Return the rule that ``document`` describes.

    Raises Problem 400; its message names what is wrong behind ``prefix``.
    """
    if not isinstance(document, dict):
        raise problems.invalid(f"{place} must be an object, not {problems.quoted(document)}.")
    try:
        unbound: UnboundRule = RULE.load(document, unknown=RAISE)
    except ValidationError as error:
        raise problems.invalid(explain(RULE, error, document, place, prefix)) from None
    return unbound


def rules_of(documents: list[Any], place: str, capacity: int) -> tuple[UnboundRule, ...]:
    """Return the rules that ``documents`` describe.

    Raises Problem 400, which names the rule by its place, and RulesFull if there are more than ``capacity``.
    """
    if len(documents) > capacity:
        raise RulesFull(capacity)
    return tuple(
        rule_of(document, f"{place}[{at}]", f"{place}[{at}].") for at, document in enumerate(documents)
    )


def fault_of(name: str, **attributes: Any) -> Fault:
    """The fault of a short form like ``fault=hang``. Raises ValueError("what would be right")."""
    kind = FAULTS.get(name)
    if kind is None or any(
        field.required and given not in attributes for given, field in kind.attributes.items()
    ):
        short = [
            known for known, kind in FAULTS.items() if not any(f.required for f in kind.attributes.values())
        ]
        raise ValueError(f"one of {', '.join(short)}")
    return kind(**attributes)


def latency_of(text: str) -> Delay:
    """The delay of the command line: ``200``, ``100..400`` or ``median=80,p99=400``, in milliseconds.

    Raises ValueError("what would be right").
    """
    kind: type[Delay]
    if ".." in text:
        kind, names, numbers = Uniform, ["lower", "upper"], text.split("..")
    elif "=" in text:
        pairs = [part.partition("=") for part in text.split(",")]
        kind, names, numbers = (
            Lognormal,
            [name.strip() for name, _, _ in pairs],
            [number for *_, number in pairs],
        )
    else:
        kind, names, numbers = Fixed, ["milliseconds"], [text]
    try:
        delay: Delay = _made(kind, _given(names, numbers), "latency")
    except (ValueError, ValidationError):
        forms = f"milliseconds up to {MAX_MILLISECONDS}: 200, 100..400, or median=80,p99=400"
        raise ValueError(forms) from None
    return delay


def _given(names: list[str], numbers: list[str]) -> dict[str, float]:
    if len(set(names)) != len(names):
        raise ValueError(names)
    return {name: _decimal(number) for name, number in zip(names, numbers, strict=True)}


def _decimal(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text.strip()):
        raise ValueError(text)
    return float(text)


def _made(kind: Any, given: dict[str, Any], place: str) -> Any:
    schema = Schema.from_dict(dict(kind.attributes))()
    try:
        return kind(**schema.load(given, unknown=RAISE))
    except ValidationError as error:
        raise ValidationError(explain(schema, error, given, f"{place} {kind.type}", f"{place}.")) from None
    except ValueError as error:
        raise ValidationError(f"{place}: {error}.") from None


def _unknown_kind(place: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name.lower(), [each.lower() for each in known], n=1)
    hint = next((f"did you mean {each}?" for each in known if near and each.lower() == near[0]), "")
    return f"{place}.type must be one of {', '.join(known)}, not {problems.quoted(name)}{'; ' + hint if hint else '.'}"
