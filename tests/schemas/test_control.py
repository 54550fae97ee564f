"""The arguments of the control API, except those of conversations, rules and state."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from sandbox.operations import OPERATIONS
from sandbox.schemas import control
from sandbox.schemas.conversation import ConversationSchema
from sandbox.world.clock import LATEST_TIMESTAMP
from sandbox.world.journal import KNOWN_METHODS


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        (control.Reset, ["scenario", "seed"]),
        (control.ResetQuery, ["all"]),
        (control.JournalFilter, ["operation", "method", "status"]),
        (control.JournalQuery, ["operation", "method", "status", "limit"]),
        (control.ClockChange, ["action", "at", "seconds"]),
    ],
)
def test_a_call_accepts_these_attributes_and_no_others(schema: type[Schema], names: list[str]) -> None:
    assert sorted(schema().fields) == sorted(names)


@pytest.mark.parametrize(
    ("schema", "loaded"),
    [
        (control.Reset, {}),
        (control.ResetQuery, {"all": False}),
        (control.JournalFilter, {}),
        (control.JournalQuery, {"limit": 100}),
    ],
)
def test_optional_attributes_have_defaults(schema: type[Schema], loaded: dict[str, Any]) -> None:
    assert schema().load({}) == loaded


def test_an_arrangement_accepts_all_attributes_of_a_conversation_except_its_id() -> None:
    names = list(ConversationSchema().fields)
    names.remove("id")
    assert list(control.Arrangement().fields) == names
    assert control.Arrangement(partial=True).load({}) == {}
    assert control.Arrangement(partial=True).load({"group_id": None}) == {"group_id": None}


@pytest.mark.parametrize(
    "change",
    [
        {"action": "freeze"},
        {"action": "freeze", "at": 0},
        {"action": "freeze", "at": LATEST_TIMESTAMP},
        {"action": "freeze", "at": 1.5},
        {"action": "advance", "seconds": 0},
        {"action": "advance", "seconds": 0.001},
        {"action": "resume"},
    ],
)
def test_a_valid_clock_change_is_accepted(change: dict[str, Any]) -> None:
    assert control.ClockChange().load(change) == change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"action": "advance"}, "needs it"),
        ({"action": "freeze", "seconds": 1}, "seconds goes with the action advance"),
        ({"action": "resume", "seconds": 1}, "seconds goes with the action advance"),
        ({"action": "advance", "seconds": 1, "at": 1}, "at goes with the action freeze"),
        ({"action": "resume", "at": 1}, "at goes with the action freeze"),
    ],
)
def test_attributes_that_do_not_go_together_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        control.ClockChange().load(change)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"action": "freeze", "at": -0.001},
        {"action": "freeze", "at": LATEST_TIMESTAMP + 1},
        {"action": "freeze", "at": float("nan")},
        {"action": "freeze", "at": float("inf")},
        {"action": "advance", "seconds": -1},
        {"action": "advance", "seconds": True},
        {"action": "advance", "seconds": None},
    ],
)
def test_an_invalid_clock_change_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        control.ClockChange().load(change)


def test_a_filter_accepts_every_operation_and_method_and_other_for_unknown_methods() -> None:
    for operation in OPERATIONS:
        assert control.JournalFilter().load({"operation": operation.id}) == {"operation": operation.id}
    for method in (*KNOWN_METHODS, "OTHER"):
        assert control.JournalFilter().load({"method": method}) == {"method": method}
    for wrong in (
        {"operation": "create"},
        {"method": "get"},
        {"method": "BREW"},
        {"status": 99},
        {"status": 600},
    ):
        with pytest.raises(ValidationError):
            control.JournalFilter().load(wrong)


@pytest.mark.parametrize("limit", [1, 10_000])
def test_a_limit_is_from_1_to_10000(limit: int) -> None:
    assert control.JournalQuery().load({"limit": limit}) == {"limit": limit}
    for beyond in (0, 10_001):
        with pytest.raises(ValidationError):
            control.JournalQuery().load({"limit": beyond})
