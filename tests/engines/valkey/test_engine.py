"""The engine: its checks at the start, and workers whose store is emptied or replaced, or says what nobody expects."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.settings import SettingsError
from tests.engines.valkey.workers import PREFIX, OpenWorker
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")

FORMAT = f"{PREFIX}{{server}}:format"


@contextmanager
def refused() -> Iterator[list[str]]:
    """Expect that a worker does not begin. Yield a list that has the reason, one line, after the block."""
    lines: list[str] = []
    with pytest.raises(SettingsError) as caught:
        yield lines
    lines.append(str(caught.value))
    assert "\n" not in lines[0]


def test_a_store_of_a_newer_format_is_refused(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    valkey.run("SET", FORMAT, 2)
    with refused() as lines:
        open_worker()
    assert "format 2" in lines[0]
    assert "--store-prefix" in lines[0]
    assert valkey.run("GET", FORMAT) == b"2"


def test_servers_with_another_key_of_the_ids_are_refused(open_worker: OpenWorker) -> None:
    open_worker(id_key="a")
    open_worker(id_key="a")
    for settings in ({"id_key": "b"}, {}):
        with refused() as lines:
            open_worker(**settings)
        assert "--id-key" in lines[0]
    open_worker(id_key="b", store_prefix="another:")


def test_servers_without_a_key_of_the_ids_share_one(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    first, second = open_worker(), open_worker()
    assert first.fleet.id_of_key("me") == second.fleet.id_of_key("me")
    key = valkey.run("GET", first.keys.id_key).decode()
    assert open_worker(id_key=key).fleet.id_of_key("me") == first.fleet.id_of_key("me")
    assert open_worker(store_prefix="another:").fleet.id_of_key("me") != first.fleet.id_of_key("me")


def test_prefixes_do_not_see_each_other(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker(store_prefix="another:")
    created = first.client().post("/v1/conversations", data={"contact_id": "a"}).get_json()["id"]
    assert second.client().get(f"/v1/conversations/{created}").status_code == 404
    assert len(first.fleet) == len(second.fleet) == 1


def test_functions_are_loaded_again_if_the_store_has_lost_them(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    client = open_worker().client()
    assert client.get("/v1/conversations").status_code == 200
    valkey.run("FUNCTION FLUSH")
    assert client.get("/v1/conversations").status_code == 200
    valkey.run("FUNCTION FLUSH")
    assert client.post("/v1/conversations", data={"contact_id": "a"}).status_code == 201


def test_an_empty_server_may_take_the_place_of_the_store(
    open_worker: OpenWorker, start_valkey: StartValkey
) -> None:
    first, second = start_valkey(), start_valkey()
    with TcpProxy(first.port) as proxy:
        worker, other = (open_worker(f"valkey://127.0.0.1:{proxy.port}") for _ in range(2))
        created = worker.client().post("/v1/conversations", data={"contact_id": "a"}).get_json()["id"]
        proxy.target = second.port
        proxy.cut()
        for each in (worker, other):
            each.await_store()
            assert each.client().get(f"/v1/conversations/{created}").status_code == 404
        assert worker.ids() == other.ids()


def test_an_error_of_the_store_is_answered_as_an_unavailable_store(
    open_worker: OpenWorker, valkey: ValkeyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = open_worker()
    client = worker.client()
    client.get("/v1/conversations")
    for key in worker.keys_of():
        valkey.run("UNLINK", key)
        valkey.run("SET", key, "somebody else's")
    for _ in range(2):
        answer = client.get("/v1/conversations")
        assert answer.status_code == 503
        assert "Traceback" not in answer.text
    said = [line for line in capsys.readouterr().err.splitlines() if line]
    assert len(said) == 1
    assert said[0].startswith("protocol-sandbox: --store: WRONGTYPE ")


def test_workers_go_on_when_the_store_is_emptied(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    first, second = open_worker(), open_worker()
    created = first.client().post("/v1/conversations", data={"contact_id": "a"}).get_json()["id"]
    assert second.client().get(f"/v1/conversations/{created}").status_code == 200
    valkey.run("FLUSHALL")
    assert second.client().get(f"/v1/conversations/{created}").status_code == 404
    again = first.client().post("/v1/conversations", data={"contact_id": "a"}).get_json()["id"]
    assert again == created
    # A worker that starts later has the same ids, and finds the scenario in which the worlds began.
    third = open_worker()
    assert third.client().get(f"/v1/conversations/{created}").status_code == 200
    assert first.ids() == second.ids() == third.ids()
