"""Reading rules: whatever is wrong is refused with a sentence that says where, and what would be right."""

from copy import deepcopy
from typing import Any

import pytest

from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.delays.lognormal import Lognormal
from sandbox.faults.delays.uniform import Uniform
from sandbox.faults.effect import Effect
from sandbox.faults.fault import Fault
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.status import Status
from sandbox.faults.parsing import fault_of, latency_of, rule_of, rules_of
from sandbox.problems import Problem
from sandbox.world.errors import RulesFull
from sandbox.world.rules import RequestMatcher

FAULT = {"type": "status", "status": 503}

REFUSED: list[tuple[Any, str]] = [
    ({}, "A rule needs a delay, a fault or both."),
    ({"name": "empty"}, "A rule needs a delay, a fault or both."),
    ({"delay": 5, "phase": "after"}, "phase after goes with a fault"),
    ({"fault": FAULT, "phase": "during"}, 'phase must be one of before, after, not "during"'),
    ({"fault": FAULT, "tims": 2}, "tims is not an attribute of this rule; did you mean times?"),
    ({"fault": FAULT, "name": ""}, "name must be a text of 1 to 200 characters"),
    ({"fault": FAULT, "name": "x" * 201}, "name must be a text of 1 to 200 characters"),
    ({"fault": FAULT, "skip": -1}, "skip must be an integer from 0 to 1000000000, not -1"),
    ({"fault": FAULT, "times": 0}, "times must be an integer from 1 to 1000000000, not 0"),
    ({"fault": FAULT, "times": True}, "times must be an integer from 1 to 1000000000, not true"),
    ({"fault": FAULT, "times": "2"}, 'times must be an integer from 1 to 1000000000, not "2"'),
    ({"fault": FAULT, "every": 0}, "every must be an integer from 1"),
    ({"fault": FAULT, "probability": 5}, "probability must be a probability from 0 to 1 (write 0.05 for 5"),
    ({"fault": FAULT, "probability": -0.1}, "probability must be a probability from 0 to 1"),
    ({"fault": FAULT, "probability": "0.5"}, "probability must be a probability from 0 to 1"),
    ({"fault": FAULT, "ttl_seconds": 0}, "ttl_seconds must be a number from 0.001 to 1000000000"),
    ({"fault": FAULT, "match": []}, "match must be an object"),
    (
        {"fault": FAULT, "match": {"operation": "createConversations"}},
        (
            "match.operation must be one of createConversation, listConversations, retrieveConversation, "
            'updateConversation, deleteConversation, not "createConversations"'
        ),
    ),
    (
        {"fault": FAULT, "match": {"methd": "GET"}},
        "match.methd is not an attribute of match; did you mean method?",
    ),
    ({"fault": FAULT, "match": {"method": 5}}, "match.method must be one of"),
    ({"fault": FAULT, "match": {"path": ""}}, "match.path must be a text"),
    ({"fault": FAULT, "match": {"query": "limit=5"}}, "match.query must be an object of texts"),
    ({"fault": FAULT, "match": {"body": {"contact_id": ["a"]}}}, "match.body must be an object of texts"),
    ({"fault": "hang"}, "fault must be an object with a type, one of status, rate_limit"),
    ({"fault": None}, "fault must be an object with a type"),
    ({"delay": None}, "delay must be an object with a type"),
    ({"fault": FAULT, "match": None}, "match must be an object"),
    ({"fault": FAULT, "times": None}, "times must be an integer from 1 to 1000000000, not null"),
    ({"fault": {}}, "fault must be an object with a type"),
    ({"fault": {"type": 5}}, "fault must be an object with a type"),
    ({"fault": {"type": "empty_response"}}, 'not "empty_response"; did you mean EMPTY_RESPONSE?'),
    ({"fault": {"type": "statuss", "status": 503}}, "did you mean status?"),
    (
        {"fault": {"type": "hang", "milliseconds": 300_001}},
        "fault.milliseconds must be a number from 0 to 300000",
    ),
    ({"fault": {"type": "EMPTY_RESPONSE", "bytes": 5}}, "fault.bytes is not known here"),
    ({"delay": "200"}, "delay must be an object with a type, one of fixed, uniform, lognormal, dribble"),
    ({"delay": True}, "delay must be an object with a type"),
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
    ([], "this rule must be an object, not []."),
    ("hang", 'this rule must be an object, not "hang".'),
    (None, "this rule must be an object, not null."),
]


