"""docs/store.md: its configurations and commands are run, and its names are those of the code."""

import re
import socket
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.engines.valkey.address import _PARAMETERS
from sandbox.engines.valkey.keys import Keys
from sandbox.settings import Settings, flag_of
from tests.docs.readme import README, blocks, table
from tests.live.balancer import SERVER, balancing, configuration
from tests.live.conftest import StartServer
from tests.live.server import REPOSITORY, TIMEOUT_SECONDS, Server, run
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyServer

PAGE = (REPOSITORY / "docs" / "store.md").read_text()
INSTALL_AND_START, COMPOSE = blocks("sh", PAGE)
SHOWN_KEYS, PERMISSIONS = blocks("text", PAGE)
COMMANDS = re.findall(r"\+(\S+)", PERMISSIONS)
BROKEN = ("EMPTY_RESPONSE", "CONNECTION_RESET_BY_PEER", "RANDOM_DATA_THEN_CLOSE", "MALFORMED_RESPONSE_CHUNK")
EVERY_WORKER = {
    "--max-connections",
    "--max-connections-per-address",
    "--max-sleepers",
    "--max-streams",
    "--store-connections",
}


def section(heading: str) -> str:
    """Return the text below a heading, up to the next one."""
    return re.split(r"^#+ .*$", PAGE.split(f" {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_readme_and_the_page_on_deploying_lead_here() -> None:
    assert "(docs/store.md)" in README
    assert "(store.md)" in (REPOSITORY / "docs" / "deploying.md").read_text()


def test_command_installs_the_extra_of_this_package_and_has_valid_settings() -> None:
    install, start = INSTALL_AND_START.splitlines()
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert install == f"pip install '{project['name']}[valkey]'"
    assert list(project["optional-dependencies"]) == ["valkey", "test"]
    variables = dict(re.findall(r"(SANDBOX_\w+)=(\S+)", start))
    settings = Settings.read(variables, {"workers": start.rpartition(" ")[2]})
    assert (settings.workers, settings.kept_in) == (4, variables["SANDBOX_STORE"])


def test_settings_that_the_page_names_exist() -> None:
    flags = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert flags <= {flag_of(row.name) for row in fields(Settings)}
    assert EVERY_WORKER == set(
        re.findall(r"`(--[a-z-]+)`", re.split("hold for each worker: ", PAGE)[1].split(". All")[0])
    )


def test_parameters_of_tls_are_those_of_an_address() -> None:
    ((_, shown),) = [row for row in table("what", "how", text=PAGE) if row[0] == "TLS"]
    assert tuple(re.findall(r"ssl_\w+", shown)) == _PARAMETERS["tls"]


def test_keys_are_those_of_the_code() -> None:
    shown = SHOWN_KEYS.split()
    keys = Keys(Settings().store_prefix)
    assert shown == [keys.world("a8f5f167f44f4964e6c998dee827110c").meta, keys.format]


# Permissions


def grant(server: ValkeyServer, line: str) -> str:
    """Run the command of the page, and return the address for its user."""
    server.run(*line.split())
    return f"valkey://sandbox:a-long-random-text@127.0.0.1:{server.port}"


def use(client: httpx.Client) -> None:
    """Make calls that use all parts of the store."""
    assert client.post("/v1/conversations", data={"contact_id": "WAz8eIbvDR60rouK"}).status_code == 201
    assert client.post("/__admin/faults", json={"preset": "flaky"}).status_code == 201
    assert client.get("/v1/conversations").status_code in {200, 503}
    assert client.post("/__admin/snapshots", json={}).status_code == 201
    assert client.post("/__admin/reset", json={}).status_code == 200
    assert client.get("/__admin/requests").status_code == 200
    assert client.get("/__admin/requests/count").status_code == 200
    world = client.post("/__admin/worlds", json={"ttl_seconds": 60}).json()
    by_token = {"Authorization": f"Bearer {world['token']}"}
    assert client.get("/v1/conversations", headers=by_token).status_code == 200
    with client.stream("GET", "/__admin/requests/stream") as stream:
        assert next(stream.iter_lines()).startswith(":")
    listed = client.get("/__admin/sandboxes").json()["data"]
    assert len(listed) == 2
    for each in listed:
        assert client.delete(f"/__admin/sandboxes/{each['id']}").status_code == 204


@pytest.mark.needs("valkey-server")
def test_permissions_of_the_page_are_enough(start: StartServer, start_valkey: StartValkey) -> None:
    valkey = start_valkey()
    server = start(SANDBOX_STORE=grant(valkey, PERMISSIONS), SANDBOX_IDLE_SECONDS="1")
    with httpx.Client(base_url=server.address, headers={"Authorization": "Bearer me"}) as client:
        use(client)
        rules = httpx.post(f"{server.address}/__admin/faults", json={"preset": "flaky"})
        assert rules.status_code == 201
    assert [entry for entry in valkey.run("ACL", "LOG") if b"client|setinfo" not in entry] == []


def test_permissions_have_each_command_of_the_functions() -> None:
    library = (REPOSITORY / "sandbox" / "engines" / "valkey" / "functions.lua").read_text()
    assert {name.lower() for name in re.findall(r"redis\.call\('(\w+)'", library)} <= set(COMMANDS)


@pytest.mark.needs("valkey-server")
@pytest.mark.parametrize("command", COMMANDS)
def test_server_without_one_of_the_permissions_is_refused(
    start_valkey: StartValkey, tmp_path: Path, command: str
) -> None:
    valkey = start_valkey()
    url = grant(valkey, PERMISSIONS.replace(f"+{command}\n", "\n").replace(f"+{command} ", ""))
    done = run("--port", "0", folder=tmp_path, SANDBOX_STORE=url)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "may not run" in line or "lacks a permission" in line
