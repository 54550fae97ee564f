"""docs/store.md: its configurations and commands are run, and its names are those of the code."""

import re
import socket
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.engines.valkey.address import Tls, parse
from sandbox.engines.valkey.checks import check_store
from sandbox.engines.valkey.keys import Keys
from sandbox.settings import Settings, flag_of
from sandbox.world.concurrency import THREADS
from tests.docs.readme import README, blocks, table
from tests.live.balancer import SERVER, balancing, configuration
from tests.live.conftest import StartServer, server_factory
from tests.live.server import REPOSITORY, TIMEOUT_SECONDS, free_port, run
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.outages

PAGE = (REPOSITORY / "docs" / "store.md").read_text()
INSTALL_AND_START, COMPOSE_UP = (block.strip() for block in blocks("sh", PAGE))
SHOWN_KEYS, PERMISSIONS = blocks("text", PAGE)
COMMANDS = re.findall(r"\+(\S+)", PERMISSIONS)
BROKEN = ("EMPTY_RESPONSE", "CONNECTION_RESET_BY_PEER", "RANDOM_DATA_THEN_CLOSE", "MALFORMED_RESPONSE_CHUNK")
CHECKED = ("ping", "info", "function|list", "function|load", "fcall", "get", "set")
"""The commands that a server checks at its start, so that it is refused in one line."""
EVERY_WORKER = {
    "--max-connections",
    "--max-connections-per-address",
    "--max-sleepers",
    "--max-streams",
    "--store-connections",
}


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


def test_command_of_compose_is_that_of_its_file() -> None:
    assert f"\n#     {COMPOSE_UP}\n" in (REPOSITORY / "compose.yaml").read_text()


def test_settings_that_the_page_names_exist() -> None:
    flags = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert flags <= {flag_of(row.name) for row in fields(Settings)}
    assert (
        set(re.findall(r"`(--[a-z-]+)`", re.split("hold for each worker: ", PAGE)[1].split(". All")[0]))
        == EVERY_WORKER
    )


def test_parameters_of_tls_are_those_of_an_address() -> None:
    ((_, shown),) = [row for row in table("what", "how", text=PAGE) if row[0] == "TLS"]
    assert re.findall(r"ssl_(\w+)", shown) == [row.name for row in fields(Tls)]


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
    assert valkey.run("ACL", "LOG") == []


def test_permissions_have_each_command_of_the_functions() -> None:
    library = (REPOSITORY / "sandbox" / "engines" / "valkey" / "functions.lua").read_text()
    assert {name.lower() for name in re.findall(r"redis\.call\('(\w+)'", library)} <= set(COMMANDS)


@pytest.mark.needs("valkey-server")
@pytest.mark.parametrize("command", CHECKED)
def test_server_that_may_not_run_a_command_is_refused_in_one_line(
    start_valkey: StartValkey, tmp_path: Path, command: str
) -> None:
    line = re.sub(rf" \+{re.escape(command)}(?=\s)", "", PERMISSIONS)
    assert line != PERMISSIONS
    done = run("--port", "0", folder=tmp_path, SANDBOX_STORE=grant(start_valkey(), line))
    assert (done.returncode, done.stdout) == (2, "")
    (refusal,) = done.stderr.splitlines()
    assert re.search(f"{command.partition('|')[0]}|lacks a permission", refusal, re.IGNORECASE)


# Servers that share a store


@pytest.mark.needs("valkey-server")
def test_server_with_another_key_of_the_ids_is_refused_unless_its_prefix_differs(
    start: StartServer, valkey: ValkeyServer, tmp_path: Path
) -> None:
    start(SANDBOX_STORE=valkey.url, SANDBOX_ID_KEY="one")
    other = {"SANDBOX_STORE": valkey.url, "SANDBOX_ID_KEY": "two"}
    done = run("--port", "0", folder=tmp_path, **other)
    assert done.returncode == 2
    assert "--id-key" in done.stderr
    start(SANDBOX_STORE_PREFIX="other:", **other)


@pytest.mark.needs("valkey-server")
def test_server_of_another_format_is_refused(valkey: ValkeyServer, tmp_path: Path) -> None:
    valkey.run("SET", SHOWN_KEYS.split()[1], 1_000)
    done = run("--port", "0", folder=tmp_path, SANDBOX_STORE=valkey.url)
    assert done.returncode == 2
    assert "--store-prefix" in done.stderr


@pytest.mark.needs("valkey-server")
def test_store_that_evicts_is_used_with_a_warning(start_valkey: StartValkey) -> None:
    valkey = start_valkey(maxmemory="100mb", maxmemory_policy="allkeys-lru")
    assert any("noeviction" in line for line in check_store(parse(valkey.url), THREADS))


@pytest.mark.needs("valkey-server")
def test_tokens_are_not_in_the_store(start: StartServer, valkey: ValkeyServer) -> None:
    server = start(SANDBOX_STORE=valkey.url, SANDBOX_ID_KEY="a-long-random-text")
    httpx.post(
        f"{server.address}/v1/conversations",
        headers={"Authorization": "Bearer a-token-of-a-person"},
        data={"contact_id": "WAz8eIbvDR60rouK"},
    )
    with closing(valkey.client()) as client:
        content = b"".join(key + client.dump(key) for key in client.scan_iter())
    assert b"WAz8eIbvDR60rouK" in content
    assert b"a-token-of-a-person" not in content
    assert b"a-long-random-text" not in content


