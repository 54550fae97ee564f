"""docs/deploying.md: its table is that of the settings, and its configurations are valid and do what the page says."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import httpx
import pytest
import yaml
from flask import Flask

from sandbox import Settings, __version__
from sandbox.settings import CLIENT_VARIABLES, flag_of
from tests.distribution.dockerfile import FINAL
from tests.docs.readme import blocks, table
from tests.live.conftest import StartServer
from tests.live.server import REPOSITORY

Check = Callable[..., str]

PAGE = (REPOSITORY / "docs" / "deploying.md").read_text()
JOB = yaml.safe_load(blocks("yaml", PAGE)[0])["jobs"]["test"]
SERVICE = JOB["services"]["sandbox"]
DEMO = dict(line.split("=", 1) for line in blocks("sh", PAGE)[1].splitlines())
NOT_BOUNDS = {"port", "error_status", "workers"}
ROUTED = {"Host": "demo.example"}


def test_table_has_every_bound_with_its_default() -> None:
    rows = [
        (flag.strip("`"), default) for _, flag, default in table("bound", "setting", "default", text=PAGE)
    ]
    numbers = [row for row in fields(Settings) if type(row.default) is int and row.name not in NOT_BOUNDS]
    assert rows == [(flag_of(row.name), str(row.default)) for row in numbers]


def test_service_container_runs_this_version_with_valid_settings_at_the_exposed_port() -> None:
    assert SERVICE["image"].endswith(f"/protocol-sandbox:{__version__}")
    assert Settings.read(SERVICE["env"]).strict_worlds
    (mapping,) = SERVICE["ports"]
    assert mapping.split(":") == [FINAL["EXPOSE"]] * 2


def test_steps_know_the_url_and_the_admin_token_of_the_service() -> None:
    variables = JOB["steps"][1]["env"]
    port = SERVICE["ports"][0].partition(":")[0]
    assert variables == {
        "SANDBOX_URL": f"http://127.0.0.1:{port}",
        "SANDBOX_ADMIN_TOKEN": SERVICE["env"]["SANDBOX_ADMIN_TOKEN"],
    }
    assert set(variables) - CLIENT_VARIABLES == {"SANDBOX_ADMIN_TOKEN"}


def test_bounds_of_a_demo_are_valid_and_lower_than_the_defaults() -> None:
    settings, defaults = Settings.read(DEMO), Settings()
    lowered = [name for name in DEMO if name.startswith("SANDBOX_MAX") or name.endswith("SECONDS")]
    assert lowered
    for variable in lowered:
        name = variable.removeprefix("SANDBOX_").lower()
        assert getattr(settings, name) < getattr(defaults, name)


def test_control_api_beyond_loopback_is_closed_without_an_admin_token(
    open_app: Callable[..., Flask], assert_error_shape: Check
) -> None:
    client = open_app().test_client()
    closed = client.get("/__admin/sandboxes", base_url="http://0.0.0.0", headers=ROUTED)
    assert_error_shape(closed, 403, "SANDBOX_ADMIN_TOKEN")
    assert client.get("/__admin/health", base_url="http://0.0.0.0", headers=ROUTED).status_code == 200


@pytest.mark.parametrize(("setting", "status"), [("", 403), (DEMO["SANDBOX_ADMIN_ORIGIN"], 200)])
def test_panel_behind_a_router_needs_its_origin_and_the_token(
    open_app: Callable[..., Flask], setting: str, status: int
) -> None:
    token = DEMO["SANDBOX_ADMIN_TOKEN"]
    settings: dict[str, Any] = {"admin_token": token, "admin_origin": (setting,) if setting else ()}
    client = open_app(**settings).test_client()
    headers = {**ROUTED, "Origin": "https://demo.example"}
    said = client.get(
        "/__admin/sandboxes", base_url="http://0.0.0.0", headers={**headers, "X-Admin-Token": token}
    )
    assert said.status_code == status
    assert client.get("/__admin/sandboxes", base_url="http://0.0.0.0", headers=headers).status_code == 403


@pytest.mark.parametrize(("headers", "scheme"), [({}, "http"), ({"X-Forwarded-Proto": "https"}, "https")])
def test_router_says_whether_its_clients_use_tls(
    start: StartServer, headers: dict[str, str], scheme: str
) -> None:
    server = start()
    own = headers | {"Origin": server.address.replace("http", scheme)}
    declared = httpx.post(f"{server.address}/__admin/worlds", json={}, headers=own)
    assert declared.json()["url"].startswith(f"{scheme}://")


def test_strict_demo_serves_only_worlds_that_the_holder_of_the_token_declares(
    open_app: Callable[..., Flask],
) -> None:
    client = open_app(strict_worlds=True, admin_token="secret").test_client()
    bearer = {"Authorization": "Bearer anybody"}
    assert client.get("/v1/conversations", headers=bearer).status_code == 400
    assert client.post("/__admin/worlds", json={"name": "demo"}).status_code == 403
    client.post("/__admin/worlds", json={"name": "demo"}, headers={"X-Admin-Token": "secret"})
    assert client.get("/t/demo/v1/conversations", headers=bearer).status_code == 200
