"""The engine: servers that share a store, which may say what nobody expects."""

import pytest

from tests.engines.valkey.workers import OpenWorker
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")


def test_prefixes_do_not_see_each_other(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker(store_prefix="another:")
    created = first.client().post("/v1/conversations", data={"contact_id": "a"}).get_json()["id"]
    assert second.client().get(f"/v1/conversations/{created}").status_code == 404
    assert len(first.fleet) == len(second.fleet) == 1


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
