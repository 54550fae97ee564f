"""The places of copies."""

import math
from typing import Any

import pytest

from sandbox.engines.valkey.log import Position, Saved
from sandbox.engines.valkey.slot import SharedSlot, token_id_of
from sandbox.world.world_name import WorldKey, WorldName

WORLD: Any = object()


def slot_of(key: WorldKey | None, seconds_left: float | None = None, mark: str = "") -> SharedSlot:
    saved = Saved(Position(b"i", 0, b"n"), "label", seconds_left, mark, b"", [])
    return SharedSlot(key, WORLD, 100.0, "id", saved)


@pytest.mark.parametrize(
    ("key", "name", "token"),
    [("me", None, "me"), (WorldName("n"), "n", ""), (None, None, ""), ("", None, "")],
)
def test_a_slot_knows_its_key_or_none(key: WorldKey | None, name: str | None, token: str) -> None:
    slot = slot_of(key)
    assert (slot.name, slot.token, slot.id, slot.label) == (name, token, "id", "label")
    assert bool(slot.key) is bool(key)


def test_the_end_of_a_world_is_a_time_of_the_worker() -> None:
    assert slot_of("me").ends_at == math.inf
    assert slot_of("me", 5.5).ends_at == 105.5


def test_the_mark_of_a_declared_world_has_the_id_of_its_token() -> None:
    assert slot_of("me").token_id == ""
    assert slot_of(WorldName("n"), mark="0f1e-9a").token_id == token_id_of("0f1e-9a") == "0f1e"
