"""What the server says when it starts."""

from typing import Any

import pytest

from sandbox.banner import banner, switched_on
from sandbox.seeding.scenario import load
from sandbox.settings import Settings

ADDRESS = "http://127.0.0.1:8123"


def said(**settings: Any) -> str:
    return banner(Settings(**settings), load("documented"), ADDRESS, "9.8.7")


def test_the_banner_says_where_the_server_is_and_what_it_serves() -> None:
    text = said(scenario="documented")
    assert text.splitlines()[0] == f"protocol-sandbox 9.8.7 is listening on {ADDRESS}"
    assert "documented (2 conversations" in text
    assert f"{ADDRESS}/openapi.json" in text
    assert "seed" not in text


def test_the_banner_has_a_call_to_try_at_the_server_s_own_address() -> None:
    (line,) = [line for line in said().splitlines() if "curl" in line]
    assert f"{ADDRESS}/v1/conversations" in line
    assert "'Authorization: Bearer " in line


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_of_one_s_own_is_said(seed: int) -> None:
    assert f"seed {seed}" in said(seed=seed)


def test_a_plain_server_has_nothing_switched_on() -> None:
    assert switched_on(Settings()) == []
    assert "lenient" not in said()


def test_what_is_switched_on_is_said() -> None:
    assert any("lenient" in text for text in switched_on(Settings(lenient=True)))
    assert "lenient" in said(lenient=True)
