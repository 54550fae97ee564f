"""compose.yaml: checked as data, and its services run as processes, because a container engine is not always there."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.engines.valkey.address import parse
from sandbox.settings import Settings
from tests.distribution.compose import COMPOSE, SERVERS, SERVICES, environment_of, valkey_options
from tests.distribution.dockerfile import FINAL, stages
from tests.distribution.test_image import COMMAND
from tests.live.balancer import BIND, SERVER, balancing, configuration
from tests.live.conftest import StartServer
from tests.live.server import REPOSITORY, TIMEOUT_SECONDS, Server, free_port, wait_until
from tests.tools import find
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyServer

SHELL = {"SANDBOX_ID_KEY": "for-tests-only", "SANDBOX_ADMIN_TOKEN": "for-tests-only"}
CONFIGURATION = "haproxy.cfg"
HEADERS = {"Authorization": "Bearer me"}
ADMIN = HEADERS | {"X-Admin-Token": SHELL["SANDBOX_ADMIN_TOKEN"]}
CALLS = 20


def test_servers_have_valid_settings_of_the_store() -> None:
    assert len(SERVERS) == 2
    for name in SERVERS:
        settings = Settings.read(environment_of(name, SHELL))
        assert settings.id_key == SHELL["SANDBOX_ID_KEY"]
        assert settings.admin_token == SHELL["SANDBOX_ADMIN_TOKEN"]
        assert settings.store is not None
        assert parse(settings.store).host == "valkey"
        assert parse(settings.store).port == 6379


def test_key_of_the_ids_must_be_given_and_the_admin_token_may_be() -> None:
    for name in SERVERS:
        with pytest.raises(KeyError):
            environment_of(name, {})
        assert "SANDBOX_ADMIN_TOKEN" not in environment_of(name, {"SANDBOX_ID_KEY": "a"})


def test_image_has_the_client_of_the_store() -> None:
    (line,) = [each.arguments for each in stages()[0] if each.name == "RUN"]
    assert "'.[valkey]'" in line


def test_balancer_knows_the_servers_at_their_port_and_listens_where_its_port_is_published() -> None:
    text = configuration(CONFIGURATION)
    assert [found.group(1, 2) for found in SERVER.finditer(text)] == [(name, name) for name in SERVERS]
    assert {found[3] for found in SERVER.finditer(text)} == {FINAL["EXPOSE"]}
    (bound,) = BIND.findall(text)
    (published,) = SERVICES["balancer"]["ports"]
    assert published == f"127.0.0.1:8000:{bound}"
    assert f"http://127.0.0.1:{bound}/__admin/health" in SERVICES["balancer"]["healthcheck"]["test"]


def test_configurations_and_volumes_exist() -> None:
    (config,) = SERVICES["balancer"]["configs"]
    assert COMPOSE["configs"][config["source"]] == {"file": f"docs/examples/{CONFIGURATION}"}
    assert (REPOSITORY / COMPOSE["configs"][config["source"]]["file"]).exists()
    assert [each.partition(":")[0] for each in SERVICES["valkey"]["volumes"]] == list(COMPOSE["volumes"])


def test_every_service_waits_for_those_that_it_needs_until_they_are_healthy() -> None:
    needed = {name: set(service.get("depends_on", ())) for name, service in SERVICES.items()}
    assert needed == {"one": {"valkey"}, "two": {"valkey"}, "balancer": {"one", "two"}, "valkey": set()}
    for name, service in SERVICES.items():
        assert all(
            each == {"condition": "service_healthy"} for each in service.get("depends_on", {}).values()
        )
        assert "healthcheck" in service or (name in SERVERS and "HEALTHCHECK" in FINAL)
        assert "curl" not in str(service)


def test_valkey_keeps_what_was_answered_and_evicts_nothing() -> None:
    options = valkey_options()
    assert options["appendonly"] == "yes"
    assert options["appendfsync"] == "always"
    assert options["maxmemory_policy"] == "noeviction"


@pytest.mark.needs("haproxy")
@pytest.mark.parametrize("name", [CONFIGURATION, "haproxy-shards.cfg"])
def test_configuration_of_the_balancer_is_valid(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    # The names of the servers are those of containers.
    file.write_text(SERVER.sub(r"  server \1 127.0.0.1:\3", configuration(name)))
    done = subprocess.run(
        [find("haproxy"), "-c", "-f", str(file)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


@pytest.fixture
def valkey(start_valkey: StartValkey) -> ValkeyServer:
    """Start Valkey as compose.yaml does."""
    return start_valkey(**valkey_options())


@pytest.fixture
def servers(start: StartServer, valkey: ValkeyServer, tmp_path: Path) -> list[Server]:
    """Start the servers as compose.yaml and the image do."""
    started = []
    for name in SERVERS:
        port = free_port()
        variables = environment_of(name, SHELL)
        store = variables.pop("SANDBOX_STORE").replace("valkey:6379", f"127.0.0.1:{valkey.port}")
        started.append(
            start(
                command=COMMAND,
                address=f"http://127.0.0.1:{port}",
                cwd=tmp_path,
                PORT=str(port),
                SANDBOX_STORE=store,
                **variables,
            )
        )
    return started


@pytest.fixture
def address(servers: list[Server], tmp_path: Path) -> Iterator[str]:
    """Start the balancer as compose.yaml does, and return its address."""
    ports = {name: server.port for name, server in zip(SERVERS, servers, strict=True)}
    with balancing(CONFIGURATION, ports, tmp_path) as balancer:
        yield balancer


def create(address: str) -> httpx.Response:
    """Create a conversation by a connection of its own."""
    return httpx.post(f"{address}/v1/conversations", headers=HEADERS, data={"contact_id": "WAz8eIbvDR60rouK"})


def retrieve(address: str, location: str) -> httpx.Response:
    return httpx.get(f"{address}{location}", headers=HEADERS)


@pytest.mark.needs("valkey-server")
def test_servers_have_the_same_sandboxes(servers: list[Server]) -> None:
    one, two = (server.address for server in servers)
    created = create(one)
    assert created.status_code == 201
    assert retrieve(two, created.headers["Location"]).json() == created.json()
    counted = httpx.get(f"{two}/__admin/requests/count", headers=ADMIN).json()
    assert counted == {"count": 2}
    ids = [
        httpx.get(f"{each}/__admin/sandboxes", headers=ADMIN).json()["data"][0]["id"] for each in (one, two)
    ]
    assert ids[0] == ids[1]


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_calls_through_the_balancer_reach_both_servers_and_one_sandbox(address: str) -> None:
    answers = [create(address) for _ in range(CALLS)]
    assert [answer.status_code for answer in answers] == [201] * CALLS
    boots = {answer.headers["X-Request-Id"].partition("-")[0] for answer in answers}
    assert len(boots) == 2
    for answer in answers:
        assert retrieve(address, answer.headers["Location"]).json() == answer.json()


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_stream_through_the_balancer_has_the_calls_of_both_servers_at_once(
    address: str, servers: list[Server]
) -> None:
    with httpx.stream("GET", f"{address}/__admin/requests/stream", headers=ADMIN) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(":")
        for server in servers:
            request_id = create(server.address).headers["X-Request-Id"]
            # The stream goes on, so a balancer that held events back would never pass this one on.
            assert request_id in next(line for line in lines if line.startswith("data:"))


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_server_that_ends_is_replaced_by_the_other_one_without_an_error(
    address: str, servers: list[Server]
) -> None:
    created = create(address)
    assert servers[0].end() == 0
    answers = [retrieve(address, created.headers["Location"]) for _ in range(CALLS)]
    assert [answer.status_code for answer in answers] == [200] * CALLS


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_nothing_that_was_answered_is_lost_when_valkey_is_killed(address: str, valkey: ValkeyServer) -> None:
    created = [create(address) for _ in range(CALLS)]
    valkey.kill()
    refused = create(address)
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    health = httpx.get(f"{address}/__admin/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    valkey.restart()
    wait_until(lambda: retrieve(address, created[0].headers["Location"]).status_code == 200)
    for answer in created:
        wait_until(lambda: httpx.get(f"{address}/__admin/health").json()["status"] == "ok")
        assert retrieve(address, answer.headers["Location"]).json() == answer.json()


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_errors_of_the_balancer_have_the_documented_shape(address: str, servers: list[Server]) -> None:
    broken = httpx.get(f"{address}/v1/conversations", headers=HEADERS | {"Prefer": "fault=EMPTY_RESPONSE"})
    assert broken.status_code == 502
    assert [server.end(signal.SIGTERM) for server in servers] == [0, 0]
    down = create(address)
    assert down.status_code == 503
    assert down.headers["Retry-After"] == "1"
    for answer in (broken, down):
        assert list(answer.json()) == ["type", "message", "documentation_url"]


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_balancer_says_that_its_clients_do_not_use_tls(address: str) -> None:
    """So a client cannot claim it, and the origin of the panel is that of the balancer."""
    claimed = {"X-Forwarded-Proto": "https", "Origin": address}
    assert httpx.get(f"{address}/__admin/sandboxes", headers=ADMIN | claimed).status_code == 200


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_client_that_disconnects_while_its_call_is_delayed_is_noticed(address: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/v1/conversations", headers=HEADERS | {"Prefer": "delay=60000"}, timeout=0.3)

    def fault() -> object:
        return httpx.get(f"{address}/__admin/requests", headers=ADMIN).json()["data"][:1]

    wait_until(lambda: "client_left" in str(fault()))
