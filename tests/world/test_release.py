"""Freeing the tables of replaced states in short steps."""

import gc

import pytest

from sandbox.world import release as module
from sandbox.world.conversation import Conversation
from sandbox.world.idempotency import IdempotencyKeys, StoredAnswer
from sandbox.world.paging import Query
from sandbox.world.pause import no_pause
from sandbox.world.release import LARGE, Part, release
from sandbox.world.table import Table
from tests.world.harness import record_of, table_of

IDS = [f"c{number}" for number in range(500)]


@pytest.fixture
def anything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGE", 1)


@pytest.mark.usefixtures("anything_is_large")
def test_large_table_is_freed_with_pauses() -> None:
    counts: list[int] = []

    def count_nodes() -> None:
        counts.append(sum(type(each).__name__ == "_Leaf" for each in gc.get_objects()))

    # What other tests left must not be freed meanwhile.
    gc.collect()
    before = sum(type(each).__name__ == "_Leaf" for each in gc.get_objects())
    tables: list[Part] = [table_of(*IDS)]
    release(tables, count_nodes)
    assert tables == []
    assert len(counts) > len(IDS) / 64
    assert counts[-1] == before


@pytest.mark.usefixtures("anything_is_large")
def test_records_that_other_tables_share_stay() -> None:
    table = table_of(*IDS)
    later = table.put(record_of(Conversation.begin("new", "contact", None, 2))).remove("c7")
    ids = [each.conversation.id for each in later]
    release([table], no_pause)
    assert later.get("c499").conversation.id == "c499"
    assert [each.conversation.id for each in later] == ids
    assert [place.id for place in later.deletions()] == ["c7"]


@pytest.mark.usefixtures("anything_is_large")
def test_idempotency_keys_are_freed_with_pauses_and_shared_ones_stay() -> None:
    table = table_of(*IDS)
    keys = IdempotencyKeys.of(StoredAnswer(each, table.get(each), 5.0) for each in IDS)
    later = keys.put(StoredAnswer("new", table.get("c7"), 6.0))
    paused: list[int] = []
    parts: list[Part] = [keys]
    del keys
    release(parts, lambda: paused.append(1))
    assert parts == []
    assert len(paused) > 1
    assert [each.key for each in later] == [*sorted(IDS), "new"]


@pytest.mark.usefixtures("anything_is_large")
def test_several_tables_and_none_are_released() -> None:
    tables: list[Part] = [table_of("a"), Table(), table_of("b").remove("b")]
    release(tables, no_pause)
    release(tables, no_pause)
    assert tables == []


def test_small_table_is_freed_at_once() -> None:
    paused: list[int] = []
    assert len(IDS) < LARGE
    release([table_of(*IDS)], lambda: paused.append(1))
    assert paused == []


@pytest.mark.usefixtures("anything_is_large")
def test_table_that_shares_nearly_everything_with_one_that_is_kept_is_not_taken_apart() -> None:
    paused: list[int] = []
    table = table_of(*IDS)
    later = table.put(record_of(Conversation.begin("new", "contact", None, 2)))
    release([table], lambda: paused.append(1), [Table(), table])
    assert paused == []
    release([later], lambda: paused.append(1), [table])
    assert len(paused) > 0
    assert len(table.page(Query(limit=50)).records) == 50
