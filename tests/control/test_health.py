"""``/__admin/health``: version, uptime, number of sandboxes and enabled options."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask

import sandbox


@pytest.mark.without_store
def test_health_has_version_uptime_and_number_of_sandboxes(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app().test_client()
    clock.uptime += 12.3456
    response = client.get("/__admin/health")
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert list(response.get_json().items()) == [
        ("status", "ok"),
        ("version", sandbox.__version__),
        ("boot_id", response.get_json()["boot_id"]),
        ("uptime_seconds", 12.346),
        ("sandboxes", 0),
        ("on", []),
    ]
    for token in ("a", "b", "a"):
        client.get("/v1/conversations", headers={"Authorization": f"Bearer {token}"})
    assert client.get("/__admin/health").get_json()["sandboxes"] == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer a"},
        {"Origin": "https://elsewhere.example"},
        {"Host": "elsewhere.example"},
    ],
)
def test_health_is_not_guarded_and_creates_no_sandbox(
    open_app: Callable[..., Flask], headers: dict[str, str]
) -> None:
    client = open_app().test_client()
    assert client.get("/__admin/health", headers=headers).get_json()["sandboxes"] == 0


def test_health_and_journal_name_the_boot(open_app: Callable[..., Flask]) -> None:
    app, other = open_app(seed=1), open_app(seed=1)
    client = app.test_client()
    boot_id = client.get("/__admin/health").get_json()["boot_id"]
    assert client.get("/__admin/health").get_json()["boot_id"] == boot_id
    client.get("/v1/conversations")
    journal = client.get("/__admin/requests").get_json()
    assert journal["boot_id"] == boot_id
    assert journal["data"][0]["id"].startswith(f"{boot_id}-")
    assert other.test_client().get("/__admin/health").get_json()["boot_id"] != boot_id


def test_health_supports_only_get_and_head(
    open_app: Callable[..., Flask], assert_error_shape: Callable[..., str]
) -> None:
    client = open_app().test_client()
    head = client.head("/__admin/health")
    assert (head.status_code, head.data) == (200, b"")
    response = client.post("/__admin/health")
    assert_error_shape(response, 405)
    assert {"GET", "HEAD"} <= set(response.headers["Allow"].split(", "))


@pytest.mark.without_store
def test_health_lists_enabled_options(open_app: Callable[..., Flask]) -> None:
    client = open_app(lenient=True, latency="5").test_client()
    client.post("/__admin/faults", json={"name": "slow lists", "delay": 1})
    assert client.get("/__admin/health").get_json()["on"] == [
        "lenient (unknown attributes are ignored)",
        "latency 5 ms",
        "server-wide fault rule slow lists",
    ]
