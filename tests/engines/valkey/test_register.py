"""The register of the sandboxes in a store: capacity, what makes room, lists, and the end of a sandbox."""

from types import SimpleNamespace

import pytest

from sandbox.world.errors import FleetFull
from sandbox.world.world_name import WorldName
from tests.engines.valkey.workers import (
    COLLECTION,
    NAME,
    OpenWorker,
    Worker,
    all_keys,
    blank,
    make_idle,
    use_fully,
)
from tests.valkey_server import ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")


def test_nothing_of_a_dropped_world_stays_in_the_store(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker(idle_seconds=0)
    worker.client("server").get(COLLECTION)
    before = set(all_keys(valkey))
    worker.fleet.declare(NAME, "its-token", blank(), 1000)
    use_fully(worker, "its-token")
    use_fully(worker, "me")
    for key in (NAME, "me"):
        worker.fleet.drop(worker.fleet.id_of_key(key))
    assert set(all_keys(valkey)) == before


def end_now(worker: Worker, valkey: ValkeyServer, name: WorldName) -> None:
    """Let a declared world end, like the time would."""
    valkey.run("ZADD", worker.keys.ending, 1, worker.fleet.id_of_key(name))
    for key in worker.keys_of(name):
        valkey.run("UNLINK", key)


def test_a_declared_world_that_has_ended_needs_no_room(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker(max_sandboxes=1)
    worker.fleet.declare(NAME, "its-token", blank(), 60)
    with pytest.raises(FleetFull):
        worker.fleet.declare(WorldName("other"), "other-token", blank(), 60)
    end_now(worker, valkey, NAME)
    assert len(worker.fleet) == 0
    worker.fleet.declare(WorldName("other"), "other-token", blank())
    assert len(worker.fleet) == 1
    assert [summary.label.name for summary in worker.fleet.summaries()] == ["other"]


def test_the_world_that_was_idle_longest_makes_room(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    first, second = open_worker(max_sandboxes=2, idle_seconds=0), open_worker(max_sandboxes=2, idle_seconds=0)
    with first.using("a") as world:
        created = world.create(1, "contact", None).conversation.id
    assert second.ids("b")
    with pytest.raises(FleetFull):
        second.ids("c")
    make_idle(first, valkey, "a")
    assert second.ids("c")
    assert len(first.fleet) == 2
    assert not valkey.run("EXISTS", first.keys_of("a").meta)
    make_idle(first, valkey, "c")
    assert created not in first.ids("a")


def test_a_world_in_use_makes_no_room(
    open_worker: OpenWorker, valkey: ValkeyServer, clock: SimpleNamespace
) -> None:
    worker = open_worker(max_sandboxes=1, idle_seconds=0)
    with worker.using("a"):
        make_idle(worker, valkey, "a")
        clock.uptime += 11
        worker.fleet.keep_used()
        with pytest.raises(FleetFull):
            worker.ids("b")
    make_idle(worker, valkey, "a")
    clock.uptime += 11
    assert worker.ids("a")
    with pytest.raises(FleetFull):
        worker.ids("b")


def test_worlds_that_have_expired_need_no_room(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker(max_sandboxes=1, idle_seconds=100)
    assert worker.ids("a")
    make_idle(worker, valkey, "a")
    valkey.run("UNLINK", *worker.keys_of("a"))
    assert len(worker.fleet) == 0
    assert worker.ids("b")
    assert len(worker.fleet) == 1


def test_lists_are_those_of_all_workers(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    first.client("secret-token-of-a-long-length").get(COLLECTION)
    second.client("", X_SANDBOX_WORLD="checkout").post(COLLECTION, data={"contact_id": "a"})
    listed = [first.client().get("/__admin/sandboxes").get_json()["data"] for _ in (first, second)]
    for each in (entry for entries in listed for entry in entries):
        each.pop("idle_seconds")
    assert listed[0] == listed[1]
    assert [(each["name"], each["token"], each["requests"]) for each in listed[0]] == [
        (None, "secr…", 1),
        ("checkout", None, 1),
    ]
