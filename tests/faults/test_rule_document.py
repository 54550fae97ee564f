"""Fault rules in JSON: an invalid one is refused with a sentence that names the place and what would be right."""

from copy import deepcopy
from typing import Any

import pytest
from marshmallow import ValidationError

from sandbox.faults.delays.uniform import Uniform
from sandbox.faults.effect import Effect
from sandbox.faults.kinds.status import Status
from sandbox.faults.rule_document import RuleDocument, rules_of
from sandbox.faults.written_rule import RuleList
from sandbox.problems import Problem
from sandbox.schemas.error_messages import message_of
from sandbox.schemas.loading import load
from sandbox.schemas.object_list import UnreadObjects
from sandbox.world.errors import RulesFull
from sandbox.world.request_matcher import RequestMatcher
from sandbox.world.rules import UnboundRule

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
    ({"fault": FAULT, "probability": 5}, "probability must be a number from 0 to 1 (write 0.05 for 5"),
    ({"fault": FAULT, "probability": -0.1}, "probability must be a number from 0 to 1"),
    ({"fault": FAULT, "probability": "0.5"}, "probability must be a number from 0 to 1"),
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
    ({"fault": FAULT, "match": {"query": "limit=5"}}, "match.query must be an object of at most 1000 texts"),
    (
        {"fault": FAULT, "match": {"body": {"contact_id": ["a"]}}},
        "match.body must be an object of at most 1000 texts",
    ),
    ({"fault": "hang"}, "fault must be an object with a type, one of status, rate_limit"),
    ({"delay": {"type": "uniform", "lower": 5, "upper": 4}}, "delay: upper must not be less than lower."),
    ({"fault": FAULT, "match": None}, "match must be an object"),
    ({"fault": FAULT, "times": None}, "times must be an integer from 1 to 1000000000, not null"),
    ([], "this rule must be an object, not []."),
    ("hang", 'this rule must be an object, not "hang".'),
    (None, "this rule must be an object, not null."),
]


def read(document: Any) -> UnboundRule:
    rule: UnboundRule = load(RuleDocument(), document, "this rule")
    return rule


def refused(document: Any) -> str:
    with pytest.raises(ValidationError) as error:
        load(RuleDocument(), document, "this rule")
    return message_of(error.value, "this rule")


def unread(*documents: Any) -> UnreadObjects:
    objects: UnreadObjects = RuleList().load({"data": list(documents)})["data"]
    return objects


@pytest.mark.parametrize(("document", "said"), REFUSED, ids=lambda part: str(part)[:60])
def test_an_invalid_rule_is_refused_with_its_reason(document: Any, said: str) -> None:
    assert said in refused(document)


def test_several_mistakes_are_all_explained() -> None:
    message = refused({"fault": {"type": "status", "status": 1}, "times": 0, "skp": 1})
    for said in ("fault.status must", "times must", "did you mean skip?"):
        assert said in message


def test_every_attribute_of_a_rule_is_read() -> None:
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
    rule = read(document)
    assert rule.document == document
    assert rule.match == RequestMatcher("createConversation", "POST", "/v1/*")
    assert (rule.skip, rule.times, rule.every, rule.probability, rule.ttl_seconds) == (1, 2, 3, 0.5, 60)
    assert isinstance(rule.effect, Effect)
    assert isinstance(rule.effect.delay, Uniform)
    assert isinstance(rule.effect.fault, Status)
    assert rule.effect.after


def test_attributes_that_are_left_out_have_the_documented_defaults() -> None:
    rule = read({"fault": {"type": "hang"}})
    assert rule.match == RequestMatcher()
    assert (rule.skip, rule.times, rule.every, rule.probability, rule.ttl_seconds) == (0, None, 1, 1.0, None)
    assert isinstance(rule.effect, Effect)
    assert rule.effect.delay is None
    assert not rule.effect.after


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (False, "false"), (5, "5"), (None, ""), ("", "")]
)
def test_attributes_of_query_and_body_are_matched_as_text(value: Any, text: str) -> None:
    rule = read({"delay": 1, "match": {"query": {"a": value}, "body": {"b": value}}})
    assert rule.match == RequestMatcher(query={"a": text}, body={"b": text})


@pytest.mark.parametrize("value", [True, "true", "1", 1])
def test_known_attributes_of_query_and_body_are_matched_by_their_canonical_text(value: Any) -> None:
    rule = read({"delay": 1, "match": {"query": {"muted": value}, "body": {"is_muted": value, "b": value}}})
    assert rule.match.query == {"muted": "true"}
    assert rule.match.body["is_muted"] == "true"
    assert rule.match.body["b"] == ("true" if value is True else str(value))
    assert rule.document["match"]["query"] == {"muted": value}


def test_a_mistake_in_a_list_of_rules_is_named_with_its_place() -> None:
    with pytest.raises(Problem) as refusal:
        rules_of(unread({"delay": 1}, {"delay": 1, "match": {"method": 1}}), max_rules=5)
    assert refusal.value.status == 400
    assert refusal.value.message.startswith("data[1].match.method must be one of")


def test_a_list_of_rules_is_read_in_its_order() -> None:
    rules = rules_of(unread({"delay": 1, "times": 1}, {"delay": 1, "times": 2}), max_rules=2)
    assert [written.rule.times for written in rules] == [1, 2]


def test_too_many_rules_are_refused_before_they_are_read() -> None:
    with pytest.raises(RulesFull):
        rules_of(unread(*[{}] * 4), max_rules=3)


def test_reading_a_rule_does_not_change_its_document() -> None:
    document = {"delay": {"type": "fixed", "milliseconds": 5}, "match": {"query": {"limit": 5}}}
    before = deepcopy(document)
    assert read(document).document == before
    assert document == before
