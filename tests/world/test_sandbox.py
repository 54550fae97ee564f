"""The sandbox: its parts work together, and its state is a value."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import StoreFull, UnknownConversation, UnknownCursor
from sandbox.world.journal import Journal
from sandbox.world.paging import Filter, Query
from sandbox.world.sandbox import Bounds, Sandbox, SandboxState
from sandbox.world.table import Table

BOUNDS = Bounds(conversations=100, snapshots=5, rules=5, journal_entries=5, journal_bytes=5000)


class Watch:
    """A machine's clock that a test sets by hand."""

    def __init__(self, at: float = 1000.5) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def encode(conversation: Conversation) -> bytes:
    return repr(conversation).encode()


def table_of(*names: str) -> Table:
    made = (Conversation.begin(name, "contact", None, 1) for name in names)
    return Table.of(Record(one, encode(one)) for one in made)


def open_sandbox(start: SandboxState | None = None, watch: Watch | None = None, **bounds: Any) -> Sandbox:
    start = start or SandboxState(table_of("a", "b"), seed=7)
    return Sandbox(start, watch or Watch(), encode, replace(BOUNDS, **bounds))


def ids(sandbox: Sandbox) -> list[str]:
    return [shown.conversation.id for shown in sandbox.page(Query(100)).records]


def test_a_sandbox_starts_with_the_table_of_its_start() -> None:
    sandbox = open_sandbox()
    assert ids(sandbox) == ["a", "b"]
    assert sandbox.get("a").conversation == Conversation.begin("a", "contact", None, 1)


def test_a_conversation_is_created_at_the_sandbox_s_time_and_with_its_json() -> None:
    watch = Watch(1000.9)
    created = open_sandbox(watch=watch).create("c1", "g1")
    assert created.conversation == Conversation.begin(created.conversation.id, "c1", "g1", 1000)
    assert created.json == encode(created.conversation)


def test_the_documented_create_example_comes_back_from_a_frozen_clock_and_a_pinned_id() -> None:
    start = SandboxState(Table(), seed=7, pinned_ids=("xgQQXg3hrtjh7AvZ",), frozen_at=692233200)
    created = open_sandbox(start).create("WAz8eIbvDR60rouK", None).conversation
    assert created == Conversation.begin("xgQQXg3hrtjh7AvZ", "WAz8eIbvDR60rouK", None, 692233200)


def test_a_pinned_id_that_is_there_already_is_not_given_again() -> None:
    sandbox = open_sandbox(SandboxState(table_of("a"), seed=7, pinned_ids=("a", "b")))
    assert sandbox.create("c1", None).conversation.id == "b"


def test_the_id_of_a_deleted_conversation_is_not_given_again() -> None:
    sandbox = open_sandbox(SandboxState(table_of("a"), seed=7, pinned_ids=("a", "b")))
    sandbox.delete("a")
    assert sandbox.create("c1", None).conversation.id == "b"


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    sandbox = open_sandbox()
    before = sandbox.get("a").conversation
    changed = sandbox.update("a", {"is_muted": True, "pinned_message_id": "m1"})
    assert changed.conversation == replace(before, is_muted=True, pinned_message_id="m1")
    assert sandbox.get("a") is changed
    assert sandbox.get("b").conversation == Conversation.begin("b", "contact", None, 1)


def test_a_deleted_conversation_is_gone_for_every_call_and_still_works_as_a_cursor() -> None:
    sandbox = open_sandbox()
    sandbox.delete("a")
    for call in (sandbox.get, sandbox.delete, lambda name: sandbox.update(name, {"is_muted": True})):
        with pytest.raises(UnknownConversation):
            call("a")
    assert ids(sandbox) == ["b"]
    assert [shown.conversation.id for shown in sandbox.page(Query(5, starting_after="a")).records] == ["b"]


def test_a_cursor_of_another_sandbox_is_unknown() -> None:
    with pytest.raises(UnknownCursor):
        open_sandbox().page(Query(5, Filter(), starting_after="c"))


