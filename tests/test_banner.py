"""The banner that the server prints when it starts."""

from typing import Any

import pytest

from sandbox.banner import banner
from sandbox.seeding.scenario import load
from sandbox.settings import Settings

ADDRESS = "http://127.0.0.1:8123"


def banner_text(**settings: Any) -> str:
    return banner(Settings(**settings), load("documented"), ADDRESS, "9.8.7")


def test_banner_names_address_and_scenario() -> None:
    text = banner_text(scenario="documented")
    assert text.splitlines()[0] == f"protocol-sandbox 9.8.7 is listening on {ADDRESS}"
    assert "documented (2 conversations" in text
    assert f"{ADDRESS}/docs" in text
    assert "seed" not in text


def test_banner_has_an_example_call_to_its_address() -> None:
    (line,) = [line for line in banner_text().splitlines() if "curl" in line]
    assert f"{ADDRESS}/v1/conversations" in line
    assert "'Authorization: Bearer " in line


def test_strict_server_shows_the_declaration_before_the_call() -> None:
    declaration, call = [line for line in banner_text(strict_worlds=True).splitlines() if "curl" in line]
    assert (
        f"{ADDRESS}/__admin/worlds -H 'Content-Type: application/json' -d '{{\"name\": \"me\"}}'"
        in declaration
    )
    assert f"{ADDRESS}/t/me/v1/conversations" in call


def test_declaration_refers_to_the_admin_token() -> None:
    declaration = banner_text(strict_worlds=True, admin_token="secret").splitlines()[2]
    assert '-H "X-Admin-Token: $SANDBOX_ADMIN_TOKEN"' in declaration
    assert "secret" not in declaration


@pytest.mark.parametrize("seed", [0, 7])
def test_configured_seed_is_named(seed: int) -> None:
    assert f"seed {seed}" in banner_text(seed=seed)


def test_default_server_has_no_enabled_options() -> None:
    assert "on         nothing" in banner_text()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"pulse": True}, "pulse (conversations change by themselves)"),
        ({"lenient": True}, "lenient"),
        ({"latency": "100..400"}, "latency 100..400 ms"),
        ({"error_rate": 0.05, "error_status": 503}, "error rate 0.05 with status 503"),
    ],
)
def test_enabled_option_is_named(settings: dict[str, Any], words: str) -> None:
    assert words not in banner_text()
    assert words in banner_text(**settings)
    assert "nothing" not in banner_text(**settings)


def test_file_of_the_sandboxes_is_named() -> None:
    assert "kept in" not in banner_text()
    assert "sandboxes  kept in worlds.db" in banner_text(persist="worlds.db")


def test_store_and_workers_are_named_without_a_password() -> None:
    text = banner_text(store="valkey://user:secret@db.example:6379/0?password=secret", workers=4)
    assert "sandboxes  kept in valkey://db.example:6379/0\n" in text
    assert "on         store (sandboxes are in Valkey or Redis), 4 workers" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, f"{ADDRESS}/__admin/ (panel and control API), for programs on this machine"),
        ({"host": "0.0.0.0"}, "closed: this server listens beyond loopback"),
        ({"host": "0.0.0.0", "admin_token": "secret"}, "X-Admin-Token"),
        ({"admin_token": "secret"}, "X-Admin-Token"),
    ],
)
def test_access_to_the_control_api_is_described(settings: dict[str, Any], words: str) -> None:
    assert words in banner_text(**settings)
    assert "secret" not in banner_text(**settings)
