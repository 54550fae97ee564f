"""The beginning of worlds: declared ones with their tokens and ends, and worlds that several calls begin at once."""

from types import SimpleNamespace

import pytest

from sandbox.world.errors import NameTaken, UndeclaredWorld
from sandbox.world.world_name import WorldName
from tests.engines.valkey.workers import (
    COLLECTION,
    ID,
    NAME,
    OpenWorker,
    blank,
    seconds_left,
    use_fully,
)
from tests.valkey_server import ValkeyServer
from tests.world.harness import run_in_threads

pytestmark = pytest.mark.needs("valkey-server")


def test_a_declared_world_is_selected_by_its_token_and_its_name_in_all_workers(
    open_worker: OpenWorker,
) -> None:
    first, second = open_worker(), open_worker()
    first.fleet.declare(NAME, "its-token", blank())
    with second.using("its-token") as world:
        created = world.create(1, "contact", None).conversation.id
    assert first.ids(NAME) == first.ids("its-token") == [created]
    with pytest.raises(NameTaken):
        second.fleet.declare(NAME, "another", blank())
    assert first.ids("its-token") == [created]


def test_a_name_that_is_declared_again_is_not_selected_by_the_earlier_token(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    first.fleet.declare(NAME, "one", blank())
    assert second.ids("one") == []
    first.fleet.drop(first.fleet.id_of_key(NAME))
    assert ID in first.ids("one")
    first.fleet.declare(NAME, "two", blank())
    assert second.ids("two") == first.ids("two") == []
    for worker in (first, second):
        assert ID in worker.ids("one")


def test_a_declared_world_ends(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker(idle_seconds=1000)
    worker.fleet.declare(NAME, "its-token", blank(), 60)
    use_fully(worker, "its-token")
    left = seconds_left(valkey, *worker.keys_of(NAME), worker.keys_of("its-token").alias)
    assert len(left) == 6
    assert all(0 < each <= 60 for each in left)
    (summary,) = worker.fleet.summaries()
    assert summary.ttl_seconds is not None
    assert 0 < summary.ttl_seconds <= 60


def test_a_declared_world_that_is_used_does_not_live_longer(
    open_worker: OpenWorker, valkey: ValkeyServer, clock: SimpleNamespace
) -> None:
    worker = open_worker(idle_seconds=1000)
    worker.fleet.declare(NAME, "its-token", blank(), 60)
    clock.uptime += 20
    use_fully(worker, "its-token")
    assert max(seconds_left(valkey, *worker.keys_of(NAME))) <= 40


def test_strict_fleets_serve_declared_worlds_alone(open_worker: OpenWorker) -> None:
    first, second = open_worker(strict_worlds=True), open_worker(strict_worlds=True)
    first.fleet.declare(NAME, "its-token", blank())
    assert second.ids(NAME) == second.ids("its-token") == []
    for key in ("me", WorldName("other")):
        with pytest.raises(UndeclaredWorld):
            second.ids(key)
    assert second.client().get(COLLECTION).status_code == 400


def test_calls_that_begin_a_world_at_once_begin_it_once(open_worker: OpenWorker) -> None:
    workers = open_worker(), open_worker()
    ids = run_in_threads(lambda number: tuple(workers[number % 2].ids()))
    assert len(set(ids)) == 1
    assert len(workers[0].fleet) == 1


def test_calls_without_a_token_share_a_world_in_all_workers(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    assert first.app.test_client().get(COLLECTION).status_code == 401
    assert second.app.test_client().get(COLLECTION).status_code == 401
    (entries, *others) = [entries for _, entries in second.fleet.journals()]
    assert len(entries) == 2
    assert others == []
    assert len(first.fleet) == 0


def test_the_scenario_of_the_calls_without_a_token_never_expires(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    worker = open_worker(idle_seconds=100)
    use_fully(worker, "me")
    worker.app.test_client().get(COLLECTION)
    use_fully(worker, "you")
    with worker.using() as world:
        (source,) = (worker.keys.source(digest) for digest in world.digests)
    anonymous = worker.keys.world("anonymous")
    assert set(seconds_left(valkey, source, *anonymous)) == {-0.001}


def test_everything_of_a_world_expires_together(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker(idle_seconds=100)
    use_fully(worker, "me")
    left = seconds_left(valkey, *worker.keys_of())
    assert len(left) == 5
    assert all(100 < each <= 105 for each in left)
    assert max(left) - min(left) < 5


def test_keys_that_are_made_later_expire_with_the_others(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    worker = open_worker(idle_seconds=100)
    keys = worker.keys_of()
    with worker.using():
        for key in (keys.meta, keys.checkpoint):
            valkey.run("PEXPIRE", key, 50_000)
    use_fully(worker, "me")
    with worker.using() as world:
        for number in range(80):
            world.put(1, f"c{number}", {"contact_id": "c" * 1000})
    assert int(valkey.run("HGET", keys.meta, "c")) > 0
    worker.client().delete("/__admin/requests")
    worker.client().get(COLLECTION)
    left = seconds_left(valkey, *keys)
    assert len(left) == 5
    assert all(0 < each <= 50 for each in left)
