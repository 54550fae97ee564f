"""The states of worlds as bytes."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sandbox.engines.valkey.state_codec import decode_state, encode_state
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.paging import Order
from sandbox.world.pulse import Story
from sandbox.world.rules import RateWindow, RuleCounters
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from tests.applications import picture_of_state
from tests.engines.valkey.followers import (
    ServerRuleList,
    SourceDocuments,
    absolute_source,
    begun,
    lists_of,
    record,
    relative_source,
    rule,
)

NAMES = tuple(f"c{number:03}" for number in range(100))
SOURCE = absolute_source(*NAMES)
NUMBERS = ServerRuleList()


def decoded(state: SandboxState, numbers: ServerRuleList = NUMBERS) -> SandboxState:
    sources = () if state.origin is None else (state.origin.source,)
    return decode_state(encode_state(state, numbers), SourceDocuments(sources), numbers)


def header_of(text: bytes) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(text.split(b"\n")[0])
    return header


def with_table(table: Callable[[Table], Table]) -> SandboxState:
    state = begun(SOURCE)
    return replace(state, table=table(state.table))


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table,
        lambda table: table.put(record("new", 7, is_muted=True, group_id="g")),
        lambda table: table.put(record("c005", 7, is_pinned=True)),
        lambda table: table.remove("c005").remove("c003"),
        lambda table: table.remove("c005").put(record("c005", 1)),
        lambda table: table.put(record("new")).remove("new").remove("c001"),
        lambda _table: Table.of([record("x"), record("y", 5)], [Order(-3, "z"), Order(-9, "w")]),
        lambda _table: Table(),
    ],
)
def test_conversations_and_deletions_are_the_same(change: Callable[[Table], Table]) -> None:
    state = with_table(change)
    table = decoded(state).table
    assert lists_of(table) == lists_of(state.table)
    assert list(table.deletions()) == list(state.table.deletions())
    assert all(table.get(each.conversation.id) == each for each in state.table)


def test_a_state_as_it_began_has_no_lines_but_the_header() -> None:
    text = encode_state(begun(SOURCE), NUMBERS)
    assert text.count(b"\n") == 0
    assert header_of(text)["origin"] == [SOURCE.digest(), 0]


def test_only_records_that_differ_from_the_origin_are_written() -> None:
    state = with_table(lambda table: table.put(record("c005", 7)).remove("c003"))
    head, *lines = encode_state(state, NUMBERS).split(b"\n")
    assert lines == [record("c005", 7).json, b'"c003"', b'["c003",1]']
    assert header_of(head)["base"] == "origin"


def test_states_share_the_table_of_their_origin() -> None:
    sources = SourceDocuments([SOURCE])
    text = encode_state(begun(SOURCE), NUMBERS)
    first, second = (decode_state(text, sources, NUMBERS) for _ in range(2))
    assert first.table is second.table
    assert first.origin is not None
    assert first.origin.table is first.table


def test_a_relative_origin_is_that_of_the_same_second() -> None:
    state = begun(relative_source(*NAMES), at=5000)
    again = decoded(state)
    assert again.origin is not None
    assert again.origin.at == 5000
    assert list(again.table) == list(state.table)


def test_a_state_of_which_most_differs_from_its_origin_is_written_without_it() -> None:
    state = with_table(lambda _table: Table.of(record(name, 2) for name in NAMES))
    text = encode_state(state, NUMBERS)
    assert header_of(text)["origin"] is None
    assert text.count(b"\n") == 100
    # No source is asked for.
    assert list(decode_state(text, SourceDocuments(()), NUMBERS).table) == list(state.table)


def test_everything_else_is_the_same() -> None:
    rules = tuple(
        rule(**each).bind("rule-4", 5.5) for each in ({"enabled": False}, {"times": 3, "name": "ö"})
    )
    state = replace(
        begun(SOURCE),
        pinned_ids=("p", "ö\n"),
        frozen_at=0.1,
        id_index=8,
        clock_offset=-1e-9,
        rules=rules,
        counters=(RuleCounters(rules[1], 3, 2, 5.5, RateWindow(1.5, 2.5, 7)),),
        story=Story(1, 2),
    )
    again = decoded(state)
    assert picture_of_state(again) == picture_of_state(state)
    assert [each.enabled for each in again.rules] == [False, True]
    assert all(each.life is not old.life for each, old in zip(again.rules, rules, strict=True))


def test_answers_are_the_same_and_share_the_records_that_did_not_change() -> None:
    old, new = record("new"), record("new", is_muted=True)
    table = begun(SOURCE).table.put(new).put(record("other"))
    answers = [
        StoredAnswer("k1", table.get("other"), 5.5),
        StoredAnswer("k\n2", old, 6),
        StoredAnswer("k3", record("gone"), 7),
    ]
    state = replace(begun(SOURCE), table=table, idempotency_keys=IdempotencyKeys.of(answers))
    again = decoded(state)
    assert list(again.idempotency_keys) == answers
    shared = again.idempotency_keys.get("k1")
    assert shared is not None
    assert shared.record is again.table.get("other")


def test_counters_of_server_wide_rules_are_those_of_the_same_number() -> None:
    numbers = ServerRuleList()
    for number in (3, 5, 7):
        numbers.add(number, rule())
    counters = tuple(RuleCounters(each, 2, 1, 5.5) for each in numbers.rules.values())
    state = replace(begun(SOURCE), counters=counters)
    numbers.remove(3)
    text = encode_state(state, numbers)
    other = numbers.in_another_process()
    # The other process does not know this one yet.
    other.remove(7)
    again = decode_state(text, SourceDocuments([SOURCE]), other)
    assert [(each.rule.life, each.matched) for each in again.counters] == [(other.rules[5].life, 2)]


def test_there_are_pauses_in_both_directions() -> None:
    pauses = []
    names = [f"n{number}" for number in range(2000)]
    table = Table.of((record(name) for name in names), (Order(-1, f"d{name}") for name in names))
    keys = IdempotencyKeys.of(StoredAnswer(name, record(name), 1) for name in names)
    state = SandboxState(table, seed=7, idempotency_keys=keys)
    text = encode_state(state, NUMBERS, lambda: pauses.append("encode"))
    decode_state(text, SourceDocuments(()), NUMBERS, lambda: pauses.append("decode"))
    assert pauses.count("encode") > 90
    assert pauses.count("decode") > 90
