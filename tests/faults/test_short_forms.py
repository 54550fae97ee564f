"""Short forms of faults and delays."""

import pytest

from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.delays.lognormal import Lognormal
from sandbox.faults.delays.uniform import Uniform
from sandbox.faults.fault import Fault
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.status import Status
from sandbox.faults.short_forms import fault_of, latency_of


@pytest.mark.parametrize(
    "name",
    [
        "hang",
        "malformed_json",
        "wrong_content_type",
        "EMPTY_RESPONSE",
        "MALFORMED_RESPONSE_CHUNK",
        "RANDOM_DATA_THEN_CLOSE",
        "CONNECTION_RESET_BY_PEER",
    ],
)
def test_a_fault_that_needs_nothing_else_has_a_short_form(name: str) -> None:
    assert isinstance(fault_of(name), Fault)
    assert fault_of(name).type == name


@pytest.mark.parametrize("name", ["", "status", "truncate", "rate_limit", "nothing", "empty_response"])
def test_other_faults_have_no_short_form_and_the_error_lists_those_that_have_one(name: str) -> None:
    with pytest.raises(ValueError, match="one of malformed_json, wrong_content_type, hang, EMPTY_RESPONSE"):
        fault_of(name)


def test_a_short_form_may_have_attributes() -> None:
    assert isinstance(fault_of("hang", milliseconds=5), Hang)
    assert isinstance(fault_of("status", status=503), Status)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("200", (200, 200)),
        ("0", (0, 0)),
        ("12.5", (12.5, 12.5)),
        ("300000", (300_000, 300_000)),
        ("100..400", (100, 250)),
        ("100..100", (100, 100)),
        ("median=80,p99=400", (None, 80)),
        ("p99=400, median=80", (None, 80)),
        ("median=80,sigma=0.5", (None, 80)),
    ],
)
def test_a_latency_of_the_command_line_has_three_forms(text: str, drawn: tuple[float | None, float]) -> None:
    delay = latency_of(text)
    assert isinstance(delay, Fixed | Uniform | Lognormal)
    minimum, middle = drawn
    assert delay.milliseconds(0.5) == pytest.approx(middle)
    if minimum is not None:
        assert delay.milliseconds(0.0) == minimum


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "-1",
        "300001",
        "nan",
        "inf",
        "200ms",
        "..",
        "100..",
        "..400",
        "400..100",
        "100..300001",
        "median=80",
        "p99=400",
        "median=80,p99=400,sigma=1",
        "median=400,p99=80",
        "median=80,p98=400",
        "median=80;p99=400",
        "median==80,p99=400",
        "median=0,p99=0",
        "median=0,p99=400",
        "median=80,sigma=11",
        "median=80,sigma=100000",
    ],
)
def test_other_texts_are_refused_with_the_three_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"200, 100\.\.400, or median=80,p99=400"):
        latency_of(text)
