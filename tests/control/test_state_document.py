"""The state document: its attributes, and the state that it describes."""

import json
from io import BytesIO
from typing import Any

import pytest
from marshmallow import ValidationError

from sandbox.control.state_document import Deletion, Room, StateDocument, read_state
from sandbox.schemas.error_messages import message_of
from sandbox.schemas.json_stream import JsonStream
from sandbox.world.errors import RulesFull, RulesTooLarge, StoreFull
from sandbox.world.paging import Order
from sandbox.world.pause import no_pause
from sandbox.world.pulse import Story
from sandbox.world.state import SandboxState

NOW = 1_800_000_000.0
CONVERSATION: dict[str, Any] = {
    "id": "a",
    "contact_id": "c",
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": True,
    "last_active_at": 5,
    "last_opened_at": None,
    "created_at": 5,
    "archived_at": 9,
}
DOCUMENT: dict[str, Any] = {
    "version": 1,
    "seed": 7,
    "pinned_ids": ["p1", "p2"],
    "id_index": 1,
    "frozen_at": 1000.5,
    "clock_offset": 0.0,
    "faults": [{"ttl_seconds": 60, "delay": 5}, {"delay": 6}],
    "conversations": [CONVERSATION, CONVERSATION | {"id": "b"}],
    "deleted": [{"id": "z", "created_at": 9}, {"id": "y", "created_at": 3}],
}


def state_of(document: dict[str, Any], **room: int) -> SandboxState:
    """Return the state of a document, for which there is room unless ``room`` says otherwise."""
    limits = {"conversations": 10, "rules": 2, "rule_bytes": 100_000, "idempotency_keys": 5} | room
    stream = JsonStream(BytesIO(json.dumps(document).encode()).read, no_pause)
    return read_state(stream, Room(**limits), NOW)


def test_every_attribute_is_required_but_those_that_few_sandboxes_have() -> None:
    optional = ("server_faults", "idempotency_keys", "story")
    assert [name for name in StateDocument().fields if name not in optional] == list(DOCUMENT)
    assert list(Deletion().fields) == ["id", "created_at"]
    for schema in (StateDocument(), Deletion()):
        with pytest.raises(ValidationError) as error:
            schema.load({})
        assert list(error.value.messages) == [name for name in schema.fields if name not in optional]


def test_a_state_is_what_its_document_describes() -> None:
    state = state_of(DOCUMENT)
    assert (state.seed, state.pinned_ids, state.id_index) == (7, ("p1", "p2"), 1)
    assert (state.frozen_at, state.clock_offset) == (1000.5, 0.0)
    assert [record.conversation.id for record in state.table] == ["a", "b"]
    assert list(state.table.deletions()) == [Order(-9, "z"), Order(-3, "y")]
    assert [(rule.id, rule.since, rule.document) for rule in state.rules] == [
        ("rule-1", 1000.5, DOCUMENT["faults"][0]),
        ("rule-2", 1000.5, DOCUMENT["faults"][1]),
    ]


def test_a_state_is_at_a_place_in_its_story_if_its_document_says_so() -> None:
    assert state_of(DOCUMENT).story is None
    assert state_of(DOCUMENT | {"story": {"since": 5, "until": 9}}).story == Story(since=5, until=9)


