"""Error messages: sentences with their place, made from the nested messages of a ValidationError."""

from typing import Any

import pytest
from marshmallow import ValidationError

from sandbox.schemas.error_messages import MAX_EXPLAINED, error_at, message_of, nearest, place_of


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ({"limit": ["must be a number."]}, "limit must be a number."),
        ({"limit": ["must be a number.", "It is not."]}, "limit must be a number. It is not."),
        ({"a": ["is missing."], "b": ["is wrong."]}, "a is missing. b is wrong."),
        ({"match": {"method": ["is wrong."]}}, "match.method is wrong."),
        ({"ids": {1: ["is wrong."]}}, "ids[1] is wrong."),
        (
            {"conversations": {3: {"contact_id": ["is wrong."], "group_id": ["is missing."]}}},
            "conversations[3].contact_id is wrong. conversations[3].group_id is missing.",
        ),
        ({"_schema": ["a and b do not go together."]}, "a and b do not go together."),
        ({"delay": {"_schema": ["upper is too low."]}}, "delay: upper is too low."),
        ({"faults": {0: {"_schema": ["A rule is empty."]}}}, "faults[0]: A rule is empty."),
        ("must be an object.", "this body must be an object."),
    ],
)
def test_a_message_is_a_sentence_with_its_place(messages: Any, message: str) -> None:
    assert message_of(ValidationError(messages), "this body") == message


def test_only_the_first_mistakes_are_explained() -> None:
    messages = {"a": ["is wrong."], "b": {str(number): ["is wrong."] for number in range(1000)}}
    message = message_of(ValidationError(messages))
    assert message == "a is wrong. b.0 is wrong. b.1 is wrong. b.2 is wrong. b.3 is wrong."
    assert message.count(" is wrong.") == MAX_EXPLAINED == 5


def test_a_long_or_unprintable_name_is_not_repeated_as_it_is() -> None:
    assert len(message_of(ValidationError({"a" * 10_000: {"b" * 10_000: ["is wrong."]}}))) < 200
    assert message_of(ValidationError({"a\nb": ["is wrong."]})) == "a\\nb is wrong."


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "b"), "a.b"),
        (("a", 0, "b", 1, 2), "a[0].b[1][2]"),
    ],
)
def test_an_error_stands_at_a_path(path: tuple[str | int, ...], place: str) -> None:
    assert place_of(path) == place
    assert message_of(error_at(path, "is wrong."), "all of it") == f"{place or 'all of it'} is wrong."


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("is_mutd", "is_muted"),
        ("LIMIT", "limit"),
        ("empty_response", "EMPTY_RESPONSE"),
        ("zzz", None),
        ("", None),
        ("limit" * 100, None),
    ],
)
def test_the_nearest_name_is_found_whatever_its_case(name: str, known: str | None) -> None:
    assert nearest(name, ["is_muted", "limit", "EMPTY_RESPONSE"]) == known
