"""In-memory save points."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.world.errors import SnapshotsFull, SnapshotsTooLarge, UnknownSnapshot
from sandbox.world.snapshots import Snapshot, Snapshots


def test_snapshot_keeps_a_reference_to_the_state() -> None:
    snapshots: Snapshots[list[int]] = Snapshots(5)
    state = [1]
    taken = snapshots.take(2.5, state)
    assert taken == Snapshot("snapshot-1", 2.5, [1])
    assert taken.state is state
    assert snapshots.get("snapshot-1") is taken


def test_snapshots_are_listed_oldest_first() -> None:
    snapshots: Snapshots[str] = Snapshots(20)
    for state in "abcdefghijkl":
        snapshots.take(0, state)
    assert "".join(each.state for each in snapshots) == "abcdefghijkl"
    snapshots.drop("snapshot-3")
    assert "".join(each.state for each in snapshots) == "abdefghijkl"


def test_ids_are_never_reused() -> None:
    snapshots: Snapshots[str] = Snapshots(2)
    for number in range(1, 6):
        assert snapshots.take(0, "a").id == f"snapshot-{number}"
        snapshots.drop(f"snapshot-{number}")
    assert list(snapshots) == []


def test_snapshot_beyond_capacity_is_refused_and_uses_no_id() -> None:
    snapshots: Snapshots[str] = Snapshots(2)
    snapshots.take(0, "a")
    snapshots.take(0, "b")
    with pytest.raises(SnapshotsFull) as full:
        snapshots.take(0, "c")
    assert full.value.capacity == 2
    snapshots.drop("snapshot-1")
    assert snapshots.take(0, "c").id == "snapshot-3"
    assert [each.state for each in snapshots] == ["b", "c"]


def test_snapshot_is_refused_while_the_others_do_not_fit_beside_the_state() -> None:
    asked: list[tuple[list[int], int, float]] = []

    def fit_beside(states: Sequence[int], current: int, max_bytes: float) -> bool:
        asked.append((list(states), current, max_bytes))
        return sum(states) <= max_bytes

    snapshots: Snapshots[int] = Snapshots(9, 5, fit_beside)
    for state in (4, 2):
        snapshots.check_room(state)
        snapshots.take(0, state)
    with pytest.raises(SnapshotsTooLarge) as refused:
        snapshots.check_room(1)
    assert refused.value.max_bytes == 5
    assert asked == [([], 4, 5), ([4], 2, 5), ([4, 2], 1, 5)]
    snapshots.drop("snapshot-1")
    snapshots.check_room(1)


def test_snapshots_can_be_taken_while_room_is_looked_for() -> None:
    def fit_beside(states: Sequence[int], _current: int, _max_bytes: float) -> bool:
        if not states:
            snapshots.take(0, 7)
        return True

    snapshots: Snapshots[int] = Snapshots(2, 5, fit_beside)
    snapshots.check_room(1)
    assert [each.state for each in snapshots] == [7]
    snapshots.take(0, 1)
    with pytest.raises(SnapshotsFull):
        snapshots.check_room(1)


@pytest.mark.parametrize("name", ["snapshot-1", "snapshot-3", "", "2"])
def test_get_and_drop_of_an_unknown_snapshot_raise(name: str) -> None:
    snapshots: Snapshots[str] = Snapshots(5)
    snapshots.take(0, "a")
    snapshots.take(0, "b")
    snapshots.drop("snapshot-1")
    for call in (snapshots.get, snapshots.drop):
        with pytest.raises(UnknownSnapshot) as unknown:
            call(name)
        assert unknown.value.snapshot_id == name
    assert [each.id for each in snapshots] == ["snapshot-2"]


def test_snapshots_may_change_during_iteration() -> None:
    snapshots: Snapshots[str] = Snapshots(5)
    snapshots.take(0, "a")
    snapshots.take(0, "b")
    for each in snapshots:
        snapshots.drop(each.id)
        snapshots.take(0, "c")
    assert [each.id for each in snapshots] == ["snapshot-3", "snapshot-4"]


def test_parallel_snapshots_have_different_ids_and_respect_capacity() -> None:
    snapshots: Snapshots[int] = Snapshots(50)

    def take(number: int) -> str | None:
        try:
            return snapshots.take(0, number).id
        except SnapshotsFull:
            return None

    with ThreadPoolExecutor(8) as pool:
        taken = [found for found in pool.map(take, range(200)) if found]
    assert len(taken) == len(set(taken)) == len(list(snapshots)) == 50
