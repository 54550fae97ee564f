"""Ids that may be in a document only once."""

import pytest
from marshmallow import ValidationError

from sandbox.schemas.error_messages import message_of
from sandbox.schemas.unique_ids import check_unique


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "b", "c"]])
def test_ids_that_differ_are_accepted(ids: list[str]) -> None:
    check_unique(ids, lambda index: ("ids", index))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", "b", "a"], 'ids[2] is "a", as is ids[0].'),
        (["a", "b", "b", "a"], 'ids[2] is "b", as is ids[1].'),
        (["a", "a", "a"], 'ids[1] is "a", as is ids[0].'),
    ],
)
def test_the_first_id_that_is_repeated_is_named_with_both_places(ids: list[str], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        check_unique(ids, lambda index: ("ids", index))
    assert message_of(error.value) == message


def test_the_places_may_be_in_different_lists() -> None:
    with pytest.raises(ValidationError) as error:
        check_unique(["a", "b", "a"], lambda index: ("kept", index, "id") if index < 2 else ("gone", 0, "id"))
    assert message_of(error.value) == 'gone[0].id is "a", as is kept[0].id.'
