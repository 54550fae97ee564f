"""In-memory save points."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.world.errors import SnapshotsFull, UnknownSnapshot
from sandbox.world.snapshots import Snapshot, Snapshots


def test_a_snapshot_keeps_what_it_was_given_itself() -> None:
    snapshots: Snapshots[list[int]] = Snapshots(5)
    state = [1]
    taken = snapshots.take(2.5, state)
    assert taken == Snapshot("snapshot-1", 2.5, [1])
    assert taken.state is state
    assert snapshots.get("snapshot-1") is taken


def test_snapshots_are_listed_in_the_order_in_which_they_were_taken() -> None:
    snapshots: Snapshots[str] = Snapshots(20)
    for state in "abcdefghijkl":
        snapshots.take(0, state)
    assert "".join(each.state for each in snapshots) == "abcdefghijkl"
    snapshots.drop("snapshot-3")
    assert "".join(each.state for each in snapshots) == "abdefghijkl"


def test_an_id_is_never_given_again() -> None:
    snapshots: Snapshots[str] = Snapshots(2)
    for number in range(1, 6):
        assert snapshots.take(0, "a").id == f"snapshot-{number}"
        snapshots.drop(f"snapshot-{number}")
    assert list(snapshots) == []


def test_a_bound_is_met_and_a_refused_snapshot_uses_up_no_id() -> None:
    snapshots: Snapshots[str] = Snapshots(2)
    snapshots.take(0, "a")
    snapshots.take(0, "b")
    with pytest.raises(SnapshotsFull) as full:
        snapshots.take(0, "c")
    assert full.value.capacity == 2
    snapshots.drop("snapshot-1")
    assert snapshots.take(0, "c").id == "snapshot-3"
    assert [each.state for each in snapshots] == ["b", "c"]


@pytest.mark.parametrize("name", ["snapshot-1", "snapshot-3", "", "2"])
def test_what_is_not_there_is_unknown(name: str) -> None:
    snapshots: Snapshots[str] = Snapshots(5)
    snapshots.take(0, "a")
    snapshots.take(0, "b")
    snapshots.drop("snapshot-1")
    for call in (snapshots.get, snapshots.drop):
        with pytest.raises(UnknownSnapshot) as unknown:
            call(name)
        assert unknown.value.snapshot_id == name
    assert [each.id for each in snapshots] == ["snapshot-2"]


def test_a_list_that_is_being_read_may_change() -> None:
    snapshots: Snapshots[str] = Snapshots(5)
    snapshots.take(0, "a")
    snapshots.take(0, "b")
    for each in snapshots:
        snapshots.drop(each.id)
        snapshots.take(0, "c")
    assert [each.id for each in snapshots] == ["snapshot-3", "snapshot-4"]


def test_parallel_snapshots_have_different_ids_and_never_exceed_the_bound() -> None:
    snapshots: Snapshots[int] = Snapshots(50)

    def take(number: int) -> str | None:
        try:
            return snapshots.take(0, number).id
        except SnapshotsFull:
            return None

    with ThreadPoolExecutor(8) as pool:
        taken = [found for found in pool.map(take, range(200)) if found]
    assert len(taken) == len(set(taken)) == len(list(snapshots)) == 50
