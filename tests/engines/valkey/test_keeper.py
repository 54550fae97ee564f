"""The keeper: worlds that are used live on, whatever becomes of others."""

from types import SimpleNamespace

import pytest

from tests.engines.valkey.workers import COLLECTION, OpenWorker, seconds_left, use_fully
from tests.valkey_server import ValkeyServer
from tests.world.harness import run_in_threads

pytestmark = pytest.mark.needs("valkey-server")


def test_a_world_that_cannot_be_read_does_not_keep_others_from_living_on(
    open_worker: OpenWorker, valkey: ValkeyServer, clock: SimpleNamespace
) -> None:
    first, second = open_worker(idle_seconds=100), open_worker(idle_seconds=100)
    with second.leased("damaged") as (damaged, lease), second.using("me"):

        def act(number: int) -> None:
            if number == 0:
                damaged.sleep(lease.generation, 60.0, None)
                return
            while not damaged.sleeping:
                pass
            with first.using("damaged") as world:
                world.create(1, "contact", None)
            valkey.run("UNLINK", first.keys_of("damaged").log)
            for key in second.keys_of("me"):
                valkey.run("PEXPIRE", key, 50_000)
            clock.uptime += 6
            second.fleet.keep_used()
            assert min(seconds_left(valkey, *second.keys_of("me"))) > 100
            damaged.end()

        run_in_threads(act, 2)


def test_a_call_that_cannot_enter_its_world_does_not_use_it(
    open_worker: OpenWorker, valkey: ValkeyServer, clock: SimpleNamespace
) -> None:
    worker = open_worker(idle_seconds=100)
    use_fully(worker, "me")
    slot = worker.slot()
    clock.uptime += 6
    valkey.run("UNLINK", worker.keys.used)
    valkey.run("SET", worker.keys.used, "somebody else's")
    assert worker.client().get(COLLECTION).status_code == 503
    assert slot.in_flight == 0