@pytest.mark.parametrize(("document", "said"), REFUSED, ids=lambda part: str(part)[:60])
def test_what_cannot_be_right_is_refused_and_says_why(document: Any, said: str) -> None:
    with pytest.raises(Problem) as refusal:
        rule_of(document)
    assert refusal.value.status == 400
    assert said in refusal.value.message


def test_several_mistakes_are_all_explained() -> None:
    with pytest.raises(Problem) as refusal:
        rule_of({"fault": {"type": "status", "status": 1}, "times": 0, "skp": 1})
    for said in ("fault.status must", "times must", "did you mean skip?"):
        assert said in refusal.value.message


def test_a_rule_is_read_with_all_that_it_says() -> None:
    document = {
        "name": "flaky create",
        "match": {"operation": "createConversation", "method": "POST", "path": "/v1/*"},
        "skip": 1,
        "times": 2,
        "every": 3,
        "probability": 0.5,
        "ttl_seconds": 60,
        "delay": {"type": "uniform", "lower": 10, "upper": 20},
        "fault": {"type": "status", "status": 503, "retry_after": 1},
        "phase": "after",
    }
    rule = rule_of(document)
    assert rule.document == document
    assert rule.match == RequestMatcher("createConversation", "POST", "/v1/*")
    assert (rule.skip, rule.times, rule.every, rule.probability, rule.ttl_seconds) == (1, 2, 3, 0.5, 60)
    assert isinstance(rule.effect, Effect)
    assert isinstance(rule.effect.delay, Uniform)
    assert isinstance(rule.effect.fault, Status)
    assert rule.effect.after


def test_what_is_not_said_has_the_defaults_of_the_contract() -> None:
    rule = rule_of({"fault": {"type": "hang"}})
    assert rule.match == RequestMatcher()
    assert (rule.skip, rule.times, rule.every, rule.probability, rule.ttl_seconds) == (0, None, 1, 1.0, None)
    assert isinstance(rule.effect, Effect)
    assert rule.effect.delay is None
    assert not rule.effect.after


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (False, "false"), (5, "5"), (None, ""), ("", "")]
)
def test_what_a_rule_wants_of_query_and_body_is_compared_as_text(value: Any, text: str) -> None:
    rule = rule_of({"delay": 1, "match": {"query": {"a": value}, "body": {"b": value}}})
    assert rule.match == RequestMatcher(query={"a": text}, body={"b": text})


def test_several_rules_are_named_by_their_place() -> None:
    documents = [{"delay": 1}, {"delay": 1, "match": {"method": 1}}]
    with pytest.raises(Problem) as refusal:
        rules_of(documents, "data", capacity=5)
    assert "data[1].match.method must be one of" in refusal.value.message
    assert len(rules_of(documents[:1] * 3, "data", capacity=3)) == 3


def test_more_rules_than_may_be_are_refused() -> None:
    with pytest.raises(RulesFull):
        rules_of([{"delay": 1}] * 4, "data", capacity=3)


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
def test_others_have_none_and_the_error_lists_those_that_have(name: str) -> None:
    with pytest.raises(ValueError, match="one of malformed_json, wrong_content_type, hang, EMPTY_RESPONSE"):
        fault_of(name)


def test_a_short_form_may_bring_attributes() -> None:
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
    lowest, middle = drawn
    assert delay.milliseconds(0.5) == pytest.approx(middle)
    if lowest is not None:
        assert delay.milliseconds(0.0) == lowest


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
def test_what_is_no_latency_is_refused_with_the_three_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"200, 100\.\.400, or median=80,p99=400"):
        latency_of(text)


def test_reading_a_rule_leaves_its_document_as_it_was() -> None:
    document = {"delay": {"type": "fixed", "milliseconds": 5}, "match": {"query": {"limit": 5}}}
    before = deepcopy(document)
    assert rule_of(document).document == before
    assert document == before
