"""``GET /__admin/health``."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask

import sandbox


def test_health_says_version_uptime_and_how_many_are_here(
    open_app: Callable[..., Flask], clock: SimpleNamespace
) -> None:
    client = open_app().test_client()
    clock.uptime += 12.3456
    answer = client.get("/__admin/health")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert list(answer.get_json().items()) == [
        ("status", "ok"),
        ("version", sandbox.__version__),
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
def test_health_is_never_guarded_and_makes_no_sandbox(
    open_app: Callable[..., Flask], headers: dict[str, str]
) -> None:
    client = open_app().test_client()
    assert client.get("/__admin/health", headers=headers).get_json()["sandboxes"] == 0


def test_health_has_a_head_and_no_other_method(
    open_app: Callable[..., Flask], assert_error_shape: Callable[..., str]
) -> None:
    client = open_app().test_client()
    head = client.head("/__admin/health")
    assert (head.status_code, head.data) == (200, b"")
    answer = client.post("/__admin/health")
    assert_error_shape(answer, 405)
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))


def test_health_says_what_is_switched_on(open_app: Callable[..., Flask]) -> None:
    client = open_app(lenient=True, latency="5").test_client()
    client.post("/__admin/faults", json={"name": "slow lists", "delay": 1})
    assert client.get("/__admin/health").get_json()["on"] == [
        "lenient (unknown attributes are ignored)",
        "latency 5 ms",
        "server-wide fault rule slow lists",
    ]
