"""A worker's connection: a store that is replaced or loses its functions, and the end of the connection."""

import pytest

from sandbox.world.concurrency import THREADS
from tests.engines.valkey.calls import await_clients
from tests.engines.valkey.workers import OpenWorker, feed_of
from tests.tcp_proxy import TcpProxy
from tests.valkey_fixtures import StartValkey
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")


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


def test_a_worker_that_has_ended_leaves_no_connection_and_opens_none(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    worker = open_worker()
    client = worker.client()
    assert client.get("/v1/conversations").status_code == 200
    feed_of(worker).listen(lambda _: True)
    worker.close()
    await_clients(valkey, 0, THREADS)
    assert client.get("/v1/conversations").status_code == 503
    await_clients(valkey, 0, THREADS)
