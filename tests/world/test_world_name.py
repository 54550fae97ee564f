"""The names of worlds."""

import pytest

from sandbox.world.world_name import WorldKey, WorldName, is_world_name, key_of, text_of


@pytest.mark.parametrize("text", ["a", "A", "0", "_", "-", "checkout-1", "revoked_x", "a" * 64])
def test_valid_name(text: str) -> None:
    assert is_world_name(text)


@pytest.mark.parametrize(
    "text", ["", "a" * 65, "a b", "a/b", "a.b", "..", "a:b", "a%2Fb", "café", "a\n", "\n", "ａ", "a,b"]
)
def test_invalid_name(text: str) -> None:
    assert not is_world_name(text)


def test_name_never_equals_a_token() -> None:
    keys: dict[object, str] = {"me": "token", WorldName("me"): "name"}
    assert (keys["me"], keys[WorldName("me")]) == ("token", "name")


@pytest.mark.parametrize("key", ["me", "", "/t/me", WorldName("me"), WorldName("t")])
def test_key_can_be_told_from_its_text(key: WorldKey) -> None:
    assert key_of(text_of(key)) == key


def test_texts_of_a_name_and_of_a_token_differ() -> None:
    assert text_of(WorldName("me")) != text_of("me")
