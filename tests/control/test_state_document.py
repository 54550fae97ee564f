"""The state document: its attributes, and the state that it describes."""

from typing import Any

import pytest
from marshmallow import ValidationError

from sandbox.control.state_document import Deletion, StateDocument, state_of
from sandbox.problems import Problem
from sandbox.world.errors import RulesFull
from sandbox.world.paging import Order

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


def test_every_attribute_is_required_but_the_counters_of_server_wide_rules() -> None:
    optional = "server_faults"
    assert [name for name in StateDocument().fields if name != optional] == list(DOCUMENT)
    assert list(Deletion().fields) == ["id", "created_at"]
    for schema in (StateDocument(), Deletion()):
        with pytest.raises(ValidationError) as error:
            schema.load({})
        assert list(error.value.messages) == [name for name in schema.fields if name != optional]


def test_a_state_is_what_its_document_describes() -> None:
    state = state_of(StateDocument().load(DOCUMENT), max_rules=2, now=NOW)
    assert (state.seed, state.pinned_ids, state.id_index) == (7, ("p1", "p2"), 1)
    assert (state.frozen_at, state.clock_offset) == (1000.5, 0.0)
    assert [record.conversation.id for record in state.table] == ["a", "b"]
    assert list(state.table.deletions()) == [Order(-9, "z"), Order(-3, "y")]
    assert [(rule.id, rule.since, rule.document) for rule in state.rules] == [
        ("rule-1", 1000.5, DOCUMENT["faults"][0]),
        ("rule-2", 1000.5, DOCUMENT["faults"][1]),
    ]


def test_the_rules_begin_at_the_time_of_a_running_clock() -> None:
    document = DOCUMENT | {"frozen_at": None, "clock_offset": 50.0}
    state = state_of(StateDocument().load(document), max_rules=2, now=NOW)
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
        ({"server_faults": [{"id": "server-rule-1"}]}, "server_faults[0].rule is missing; "),
    ],
)
def test_a_mistake_is_refused_with_its_place(broken: dict[str, Any], message: str) -> None:
    with pytest.raises(Problem) as refusal:
        state_of(StateDocument().load(DOCUMENT | broken), max_rules=2, now=NOW)
    assert refusal.value.status == 400
    assert refusal.value.message.startswith(message)


def test_too_many_rules_are_refused() -> None:
    with pytest.raises(RulesFull):
        state_of(StateDocument().load(DOCUMENT), max_rules=1, now=NOW)
