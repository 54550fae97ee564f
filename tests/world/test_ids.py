"""The sequence of ids that a sandbox gives to new conversations."""

import pytest

from sandbox.world.ids import IdSequence

DRAWN = ["Fxdu1HwyWD4nYUMh", "Uj10t5EGEz2f1cI8", "MGech9FXqtIBjUI7", "708lwh2Iwj4r79lb"]
"""What seed 7 draws at index 0, 1, 2, 3."""


def nothing_is_taken(_: str) -> bool:
    return False


def take(ids: IdSequence, count: int) -> list[str]:
    return [ids.next(nothing_is_taken) for _ in range(count)]


def test_a_seed_gives_the_same_ids_in_the_same_order_on_every_machine() -> None:
    assert take(IdSequence(7), 4) == DRAWN


def test_another_seed_gives_other_ids() -> None:
    assert not set(take(IdSequence(8), 50)) & set(take(IdSequence(7), 50))


def test_pinned_ids_come_first_and_drawn_ones_follow_at_their_own_index() -> None:
    assert take(IdSequence(7, pinned=("first", "second")), 4) == ["first", "second", *DRAWN[2:]]


def test_a_taken_id_is_skipped_drawn_or_pinned() -> None:
    taken = {"first", DRAWN[1]}
    ids = IdSequence(7, pinned=("first",))
    assert ids.next(taken.__contains__) == DRAWN[2]
    assert ids.index == 3


@pytest.mark.parametrize("pinned", [(), ("first", "second")])
def test_a_sequence_goes_on_from_its_index(pinned: tuple[str, ...]) -> None:
    whole = take(IdSequence(7, pinned), 6)
    for begun in range(6):
        ids = IdSequence(7, pinned)
        assert take(ids, begun) == whole[:begun]
        assert ids.index == begun
        assert take(IdSequence(7, pinned, ids.index), 6 - begun) == whole[begun:]


def test_a_thousand_ids_differ() -> None:
    assert len(set(take(IdSequence(7), 1000))) == 1000
