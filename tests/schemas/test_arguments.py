"""The arguments of each operation: defaults, rules over several attributes, and list queries."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from sandbox.schemas.arguments import (
    DEFAULT_LIMIT,
    MAXIMUM_LIMIT,
    CreateConversation,
    ListConversations,
    NoArguments,
    UpdateConversation,
)
from sandbox.world.paging import ARCHIVED, MUTED, PINNED, Filter, Query


def test_the_limits_are_those_of_the_contract() -> None:
    assert (DEFAULT_LIMIT, MAXIMUM_LIMIT) == (50, 100)


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        (NoArguments, []),
        (CreateConversation, ["contact_id", "group_id"]),
        (UpdateConversation, ["pinned_message_id", "is_pinned", "is_muted", "archived_at"]),
        (
            ListConversations,
            ["limit", "muted", "archived", "pinned", "group_id", "starting_after", "ending_before"],
        ),
    ],
)
def test_an_operation_accepts_the_documented_attributes_in_their_order(
    schema: type[Schema], names: list[str]
) -> None:
    assert list(schema().fields) == names
    for field in schema().fields.values():
        assert field.metadata["description"].endswith(".")


@pytest.mark.parametrize(
    ("given", "loaded"),
    [
        ({"contact_id": "a"}, {"contact_id": "a", "group_id": None}),
        ({"group_id": "b"}, {"contact_id": None, "group_id": "b"}),
        ({"contact_id": "a", "group_id": "b"}, {"contact_id": "a", "group_id": "b"}),
        ({"contact_id": "a", "group_id": None}, {"contact_id": "a", "group_id": None}),
        ({}, {"contact_id": None, "group_id": None}),  # the conversation itself refuses this
    ],
)
def test_a_participant_that_is_left_out_of_a_create_is_null(
    given: dict[str, Any], loaded: dict[str, Any]
) -> None:
    assert CreateConversation().load(given) == loaded


def test_an_update_contains_only_the_given_attributes() -> None:
    assert UpdateConversation().load({}) == {}
    assert UpdateConversation().load({"archived_at": None}) == {"archived_at": None}


@pytest.mark.parametrize(
    ("given", "query"),
    [
        ({}, Query(50)),
        ({"limit": 7}, Query(7)),
        ({"muted": True}, Query(50, Filter(MUTED))),
        ({"archived": True}, Query(50, Filter(ARCHIVED))),
        ({"pinned": True}, Query(50, Filter(PINNED))),
        ({"muted": True, "archived": True, "pinned": True}, Query(50, Filter(MUTED | ARCHIVED | PINNED))),
        ({"muted": False, "archived": False, "pinned": False}, Query(50)),
        ({"group_id": "g"}, Query(50, Filter(0, "g"))),
        ({"group_id": "g", "pinned": True}, Query(50, Filter(PINNED, "g"))),
        ({"starting_after": "a"}, Query(50, starting_after="a")),
        ({"ending_before": "a"}, Query(50, ending_before="a")),
    ],
)
def test_the_arguments_of_a_list_call_are_loaded_as_a_query(given: dict[str, Any], query: Query) -> None:
    assert ListConversations().load(given) == query


def test_a_list_call_has_at_most_one_cursor() -> None:
    with pytest.raises(ValidationError, match="not both"):
        ListConversations().load({"starting_after": "a", "ending_before": "b"})


@pytest.mark.parametrize(
    "name", ["limit", "muted", "archived", "pinned", "group_id", "starting_after", "ending_before"]
)
def test_no_attribute_of_a_list_is_nullable(name: str) -> None:
    with pytest.raises(ValidationError):
        ListConversations().load({name: None})
