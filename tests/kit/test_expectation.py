"""Expected calls, and the differences to calls that were received."""

from typing import Any

import pytest

from protocol_sandbox.expectation import Expectation
from tests.kit.test_call import call, with_body

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def texts(expected: Expectation, **attributes: Any) -> list[str]:
    """Return the differences to a call as texts."""
    return [each.text for each in expected.differences(call(**attributes))]


def test_empty_expectation_matches_every_call() -> None:
    assert texts(Expectation()) == []


@pytest.mark.parametrize(
    ("expected", "difference"),
    [
        (
            Expectation(operation="listConversations"),
            "operation is createConversation, not listConversations",
        ),
        (Expectation(method="PUT"), "method is POST, not PUT"),
        (Expectation(path="/v1"), "path is /v1/conversations, not /v1"),
        (Expectation(status=400), "status is 201, not 400"),
        (Expectation(query={"limit": 2}), 'query limit is "1", not 2'),
        (Expectation(query={"muted": True}), "query has no muted"),
        (Expectation(headers={"x-one": "2"}), 'header X-One is "1", not "2"'),
        (Expectation(body={"contact_id": "b"}), 'body contact_id is "a", not "b"'),
        (Expectation(body={"group_id": None}), "body has no group_id"),
    ],
)
def test_difference_names_the_attribute_and_both_values(expected: Expectation, difference: str) -> None:
    headers = {"Content-Type": FORM, "X-One": "1"}
    assert texts(expected, query="limit=1", headers=headers, body="contact_id=a") == [difference]


def test_further_attributes_of_a_call_do_not_matter() -> None:
    expected = Expectation("createConversation", "POST", status=201, body={"contact_id": "a"})
    assert expected.differences(with_body(FORM, "contact_id=a&group_id=b")) == []


@pytest.mark.parametrize(
    ("content_type", "body", "value", "is_equal"),
    [
        (FORM, "a=true", True, True),
        (FORM, "a=1", True, True),
        (FORM, "a=false", True, False),
        (FORM, "a=0", False, True),
        (FORM, "a=true", "true", True),
        (FORM, "a=", None, True),
        (FORM, "a=null", None, False),
        (FORM, "a=5", 5, True),
        (FORM, "a=5.0", 5, False),
        (JSON, '{"a": true}', True, True),
        (JSON, '{"a": 1}', True, False),
        (JSON, '{"a": true}', 1, False),
        (JSON, '{"a": "true"}', True, False),
        (JSON, '{"a": null}', None, True),
        (JSON, '{"a": ""}', None, False),
        (JSON, '{"a": 5}', 5, True),
        (JSON, '{"a": "5"}', 5, False),
        (JSON, '{"a": [1]}', [1], True),
    ],
)
def test_values_are_compared_as_their_type_can_express_them(
    content_type: str, body: str, value: Any, is_equal: bool
) -> None:
    assert (Expectation(body={"a": value}).differences(with_body(content_type, body)) == []) == is_equal


def test_distance_is_smaller_between_similar_values() -> None:
    received = with_body(FORM, "a=WAz8eIbvDR60rouK")
    near, far, other = (
        sum(each.distance for each in expected.differences(received))
        for expected in (
            Expectation(body={"a": "WAz8eIbvDR60rouk"}),
            Expectation(body={"a": "xgQQXg3hrtjh7AvZ"}),
            Expectation(operation="listConversations"),
        )
    )
    assert near < far < other


@pytest.mark.parametrize(
    ("expected", "is_countable"),
    [
        (Expectation("createConversation", "POST", status=201), True),
        (Expectation(path="/v1/conversations"), False),
        (Expectation(body={"a": 1}), False),
        (Expectation(query={"a": 1}), False),
        (Expectation(headers={"a": "1"}), False),
    ],
)
def test_countable_expectations_have_only_what_the_counters_tell_apart(
    expected: Expectation, is_countable: bool
) -> None:
    assert expected.is_countable == is_countable


@pytest.mark.parametrize(
    ("expected", "noun"),
    [
        (Expectation(), "a call"),
        (Expectation("createConversation"), "createConversation"),
        (Expectation(method="GET", path="/v1"), "GET /v1"),
        (Expectation("createConversation", "POST"), "createConversation with method POST"),
        (
            Expectation("createConversation", status=201, body={"a": "é", "b": None}, query={"c": True}),
            'createConversation with query c true and body a "é" and body b null and status 201',
        ),
    ],
)
def test_noun_for_messages(expected: Expectation, noun: str) -> None:
    assert str(expected) == noun
