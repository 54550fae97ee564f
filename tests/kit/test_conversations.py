"""Arranged conversations."""

import pytest

from protocol_sandbox import ControlError, Sandbox
from tests.kit.conftest import Send


def test_put_creates_and_changes_any_attribute(world: Sandbox, send: Send) -> None:
    made = world.conversations.put("mine", contact_id="a", created_at=5)
    assert (made["id"], made["created_at"], made["is_muted"]) == ("mine", 5, False)
    changed = world.conversations.put("mine", is_muted=True, last_opened_at=6)
    assert changed == made | {"is_muted": True, "last_opened_at": 6}
    assert send("GET", "/mine").json() == changed


def test_id_that_is_none_is_an_error(world: Sandbox) -> None:
    with pytest.raises(ControlError, match="a/b"):
        world.conversations.put("a/b", contact_id="a")
