"""The agreement of the servers on a store, also after the store was emptied."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.settings import SettingsError
from tests.engines.valkey.workers import COLLECTION, PREFIX, OpenWorker
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


def test_a_server_that_differs_from_those_that_began_the_store_anew_is_unavailable(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    first = open_worker()
    assert first.client().get(COLLECTION).status_code == 200
    valkey.run("FLUSHALL")
    second = open_worker()
    assert second.client().get(COLLECTION).status_code == 200
    assert first.client().get(COLLECTION).status_code == 503
    assert second.client().get(COLLECTION).status_code == 200
