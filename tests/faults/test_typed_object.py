"""Delays and faults in JSON: the kind is named by the type, and has attributes of its own."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from marshmallow import Schema, ValidationError

from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.delays.uniform import Uniform
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.status import Status
from sandbox.faults.table import DELAYS, FAULTS
from sandbox.faults.typed_object import DelayField, FaultField, new_instance, schema_of
from sandbox.schemas.error_messages import message_of


class Document(Schema):
    delay = DelayField()
    fault = FaultField()


def loaded(**values: Any) -> Any:
    (value,) = Document().load(values).values()
    return value


REFUSED: list[tuple[Any, str]] = [
    ({"fault": "hang"}, "fault must be an object with a type, one of status, rate_limit"),
    ({"fault": None}, "fault must be an object with a type"),
    ({"delay": None}, "delay must be a number of milliseconds, or an object with a type"),
    ({"fault": {}}, "fault must be an object with a type"),
    ({"fault": {"type": 5}}, "fault must be an object with a type"),
    ({"fault": {"type": "empty_response"}}, 'not "empty_response"; did you mean EMPTY_RESPONSE?'),
    ({"fault": {"type": "statuss", "status": 503}}, "did you mean status?"),
    (
        {"fault": {"type": "hang", "milliseconds": 300_001}},
        "fault.milliseconds must be a number from 0 to 300000",
    ),
    ({"fault": {"type": "EMPTY_RESPONSE", "bytes": 5}}, "fault.bytes is not known here"),
    (
        {"delay": "200"},
        "delay must be a number of milliseconds, or an object with a type, one of fixed, uniform, lognormal, dribble",
    ),
    ({"delay": True}, "delay must be a number of milliseconds, or an object with a type"),
    ({"delay": -1}, "delay.milliseconds must be a number from 0 to 300000, not -1"),
    ({"delay": 300_001}, "delay.milliseconds must be a number from 0 to 300000, not 300001"),
    ({"delay": {"type": "fix", "milliseconds": 5}}, "did you mean fixed?"),
    ({"delay": {"type": "fixed"}}, "delay.milliseconds is missing; it must be a number from 0 to 300000"),
    ({"delay": {"type": "uniform", "lower": 5}}, "delay.upper is missing"),
    ({"delay": {"type": "uniform", "lower": 5, "upper": 4}}, "delay: upper must not be less than lower."),
    ({"delay": {"type": "lognormal", "median": 80}}, "delay: median needs either sigma or p99 beside it."),
    ({"delay": {"type": "lognormal", "median": 0, "p99": 5}}, "delay.median must be a number from 0.001"),
    ({"delay": {"type": "lognormal", "median": 80, "p99": 5}}, "delay: p99 must not be less than median."),
    (
        {"delay": {"type": "lognormal", "median": 80, "sigma": 11}},
        "delay.sigma must be a number from 0 to 10",
    ),
    (
        {"delay": {"type": "dribble", "chunks": 1, "milliseconds": 5}},
        "delay.chunks must be an integer from 2 to 1000",
    ),
    ({"delay": {"type": "dribble", "chunks": 5}}, "delay.milliseconds is missing"),
]


@pytest.mark.parametrize(("document", "said"), REFUSED, ids=lambda part: str(part)[:60])
def test_an_invalid_object_is_refused_with_its_reason(document: Any, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        Document().load(document)
    assert said in message_of(error.value)


def test_an_object_is_an_instance_of_the_kind_of_its_type() -> None:
    delay = loaded(delay={"type": "uniform", "lower": 5, "upper": 6})
    assert isinstance(delay, Uniform)
    assert delay.milliseconds(0.5) == 5.5
    fault = loaded(fault={"type": "status", "status": 503})
    assert isinstance(fault, Status)
    assert fault.problem.status == 503
    assert isinstance(loaded(fault={"type": "hang"}), Hang)


@pytest.mark.parametrize("number", [0, 5, 5.5])
def test_a_number_is_a_fixed_delay(number: float) -> None:
    delay = loaded(delay=number)
    assert isinstance(delay, Fixed)
    assert delay.milliseconds(0.5) == number


def test_attributes_make_an_instance_or_are_refused() -> None:
    assert new_instance(Uniform, {"lower": 1, "upper": 3}, "latency").milliseconds(0.5) == 2
    with pytest.raises(ValidationError) as error:
        new_instance(Uniform, {"lower": 1, "uper": 3}, "latency")
    assert message_of(error.value) == (
        "upper is missing; it must be a number from 0 to 300000. "
        "uper is not an attribute of latency uniform; did you mean upper?"
    )


@pytest.mark.parametrize("kind", [*FAULTS.values(), *DELAYS.values()], ids=lambda kind: kind.type)
def test_the_schema_of_a_kind_has_its_attributes(kind: Any) -> None:
    assert set(schema_of(kind).fields) == set(kind.attributes)
    assert schema_of(kind) is schema_of(kind)


@pytest.mark.parametrize(
    ("name", "value", "is_valid"),
    [
        ("delay", 5, True),
        ("delay", 300_001, False),
        ("delay", {"type": "fixed", "milliseconds": 5}, True),
        ("delay", {"type": "fixed"}, False),
        ("fault", {"type": "hang"}, True),
        ("fault", {"type": "hang", "bytes": 5}, False),
        ("fault", {"type": "other"}, False),
        ("fault", 5, False),
    ],
)
def test_the_documented_schema_accepts_what_is_accepted(name: str, value: Any, is_valid: bool) -> None:
    field: Any = Document().fields[name]
    assert Draft202012Validator(field.openapi).is_valid(value) is is_valid
    assert (Document().validate({name: value}) == {}) is is_valid
