"""The label of a sandbox, which does not reveal its token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world.label import SHOWN_CHARACTERS, masked


@given(token=st.text(st.characters(min_codepoint=33, max_codepoint=0x10FF), min_size=1))
def test_masked_token_shows_at_most_half(token: str) -> None:
    shown = masked(token)
    assert token not in shown
    letters = shown.removesuffix("…")
    assert token.startswith(letters)
    assert len(letters) <= min(SHOWN_CHARACTERS, len(token) / 2)


@pytest.mark.parametrize(
    ("token", "shown"),
    [("a", "…"), ("ab", "a…"), ("abc", "a…"), ("abcd", "ab…"), ("abcdefgh", "abcd…"), ("x" * 999, "xxxx…")],
)
def test_masked_token(token: str, shown: str) -> None:
    assert masked(token) == shown
