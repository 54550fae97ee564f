"""What the server says when it starts."""

from typing import Any

import pytest

from sandbox.banner import banner
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
    assert "on         nothing" in said()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lenient": True}, "lenient"),
        ({"latency": "100..400"}, "latency 100..400 ms"),
        ({"error_rate": 0.05, "error_status": 503}, "error rate 0.05 with status 503"),
    ],
)
def test_what_is_switched_on_is_said(settings: dict[str, Any], words: str) -> None:
    assert words not in said()
    assert words in said(**settings)
    assert "nothing" not in said(**settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, f"{ADDRESS}/__admin, for programs on this machine"),
        ({"host": "0.0.0.0"}, "closed: this server listens beyond loopback"),
        ({"host": "0.0.0.0", "admin_token": "secret"}, "X-Admin-Token"),
        ({"admin_token": "secret"}, "X-Admin-Token"),
    ],
)
def test_who_may_steer_is_said(settings: dict[str, Any], words: str) -> None:
    assert words in said(**settings)
    assert "secret" not in said(**settings)