def test_the_rules_begin_at_the_time_of_a_running_clock() -> None:
    document = DOCUMENT | {"frozen_at": None, "clock_offset": 50.0}
    state = state_of(document)
    assert [rule.since for rule in state.rules] == [NOW + 50] * 2


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"conversations": [CONVERSATION, {}]}, "conversations[1].id is missing; "),
        (
            {"conversations": [CONVERSATION, CONVERSATION]},
            'conversations[1].id is "a", as is conversations[0].id.',
        ),
        ({"deleted": [{"id": "b", "created_at": 1}]}, 'deleted[0].id is "b", as is conversations[1].id.'),
        ({"deleted": [{"id": "z", "created_at": 1}] * 2}, 'deleted[1].id is "z", as is deleted[0].id.'),
        ({"deleted": [{"id": "z"}]}, "deleted[0].created_at is missing; "),
        ({"faults": [{"delay": 5}, {}]}, "faults[1]: A rule needs a delay, a fault or both."),
        (
            {"faults": [{"delay": 5, "id": "rule-2"}, {"delay": 5}]},
            'faults[1].id is "rule-2", as is faults[0].id.',
        ),
        ({"story": []}, "story must be an object, not []"),
        ({"story": {"since": 5}}, "story.until is missing"),
        ({"story": {"since": -1, "until": 5}}, "story.since must be Unix seconds"),
        ({"server_faults": [{"id": "server-rule-1"}]}, "server_faults[0].rule is missing; "),
    ],
)
def test_a_mistake_is_refused_with_its_place(broken: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        state_of(DOCUMENT | broken)
    assert message_of(error.value).startswith(message)


def test_too_many_rules_are_refused() -> None:
    with pytest.raises(RulesFull):
        state_of(DOCUMENT, rules=1)


@pytest.mark.parametrize(
    ("name", "count", "room", "error"),
    [
        ("conversations", 3, {"conversations": 3}, None),
        ("conversations", 3, {"conversations": 2}, StoreFull),
        ("faults", 3, {"rules": 3}, None),
        ("faults", 3, {"rules": 2}, RulesFull),
        ("faults", 2, {"rule_bytes": 3_000}, RulesTooLarge),
    ],
)
def test_items_without_room_are_not_even_read(
    name: str, count: int, room: dict[str, int], error: type[Exception] | None
) -> None:
    item = {"delay": 1} if name == "faults" else CONVERSATION
    items: list[Any] = [item | ({} if name == "faults" else {"id": str(number)}) for number in range(count)]
    if error is None:
        state = state_of(DOCUMENT | {name: items}, **room)
        assert len(state.table) == (count if name == "conversations" else 2)
        return
    document = json.dumps({name: items}).encode()
    read: list[bytes] = [document[:-2] + b", [[[[[[", b"never closed"]

    with pytest.raises(error):
        read_state(
            JsonStream(lambda _: read.pop(0), no_pause),
            Room(**{"conversations": 10, "rules": 2, "rule_bytes": 100_000, "idempotency_keys": 5} | room),
            NOW,
        )
    assert read == [b"never closed"]


def refused(*pieces: str) -> tuple[str, int]:
    """Return the message for a document that arrives in pieces, and the number of pieces that were not read."""
    rest = [piece.encode() for piece in pieces]
    with pytest.raises(ValidationError) as error:
        read_state(JsonStream(lambda _: rest.pop(0), no_pause), Room(10, 2, 100_000, 5), NOW)
    return message_of(error.value), len(rest)


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        (('{"z": 1, "y": 1, "x": 1, "w": 1, "v": 1,', '"u": 1}'), "version is missing"),
        (('{"conversations": [{},', "{}]}"), "conversations[0].id is missing; "),
        (('{"conversations": [5,', "{}]}"), "conversations[0] must be an object, not 5."),
        (('{"deleted": [{},', "{}]}"), "deleted[0].id is missing; "),
        (('{"faults": [{},', "{}]}"), "faults[0]: A rule needs a delay, a fault or both."),
        (
            ('{"pinned_ids": ["a", "b c",', '"d"]}'),
            'pinned_ids[1] must be an id: 1 to 64 letters, digits, _ or -, not "b c".',
        ),
        (('{"seed": 1, "seed": 1,', '"seed": 1}'), "seed is given twice; give it once."),
        (('{"seed": {"a": 1, "a": 2}, ', '"seed": 1}'), "seed.a is given twice; give it once."),
        (
            (json.dumps({"conversations": [CONVERSATION, CONVERSATION]})[:-2] + ", ", "{}]}"),
            'conversations[1].id is "a", as is conversations[0].id.',
        ),
        (
            (
                '{"deleted": [{"id": "a", "created_at": 1}], "conversations": ['
                + json.dumps(CONVERSATION)
                + ", ",
                "{}]}",
            ),
            'conversations[0].id is "a", as is deleted[0].id.',
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_nothing_is_read_beyond_a_mistake(pieces: tuple[str, ...], message: str) -> None:
    found, rest = refused(*pieces)
    assert message in found
    assert rest == 1


def test_as_many_unknown_attributes_as_are_explained_end_the_reading() -> None:
    known = json.dumps(DOCUMENT)[:-1]
    found, rest = refused(known + ', "z": 1, "y": [], "x": {}, "w": "", "v": null, ', "no JSON")
    assert [sentence.split()[0] for sentence in found.split(". ")] == [*"zyxwv"]
    assert rest == 1


@pytest.mark.parametrize(("count", "fits"), [(99_999, True), (100_000, True), (100_001, False)])
def test_number_of_pinned_ids_is_limited(count: int, fits: bool) -> None:
    document = DOCUMENT | {"pinned_ids": ["a"] * count}
    if fits:
        assert len(state_of(document).pinned_ids) == count
        return
    with pytest.raises(ValidationError) as error:
        state_of(document)
    assert message_of(error.value) == "pinned_ids must be a list of at most 100000 ids."


def test_reading_pauses_again_and_again() -> None:
    paused: list[int] = []
    conversations = [CONVERSATION | {"id": f"c{number}"} for number in range(500)]
    deleted = [{"id": f"d{number}", "created_at": number} for number in range(500)]
    body = json.dumps(DOCUMENT | {"conversations": conversations, "deleted": deleted}).encode()

    def pause() -> None:
        paused.append(1)

    state = read_state(JsonStream(BytesIO(body).read, pause), Room(500, 2, 100_000, 5), NOW, pause=pause)
    assert len(state.table) == 500
    assert len(paused) > 1_000
