"""compose.yaml: checked as data, and its services run as processes, because a container engine is not always there."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from sandbox.engines.valkey.address import parse
from sandbox.settings import Settings
from tests.distribution.compose import COMPOSE, SERVERS, SERVICES, environment_of, valkey_options
from tests.distribution.dockerfile import FINAL, stages
from tests.distribution.test_image import COMMAND
from tests.live.balancer import BIND, SERVER, balancing, configuration
from tests.live.conftest import server_factory
from tests.live.server import REPOSITORY, TIMEOUT_SECONDS, Server, free_port, wait_until
from tests.tools import find
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.outages

SHELL = {"SANDBOX_ID_KEY": "for-tests-only", "SANDBOX_ADMIN_TOKEN": "for-tests-only"}
CONFIGURATION = "haproxy.cfg"
ADMIN = {"X-Admin-Token": SHELL["SANDBOX_ADMIN_TOKEN"]}
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


class Deployment(NamedTuple):
    """The processes of compose.yaml, and the folder of their files."""

    servers: list[Server]
    valkey: ValkeyServer
    folder: Path

    @contextmanager
    def balanced(self) -> Iterator[str]:
        """Run the balancer, and yield its address."""
        ports = {name: server.port for name, server in zip(SERVERS, self.servers, strict=True)}
        with balancing(configuration(CONFIGURATION), ports, self.folder) as address:
            yield address


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Start Valkey and the servers as compose.yaml and the image do."""
    valkey = ValkeyServer(folder / "valkey", **valkey_options())
    try:
        with contextmanager(server_factory)(folder) as start:
            servers = []
            for name in SERVERS:
                port = free_port()
                variables = environment_of(name, SHELL)
                variables["SANDBOX_STORE"] = variables["SANDBOX_STORE"].replace(
                    "valkey:6379", f"127.0.0.1:{valkey.port}"
                )
                servers.append(
                    start(command=COMMAND, address=f"http://127.0.0.1:{port}", PORT=str(port), **variables)
                )
            yield Deployment(servers, valkey, folder)
    finally:
        valkey.end()


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("compose")) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def address(deployment: Deployment) -> Iterator[str]:
    """Return the address of the balancer."""
    with deployment.balanced() as address:
        yield address


@pytest.fixture
def bearer(token: str) -> dict[str, str]:
    """Return the headers of a sandbox of the test's own, with the admin token."""
    return ADMIN | {"Authorization": f"Bearer {token}"}


def create(address: str, bearer: dict[str, str]) -> httpx.Response:
    """Create a conversation, by a connection of its own."""
    return httpx.post(f"{address}/v1/conversations", headers=bearer, data={"contact_id": "WAz8eIbvDR60rouK"})


def retrieve(address: str, bearer: dict[str, str], created: httpx.Response) -> httpx.Response:
    return httpx.get(f"{address}{created.headers['Location']}", headers=bearer)


@pytest.mark.needs("valkey-server")
def test_servers_have_the_same_sandboxes(deployment: Deployment, bearer: dict[str, str]) -> None:
    one, two = (server.address for server in deployment.servers)
    created = create(one, bearer)
    assert created.status_code == 201
    assert retrieve(two, bearer, created).json() == created.json()
    assert httpx.get(f"{two}/__admin/requests/count", headers=bearer).json() == {"count": 2}
    listed = [
        httpx.get(f"{each}/__admin/sandboxes", headers=ADMIN).json()["data"][-1]["id"] for each in (one, two)
    ]
    assert listed[0] == listed[1]


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_calls_through_the_balancer_reach_both_servers_and_one_sandbox(
    address: str, bearer: dict[str, str]
) -> None:
    answers = [create(address, bearer) for _ in range(CALLS)]
    assert [answer.status_code for answer in answers] == [201] * CALLS
    assert len({answer.headers["X-Request-Id"].partition("-")[0] for answer in answers}) == 2
    for answer in answers:
        assert retrieve(address, bearer, answer).json() == answer.json()


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_stream_through_the_balancer_has_the_calls_of_both_servers_at_once(
    deployment: Deployment, address: str, bearer: dict[str, str]
) -> None:
    with httpx.stream("GET", f"{address}/__admin/requests/stream", headers=bearer) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(":")
        for server in deployment.servers:
            request_id = create(server.address, bearer).headers["X-Request-Id"]
            # The stream goes on, so a balancer that held events back would never pass this one on.
            assert request_id in next(line for line in lines if line.startswith("data:"))


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_balancer_says_that_its_clients_do_not_use_tls(address: str, bearer: dict[str, str]) -> None:
    """So a client cannot claim it, and the origin of the panel is that of the balancer."""
    claimed = {"X-Forwarded-Proto": "https", "Origin": address}
    assert httpx.get(f"{address}/__admin/sandboxes", headers=bearer | claimed).status_code == 200


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_client_that_disconnects_while_its_call_is_delayed_is_noticed(
    address: str, bearer: dict[str, str]
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{address}/v1/conversations", headers=bearer | {"Prefer": "delay=60000"}, timeout=0.3)
    journal = f"{address}/__admin/requests?limit=1"
    wait_until(lambda: "client_left" in httpx.get(journal, headers=bearer).text)


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_nothing_that_was_answered_is_lost_when_valkey_is_killed(
    deployment: Deployment, address: str, bearer: dict[str, str]
) -> None:
    created = [create(address, bearer) for _ in range(CALLS)]
    deployment.valkey.kill()
    refused = create(address, bearer)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    health = httpx.get(f"{address}/__admin/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    deployment.valkey.restart()
    for server in deployment.servers:
        wait_until(lambda: httpx.get(f"{server.address}/__admin/health").json()["status"] == "ok")  # noqa: B023  # it is called now
    for answer in created:
        assert retrieve(address, bearer, answer).json() == answer.json()


@pytest.mark.needs("haproxy")
@pytest.mark.needs("valkey-server")
def test_servers_that_end_are_replaced_without_an_error_as_long_as_there_is_one(
    tmp_path: Path, bearer: dict[str, str]
) -> None:
    with deployed(tmp_path) as deployment, deployment.balanced() as address:
        created = create(address, bearer)
        assert deployment.servers[0].end(signal.SIGTERM) == 0
        answers = [retrieve(address, bearer, created) for _ in range(CALLS)]
        assert [answer.status_code for answer in answers] == [200] * CALLS
        broken = httpx.get(f"{address}/v1/conversations", headers=bearer | {"Prefer": "fault=EMPTY_RESPONSE"})
        assert deployment.servers[1].end(signal.SIGTERM) == 0
        down = create(address, bearer)
    assert [broken.status_code, down.status_code] == [502, 503]
    assert down.headers["Retry-After"] == "1"
    for answer in (broken, down):
        # The balancer's own errors have the documented shape.
        assert list(answer.json()) == ["type", "message", "documentation_url"]
