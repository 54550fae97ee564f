"""The state of a sandbox as a value, and its memory."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest

from sandbox.world.conversation import Conversation
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.memory import (
    COUNTERS_BYTES,
    DELETION_BYTES,
    IDEMPOTENCY_KEY_BYTES,
    PINNED_ID_BYTES,
    RECORD_BYTES,
)
from sandbox.world.origin import Origin
from sandbox.world.pause import Pause, no_pause
from sandbox.world.rules import RuleCounters
from sandbox.world.state import SandboxState, fit_beside
from sandbox.world.table import Table
from tests.world.harness import record_of, table_of, unbound

T = TypeVar("T")


def state_of(table: Table) -> SandboxState:
    return SandboxState(table, seed=1)


def with_one_more(table: Table, conversation_id: str) -> Table:
    return table.put(record_of(Conversation.begin(conversation_id, "contact", None, 5)))


HUNDRED = table_of(*(f"c{number:03}" for number in range(100)))
RULES = tuple(unbound().bind(f"rule-{number}", 5.0) for number in range(3))


def fits_exactly(states: list[SandboxState], current: SandboxState, size: int) -> bool:
    """Return True if the states need ``size`` bytes besides the current one, and not one less."""
    return fit_beside(states, current, size) and (not size or not fit_beside(states, current, size - 1))


@pytest.mark.parametrize(
    ("states", "current", "size"),
    [
        ([], HUNDRED, 0),
        ([HUNDRED], HUNDRED, 0),
        ([HUNDRED] * 50, HUNDRED, 0),
        ([HUNDRED], Table(), 100 * RECORD_BYTES),
        ([HUNDRED] * 50, Table(), 100 * RECORD_BYTES),
        ([Table.of(HUNDRED)], HUNDRED, 0),
        ([with_one_more(HUNDRED, "d")], HUNDRED, RECORD_BYTES),
        ([HUNDRED, with_one_more(HUNDRED, "d"), with_one_more(HUNDRED, "e")], HUNDRED, 2 * RECORD_BYTES),
        ([HUNDRED], with_one_more(HUNDRED, "d"), 0),
        ([HUNDRED, with_one_more(HUNDRED, "d")], Table(), 101 * RECORD_BYTES),
        ([HUNDRED], HUNDRED.remove("c050"), RECORD_BYTES),
        ([HUNDRED.remove("c050")], HUNDRED, DELETION_BYTES),
        (
            [HUNDRED.remove("c050"), HUNDRED.remove("c050").remove("c051")],
            HUNDRED,
            2 * DELETION_BYTES + DELETION_BYTES,
        ),
        ([table_of("a", "b"), table_of("a", "b")], table_of("a", "b"), 4 * RECORD_BYTES),
    ],
)
def test_shared_parts_of_tables_are_counted_once(states: list[Table], current: Table, size: int) -> None:
    assert fits_exactly([state_of(each) for each in states], state_of(current), size)


def test_rules_and_pinned_ids_are_counted_once() -> None:
    plain = state_of(Table())
    ruled = replace(plain, rules=RULES, pinned_ids=("a", "b"))
    size = sum(rule.size for rule in RULES) + 2 * PINNED_ID_BYTES
    assert fits_exactly([ruled], plain, size)
    assert fits_exactly([ruled, ruled, replace(ruled, rules=RULES[:1])], plain, size)
    assert fits_exactly([ruled], ruled, 0)
    assert fits_exactly([ruled], replace(ruled, rules=RULES[:1]), sum(rule.size for rule in RULES[1:]))


def test_idempotency_keys_are_counted_once_and_their_conversations_with_the_table() -> None:
    plain = state_of(HUNDRED)
    stored = [StoredAnswer(f"k{number}", HUNDRED.get(f"c00{number}"), 5.0) for number in range(3)]
    keyed = replace(plain, idempotency_keys=IdempotencyKeys.of(stored))
    assert fits_exactly([keyed], plain, 3 * IDEMPOTENCY_KEY_BYTES)
    assert fits_exactly([keyed], keyed, 0)
    deleted = replace(keyed, table=Table())
    assert fits_exactly([deleted], state_of(Table()), 3 * (IDEMPOTENCY_KEY_BYTES + RECORD_BYTES))


def test_large_parts_are_those_that_grow_with_the_calls() -> None:
    state = state_of(HUNDRED)
    assert state.large_parts == [HUNDRED, state.idempotency_keys]


def test_small_states_are_not_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Table, "memory_besides")
    states = [state_of(HUNDRED), state_of(with_one_more(HUNDRED, "d"))]
    assert fit_beside(states, state_of(Table()), 201 * RECORD_BYTES)


def test_states_that_matter_are_compared_off_the_path_of_others() -> None:
    done: list[bool] = []

    def offload(work: Callable[[], T]) -> T:
        done.append(True)
        return work()

    state = state_of(table_of("a", "b"))
    assert fit_beside([state], state, state.memory, offload)
    assert done == []
    assert fit_beside([state], state, state.memory - 1, offload)
    assert not fit_beside([state], state_of(Table()), state.memory - 1, offload)
    assert done == [True, True]


def test_counters_of_rules_are_counted_once() -> None:
    plain = state_of(Table())
    counters = tuple(RuleCounters(rule, matched=number) for number, rule in enumerate(RULES))
    counted = replace(plain, counters=counters)
    assert fits_exactly([counted], plain, 3 * COUNTERS_BYTES)
    assert fits_exactly(
        [counted, counted, replace(counted, counters=counters[:1])], plain, 3 * COUNTERS_BYTES
    )
    assert fits_exactly([counted], replace(plain, counters=counters[1:]), COUNTERS_BYTES)


class Written:
    """A source with one table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def digest(self, pause: Pause = no_pause) -> str:
        return "0" * 32

    def document(self) -> Iterator[bytes]:
        return iter(())

    def table(self, at: int, pause: Pause = no_pause) -> Table:
        return self._table


def of_origin(table: Table, origin: Table) -> SandboxState:
    return replace(state_of(table), origin=Origin(Written(origin), 0, origin))


def test_a_state_with_an_origin_is_equal_to_one_without() -> None:
    assert of_origin(HUNDRED, Table()) == state_of(HUNDRED)


def test_the_table_of_the_origin_is_a_part_if_it_is_another_one() -> None:
    changed = with_one_more(HUNDRED, "d")
    keys = state_of(HUNDRED).idempotency_keys
    assert of_origin(HUNDRED, HUNDRED).large_parts == [HUNDRED, keys]
    assert of_origin(changed, HUNDRED).large_parts == [changed, HUNDRED, keys]


def test_records_of_the_origin_that_have_changed_since_occupy_memory() -> None:
    changed = HUNDRED.put(record_of(Conversation.begin("c050", "other", None, 5)))
    states = [of_origin(changed, HUNDRED)]
    assert fits_exactly(states, state_of(changed), RECORD_BYTES)
    assert fits_exactly(states, of_origin(changed, HUNDRED), 0)
    assert states[0].memory == 200 * RECORD_BYTES
