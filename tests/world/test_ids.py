"""The sequence of ids that a sandbox gives to new conversations."""

from collections.abc import Callable

import pytest

from sandbox.world.ids import IdSequence

DRAWN = ["Fxdu1HwyWD4nYUMh", "Uj10t5EGEz2f1cI8", "MGech9FXqtIBjUI7", "708lwh2Iwj4r79lb"]
"""The ids that seed 7 draws at the indexes 0 to 3."""


def never_taken(_: str) -> bool:
    return False


def take(ids: IdSequence, count: int) -> list[str]:
    return [take_one(ids, never_taken) for _ in range(count)]


def take_one(ids: IdSequence, taken: Callable[[str], bool]) -> str:
    drawn, ids.index = ids.draw(taken)
    return drawn


def test_seed_determines_ids_and_their_order() -> None:
    assert take(IdSequence(7), 4) == DRAWN


def test_ids_of_different_seeds_are_different() -> None:
    assert not set(take(IdSequence(8), 50)) & set(take(IdSequence(7), 50))


def test_pinned_ids_come_first_and_keep_the_index_of_drawn_ids() -> None:
    assert take(IdSequence(7, pinned=("first", "second")), 4) == ["first", "second", *DRAWN[2:]]


def test_taken_ids_are_skipped() -> None:
    taken = {"first", DRAWN[1]}
    ids = IdSequence(7, pinned=("first",))
    assert take_one(ids, taken.__contains__) == DRAWN[2]
    assert ids.index == 3


@pytest.mark.parametrize("pinned", [(), ("first", "second")])
def test_sequence_continues_from_its_index(pinned: tuple[str, ...]) -> None:
    whole = take(IdSequence(7, pinned), 6)
    for begun in range(6):
        ids = IdSequence(7, pinned)
        assert take(ids, begun) == whole[:begun]
        assert ids.index == begun
        assert take(IdSequence(7, pinned, ids.index), 6 - begun) == whole[begun:]


def test_a_thousand_ids_are_different() -> None:
    assert len(set(take(IdSequence(7), 1000))) == 1000