# Balancers


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start three servers whose sandboxes are in memory, and return the address of the balancer before them."""
    folder = tmp_path_factory.mktemp("shards")
    names = [found[1] for found in SERVER.finditer(configuration("haproxy-shards.cfg"))]
    with contextmanager(server_factory)(folder) as start:
        ports = {name: start().port for name in names}
        with balancing(configuration("haproxy-shards.cfg"), ports, folder) as address:
            yield address


def server_of(answer: httpx.Response) -> str:
    """Return the id of the boot, which is that of one server."""
    assert answer.status_code == 200
    return answer.headers["X-Request-Id"].partition("-")[0]


@pytest.mark.needs("haproxy")
def test_sandboxes_are_distributed_over_the_shards(shards: str) -> None:
    def find(token: str) -> str:
        return server_of(
            httpx.get(f"{shards}/v1/conversations", headers={"Authorization": f"Bearer {token}"})
        )

    servers = [find(f"token-{number}") for number in range(24)]
    assert len(set(servers)) == 3
    assert [find(f"token-{number}") for number in range(24)] == servers


@pytest.mark.needs("haproxy")
@pytest.mark.parametrize("name", ["checkout", "me", "a_b-1"])
def test_each_way_to_name_a_sandbox_leads_to_its_shard(shards: str, name: str) -> None:
    token = {"Authorization": "Bearer the-app"}
    path, listed, count = f"/t/{name}", "/v1/conversations", "/__admin/requests/count"
    encoded = f"/t/%{ord(name[0]):02x}{name[1:]}"
    header, cookie = {"X-Sandbox-World": name}, {"Cookie": f"sandbox_world={name}"}
    servers = {
        server_of(httpx.get(f"{shards}{prefix}{call}", headers=token | more))
        for prefix, call, more in (
            *((path, listed, {}), (path, listed, cookie), (encoded, listed, {}), (path, count, {})),
            *(("", listed, header), ("", listed, cookie), ("", count, header)),
        )
    }
    assert len(servers) == 1


@pytest.mark.needs("haproxy")
def test_token_has_one_shard_however_its_scheme_is_written(shards: str) -> None:
    headers = [{"Authorization": f"{scheme} me"} for scheme in ("Bearer", "bearer", "BEARER")]
    assert len({server_of(httpx.get(f"{shards}/v1/conversations", headers=each)) for each in headers}) == 1


@pytest.mark.needs("haproxy")
def test_control_api_ignores_the_cookie_in_the_shards_too(shards: str) -> None:
    for token in ("a", "b", "c", "d"):
        bearer = {"Authorization": f"Bearer {token}"}
        named = httpx.get(
            f"{shards}/__admin/requests/count", headers=bearer | {"Cookie": "sandbox_world=checkout"}
        )
        assert server_of(named) == server_of(httpx.get(f"{shards}/v1/conversations", headers=bearer))


@pytest.mark.needs("haproxy")
def test_faults_that_are_no_http_are_502_behind_a_balancer_of_http(shards: str) -> None:
    for fault in BROKEN:
        headers = {"Authorization": "Bearer me", "Prefer": f"fault={fault}"}
        assert httpx.get(f"{shards}/v1/conversations", headers=headers).status_code == 502
        assert fault in PAGE


@pytest.mark.needs("haproxy")
def test_sandboxes_of_a_shard_that_is_down_get_503_and_no_other_server_begins_them(
    start: StartServer, tmp_path: Path
) -> None:
    ports = {"one": start().port, "two": free_port(), "three": free_port()}
    with balancing(configuration("haproxy-shards.cfg"), ports, tmp_path) as address:
        statuses = set()
        for token in (f"token-{number}" for number in range(24)):
            bearer = {"Authorization": f"Bearer {token}"}
            url = f"{address}/v1/conversations"
            statuses.add(httpx.get(url, headers=bearer, timeout=TIMEOUT_SECONDS).status_code)
            if len(statuses) > 1:
                break
    assert statuses == {200, 503}


def received_bytes(port: int, header: str) -> bytes:
    """Return everything that a client receives until its connection ends."""
    head = f"GET /v1/conversations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer me\r\n{header}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        connection.sendall(head.encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.needs("haproxy")
def test_faults_that_are_no_http_pass_a_balancer_of_tcp(start: StartServer, tmp_path: Path) -> None:
    text = configuration("haproxy.cfg").replace("mode http", "mode tcp")
    ports = {found[2]: start().port for found in SERVER.finditer(text)}
    received = {}
    with balancing(text, ports, tmp_path) as address:
        for fault in BROKEN:
            received[fault] = received_bytes(urlsplit(address).port or 0, f"Prefer: fault={fault}")
    assert received["EMPTY_RESPONSE"] == received["CONNECTION_RESET_BY_PEER"] == b""
    assert received["MALFORMED_RESPONSE_CHUNK"].startswith(b"HTTP/1.1 200 OK")
    assert not received["RANDOM_DATA_THEN_CLOSE"].startswith(b"HTTP/")
