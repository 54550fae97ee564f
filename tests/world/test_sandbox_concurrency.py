"""Writes, reads and resets of one sandbox by several threads.

Encoding gives way to other threads, so that a writer that did not hold the lock would be noticed.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from time import sleep
from typing import Any

import pytest

from sandbox.world.conversation import Conversation
from sandbox.world.draws import draw_id
from sandbox.world.errors import RulesFull, SandboxReset, SnapshotsFull, StoreFull
from sandbox.world.paging import MUTED, PINNED, Filter, Query
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from tests.world.harness import (
    THREADS,
    FakeWait,
    encode,
    ids_of,
    matches_filter,
    open_sandbox,
    run_in_threads,
    table_of,
    unbound,
)

pytestmark = pytest.mark.usefixtures("eager_threads", "narrow_nodes")


def slow_encode(conversation: Conversation) -> bytes:
    sleep(0)
    return encode(conversation)


def open_slow_sandbox(table: Table | None = None, **options: Any) -> Sandbox:
    return open_sandbox(SandboxState(table or Table(), seed=7), encode=slow_encode, **options)


def update(sandbox: Sandbox, conversation_id: str, changes: Mapping[str, Any]) -> None:
    sandbox.update(1, conversation_id, changes)


def put(sandbox: Sandbox, conversation_id: str, changes: Mapping[str, Any]) -> None:
    sandbox.put(1, conversation_id, changes)


@pytest.mark.parametrize("write", [update, put])
def test_no_change_of_different_attributes_is_lost(
    write: Callable[[Sandbox, str, Mapping[str, Any]], None],
) -> None:
    names = [each.name for each in fields(Conversation) if each.name not in ("id", "contact_id")]
    sandbox = open_slow_sandbox(table_of("a"))

    def work(number: int) -> None:
        for value in range(50):
            write(sandbox, "a", {names[number]: value})
            assert getattr(sandbox.get("a").conversation, names[number]) == value

    run_in_threads(work, len(names))
    final = sandbox.get("a").conversation
    assert [getattr(final, name) for name in names] == [49] * len(names)


def test_exactly_one_put_creates_a_conversation() -> None:
    sandbox = open_slow_sandbox()
    results = run_in_threads(
        lambda _: [sandbox.put(1, f"c{turn}", {"contact_id": "contact"})[1] for turn in range(30)]
    )
    assert [sum(is_new) for is_new in zip(*results, strict=True)] == [1] * 30
    assert sandbox.size == 30


def test_created_conversations_have_different_ids_and_all_are_kept() -> None:
    sandbox = open_slow_sandbox(conversations=1000)
    created = run_in_threads(
        lambda _: [sandbox.create(1, "contact", None).conversation.id for _ in range(40)]
    )
    ids = [conversation_id for each in created for conversation_id in each]
    assert len(set(ids)) == len(ids) == 40 * THREADS
    assert set(ids_of(sandbox)) == set(ids)
    assert set(ids) == {draw_id(7, "conversation", index) for index in range(40 * THREADS)}


def test_exactly_the_deleted_conversations_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    remove = Table.remove

    def slow_remove(table: Table, conversation_id: str) -> Table:
        removed = remove(table, conversation_id)
        sleep(0)
        return removed

    monkeypatch.setattr(Table, "remove", slow_remove)
    sandbox = open_slow_sandbox(conversations=1000)

    def work(_: int) -> list[str]:
        kept: list[str] = []
        for turn in range(30):
            created = sandbox.create(1, "contact", "g1").conversation.id
            if turn % 3:
                sandbox.delete(1, created)
            else:
                kept.append(created)
        return kept

    kept = {conversation_id for each in run_in_threads(work) for conversation_id in each}
    assert len(kept) == 10 * THREADS
    for filter_ in (Filter(), Filter(0, "g1")):
        page = sandbox.page(Query(1000, filter_))
        assert {shown.conversation.id for shown in page.records} == kept


def test_creates_with_the_same_key_make_one_conversation() -> None:
    sandbox = open_slow_sandbox(conversations=1000)
    results = run_in_threads(
        lambda _: [sandbox.create_once(1, f"key-{turn}", "contact", None) for turn in range(30)]
    )
    for made in zip(*results, strict=True):
        assert [is_replay for _, is_replay in made].count(False) == 1
        assert len({record.conversation.id for record, _ in made}) == 1
    assert sandbox.size == len(sandbox.state.idempotency_keys) == 30


def test_capacity_is_exact() -> None:
    sandbox = open_slow_sandbox(conversations=100)

    def work(_: int) -> int:
        refused = 0
        for _ in range(25):
            try:
                sandbox.create(1, "contact", None)
            except StoreFull:
                refused += 1
        return refused

    refused = sum(run_in_threads(work))
    assert sandbox.size == 100
    assert refused == 25 * THREADS - 100
    assert sandbox.state.id_index == 100


def test_readers_see_each_write_completely_or_not_at_all() -> None:
    """Muted and pinned change together here, so that no list may show one without the other."""
    sandbox = open_slow_sandbox(table_of(*"abcdef"))

    def work(number: int) -> None:
        for turn in range(60):
            if number == 0:
                sandbox.update(1, "c", {"is_muted": turn % 2 == 0, "is_pinned": turn % 2 == 0})
            for filter_ in (Filter(MUTED), Filter(PINNED), Filter()):
                for shown in sandbox.page(Query(10, filter_)).records:
                    assert shown.conversation.is_muted == shown.conversation.is_pinned
                    assert matches_filter(shown.conversation, filter_)
                    assert shown.json == encode(shown.conversation)

    run_in_threads(work, 4)


@pytest.mark.parametrize(
    "state_of",
    [
        lambda sandbox: sandbox.state,
        lambda sandbox: sandbox.fork().state,
        lambda sandbox: sandbox.take_snapshot(1).state,
    ],
    ids=["state", "fork", "snapshot"],
)
def test_state_is_consistent_during_writes(state_of: Callable[[Sandbox], SandboxState]) -> None:
    """The index of ids and the table of a state belong to the same moment."""
    sandbox = open_slow_sandbox(conversations=1000, snapshots=1000)

    def work(number: int) -> None:
        for _ in range(60):
            if number % 2:
                sandbox.create(1, "contact", None)
            else:
                state = state_of(sandbox)
                assert len(state.table) == state.id_index

    run_in_threads(work)
    assert sandbox.state.id_index == 60 * THREADS // 2


def test_no_write_reaches_a_later_generation() -> None:
    """The seed of each generation is its number, so that the id of a conversation shows where it was written."""
    sandbox = open_sandbox(SandboxState(Table(), seed=1), encode=slow_encode, conversations=1000)

    def work(number: int) -> list[tuple[int, str]]:
        created: list[tuple[int, str]] = []
        for _ in range(60):
            if number == 0:
                # Only this thread begins generations.
                sandbox.reset(SandboxState(Table(), seed=sandbox.generation + 1))
            else:
                generation = sandbox.generation
                sleep(0)
                try:
                    created.append((generation, sandbox.create(generation, "contact", None).conversation.id))
                except SandboxReset:
                    continue
        return created

    created = [each for of_thread in run_in_threads(work) for each in of_thread]
    assert sandbox.generation == 61
    for generation in {generation for generation, _ in created}:
        ids = {conversation_id for of, conversation_id in created if of == generation}
        assert ids == {draw_id(generation, "conversation", index) for index in range(len(ids))}
    assert set(ids_of(sandbox)) == {conversation_id for of, conversation_id in created if of == 61}
    sandbox.check(61)


def test_of_loads_for_the_same_generation_one_succeeds() -> None:
    sandbox = open_slow_sandbox(table_of("a"), wait=FakeWait())

    def work(number: int) -> int:
        try:
            sandbox.load(1, SandboxState(table_of(f"loaded-{number}"), seed=1))
        except SandboxReset:
            return -1
        return number

    (loaded,) = [number for number in run_in_threads(work) if number >= 0]
    assert ids_of(sandbox) == [f"loaded-{loaded}"]
    assert sandbox.generation == 2


def test_each_reset_begins_a_generation_of_its_own() -> None:
    sandbox = open_slow_sandbox(table_of("a"), wait=FakeWait())
    sandbox.take_snapshot(1)
    begin = (lambda: sandbox.reset(sandbox.state), lambda: sandbox.restore("snapshot-1"))
    run_in_threads(lambda number: [begin[number % 2]() for _ in range(50)])
    assert sandbox.generation == 1 + 50 * THREADS
    assert not sandbox.sleep(sandbox.generation, 0, None)
    assert sandbox.sleep(sandbox.generation - 1, 0, None)


def test_rules_and_snapshots_are_numbered_and_limited_exactly() -> None:
    sandbox = open_slow_sandbox(rules=50, snapshots=50)

    def work(_: int) -> int:
        refused = 0
        for _ in range(20):
            try:
                sandbox.add_rule(1, unbound())
            except RulesFull:
                refused += 1
            try:
                sandbox.take_snapshot(1)
            except SnapshotsFull:
                refused += 1
        return refused

    assert sum(run_in_threads(work)) == 2 * (20 * THREADS - 50)
    assert [rule.id for rule in sandbox.rules] == [f"rule-{number}" for number in range(1, 51)]
    assert [snapshot.id for snapshot in sandbox.snapshots] == [
        f"snapshot-{number}" for number in range(1, 51)
    ]
