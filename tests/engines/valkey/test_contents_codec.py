"""The contents of worlds as bytes."""

import json

from sandbox.engines.valkey.contents_codec import SavedContents, decode_contents, encode_contents
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from tests.engines.valkey.followers import (
    Follower,
    Leader,
    ServerRuleList,
    SourceDocuments,
    absolute_source,
    begun,
    picture_of_contents,
    record,
    rule,
    runtime_of,
)
from tests.world.harness import FakeClock, FakeRequest

NAMES = tuple(f"c{number:03}" for number in range(90))
SOURCE = absolute_source(*NAMES)
NUMBERS = ServerRuleList()
CLOCK = FakeClock()


def leader(state: SandboxState | None = None) -> Leader:
    return Leader(state or begun(SOURCE), runtime_of(CLOCK), NUMBERS)


def used(world: Leader) -> Leader:
    """Return ``world`` with something of everything that contents are."""
    world.reset(begun(SOURCE, frozen_at=1000))
    world.add_rule(2, rule(times=3))
    world.fire(2, FakeRequest(), ())
    world.create_once(2, "k", "contact", None)
    world.take_snapshot(2)
    world.delete(2, "c003")
    world.take_snapshot(2)
    world.drop_snapshot(2, "snapshot-1")
    world.hold_key(2, "held", 5.0)
    return world


def test_contents_are_the_same() -> None:
    world = used(leader())
    follower = Follower(world.checkpoint(), runtime_of(CLOCK), SourceDocuments([SOURCE]), NUMBERS)
    assert picture_of_contents(follower.contents) == picture_of_contents(world.contents)
    assert follower.contents.origin is not None


def test_a_sandbox_begins_from_saved_contents() -> None:
    saved = SavedContents.of(used(leader()).contents)
    sandbox = Sandbox(saved.state, runtime_of(CLOCK), "key", saved.generation)
    saved.fill(sandbox._contents)  # noqa: SLF001  # as an engine does
    assert sandbox.generation == 2
    assert sandbox.take_snapshot(2).id == "snapshot-3"


def test_snapshots_that_share_the_origin_are_small() -> None:
    world = leader()
    before = len(world.checkpoint())
    for _ in range(3):
        world.take_snapshot(1)
    assert len(world.checkpoint()) < before + 3 * 400


def test_a_snapshot_without_an_origin_shares_the_conversations_of_the_current_state() -> None:
    world = leader(SandboxState(Table.of(map(record, NAMES)), seed=7))
    world.take_snapshot(1)
    world.delete(1, "c007")
    text = world.checkpoint()
    assert text.count(b'"id":"c001"') == 1
    again = decode_contents(text, SourceDocuments(()), NUMBERS)
    saved = again.snapshots[0].state.table
    assert [each.conversation.id for each in saved] == list(NAMES)
    assert saved.get("c001") is again.state.table.get("c001")
    assert list(saved.deletions()) == []


def test_checkpoints_have_the_bytes_of_the_format() -> None:
    world = used(leader())
    head, state, *_ = encode_contents(SavedContents.of(world.contents), NUMBERS).split(b"\n")
    assert head == (
        b'{"generation":2,"held_keys":{"held":1015.5},"snapshots":[["snapshot-2",1000]],"snapshots_taken":2}'
    )
    assert json.loads(state) == {
        "seed": 7,
        "pinned_ids": [],
        "id_index": 1,
        "frozen_at": 1000,
        "clock_offset": 0.0,
        "story": None,
        "rules": [["rule-1", 1000, {"fault": {"type": "status", "status": 503}, "times": 3}]],
        "counters": [[0, 1, 1, 1000]],
        "server_counters": [],
        "origin": [SOURCE.digest(), 0],
        "base": "origin",
        "records": 1,
        "gone": 1,
        "deletions": 1,
        "answers": 1,
    }
