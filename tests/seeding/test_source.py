"""The sources of tables, and their documents."""

import gc

import pytest

from sandbox.schemas.conversation import encode
from sandbox.seeding.scenario import load
from sandbox.seeding.source import AbsoluteSource, RelativeSource, source_of
from sandbox.world.conversation import Conversation, Record
from sandbox.world.origin import Source
from sandbox.world.table import Table

NOW = 1_800_000_000


def conversation(conversation_id: str, created_at: int = 5) -> Conversation:
    return Conversation.begin(conversation_id, "contact", None, created_at)


def absolute(*conversation_ids: str) -> AbsoluteSource:
    made = [conversation(each) for each in conversation_ids]
    return AbsoluteSource(Table.of(Record(each, encode(each)) for each in made))


def relative(*conversation_ids: str) -> RelativeSource:
    return RelativeSource(conversation(each, -60) for each in conversation_ids)


def origin_source(name: str) -> Source:
    origin = load(name).initial_state(NOW + 0.5).origin
    assert origin is not None
    return origin.source


@pytest.mark.parametrize("name", ["default", "demo"])
def test_the_initial_state_of_a_scenario_has_its_source(name: str) -> None:
    state = load(name).initial_state(NOW + 0.5)
    origin = state.origin
    assert origin is not None
    assert origin.table is state.table
    assert origin.at == (NOW if name == "demo" else 0)
    assert origin.source.table(origin.at) is state.table


@pytest.mark.parametrize("name", ["default", "demo", "blank"])
def test_a_source_can_be_made_from_its_document(name: str) -> None:
    source = origin_source(name)
    again = source_of(list(source.document()))
    assert list(again.document()) == list(source.document())
    assert again.digest() == source.digest()
    assert list(again.table(NOW)) == list(source.table(NOW))


LINE = (
    b'{"id":"a","contact_id":"contact","group_id":null,"pinned_message_id":null,"is_pinned":false,"is_muted":false,'
    b'"last_active_at":null,"last_opened_at":null,"created_at":%d,"archived_at":null}'
)


def test_a_document_has_a_line_for_each_conversation() -> None:
    assert list(absolute("a").document()) == [b'{"times":"absolute"}', LINE % 5]
    assert list(relative("a").document()) == [b'{"times":"before_start"}', LINE % -60]


def test_the_digest_is_that_of_the_content() -> None:
    digests = [each.digest() for each in (absolute("a"), absolute("a"), absolute("a", "b"), relative("a"))]
    assert [len(each) for each in digests] == [32] * 4
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_the_digest_is_found_once() -> None:
    source, pauses = absolute("a"), []
    for _ in range(2):
        source.digest(lambda: pauses.append(1))
    assert pauses == [1]


def test_starts_in_the_same_second_share_a_table_as_long_as_it_is_in_use() -> None:
    source = relative("a")
    first, later = source.table(100), source.table(200)
    assert source.table(100) is first
    assert [each.conversation.created_at for table in (first, later) for each in table] == [40, 140]
    number = len(source._tables)  # noqa: SLF001  # to see what is kept
    del first, later
    source.table(300)
    gc.collect()
    assert number == 2
    assert list(source._tables) == [300]  # noqa: SLF001  # likewise


def test_times_before_the_year_1970_are_its_start() -> None:
    (only,) = relative("a").table(5)
    assert only.conversation.created_at == 0


def test_sources_are_made_in_short_steps() -> None:
    pauses: list[str] = []
    source = relative(*(f"c{number}" for number in range(1000)))
    source.table(5, lambda: pauses.append("table"))
    source_of(absolute(*"abc").document(), lambda: pauses.append("source"))
    assert pauses.count("table") > 15
    assert "source" in pauses


@pytest.mark.parametrize("document", [[], [b'{"times":"lunar"}', b"{}"]])
def test_a_document_of_another_kind_is_refused(document: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"lunar|None"):
        source_of(document)