def test_a_refused_create_uses_up_no_id() -> None:
    sandbox = open_sandbox(conversations=2)
    with pytest.raises(StoreFull):
        sandbox.create("c1", None)
    sandbox.delete("a")
    assert sandbox.create("c1", None).conversation.id == open_sandbox().create("c1", None).conversation.id


def test_two_sandboxes_of_one_start_are_equal_and_apart() -> None:
    start = SandboxState(table_of("a", "b"), seed=7)
    one, other = open_sandbox(start), open_sandbox(start)
    assert one.create("c1", None) == other.create("c1", None)
    one.delete("a")
    one.update("b", {"is_muted": True})
    one.clock.freeze(5)
    one.snapshots.take(5, one.state)
    assert other.get("a").conversation.id == "a"
    assert not other.get("b").conversation.is_muted
    assert other.clock.time() == 1000.5
    assert not list(other.snapshots)
    assert "a" in start.table


def test_a_sandbox_made_of_the_state_of_another_goes_on_where_that_stood() -> None:
    watch = Watch()
    sandbox = open_sandbox(SandboxState(table_of("a"), seed=7, pinned_ids=("p1", "p2")), watch)
    sandbox.create("c1", None)
    sandbox.clock.advance(50)
    again = open_sandbox(sandbox.state, watch)
    assert ids(again) == ids(sandbox)
    assert again.clock.time() == 1050.5
    assert again.state == sandbox.state
    assert [sandbox.create("c1", None) for _ in range(3)] == [again.create("c1", None) for _ in range(3)]


def test_the_state_of_a_frozen_sandbox_is_frozen() -> None:
    sandbox = open_sandbox()
    sandbox.clock.freeze(5)
    assert sandbox.state.frozen_at == 5
    assert open_sandbox(sandbox.state).clock.time() == 5


def test_a_state_does_not_change_with_its_sandbox() -> None:
    sandbox = open_sandbox()
    state = sandbox.state
    sandbox.create("c1", None)
    sandbox.delete("a")
    sandbox.clock.freeze(5)
    assert [each.conversation.id for each in state.table] == ["a", "b"]
    assert (state.id_index, state.frozen_at) == (0, None)


def test_the_state_before_the_first_write_is_the_start_itself_and_copies_nothing() -> None:
    start = SandboxState(table_of("a", "b"), seed=7, pinned_ids=("p",), id_index=1, clock_offset=9)
    sandbox = open_sandbox(start)
    assert sandbox.state == start
    assert sandbox.state.table is start.table


def test_what_is_written_into_a_sandbox_after_another_took_its_place_does_not_reach_the_other() -> None:
    sandbox = open_sandbox()
    successor = sandbox.succeed(sandbox.state)
    sandbox.create("c1", None)
    sandbox.delete("a")
    sandbox.clock.freeze(5)
    assert ids(successor) == ["a", "b"]
    assert successor.clock.time() == 1000.5
    assert successor.state.id_index == 0


def test_a_successor_takes_the_snapshots_along_and_the_journal_where_it_is_given() -> None:
    sandbox = open_sandbox()
    taken = sandbox.snapshots.take(5, sandbox.state)
    successor = sandbox.succeed(sandbox.state)
    assert list(successor.snapshots) == [taken]
    assert isinstance(successor.journal, Journal)
    assert successor.journal is not sandbox.journal
    assert sandbox.succeed(sandbox.state, journal=sandbox.journal).journal is sandbox.journal


def test_a_successor_has_the_time_the_json_and_the_bounds_of_the_sandbox_before_it() -> None:
    watch = Watch()
    successor = open_sandbox(watch=watch, conversations=3).succeed(SandboxState(table_of("x", "y"), seed=1))
    watch.at = 2000.0
    created = successor.create("c1", None)
    assert created.conversation.created_at == 2000
    assert created.json == encode(created.conversation)
    with pytest.raises(StoreFull):
        successor.create("c1", None)
