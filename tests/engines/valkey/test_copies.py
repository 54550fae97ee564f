"""The copies of a worker: opened once, forgotten when nobody uses them, and woken by other workers."""

from types import SimpleNamespace

import gevent
import pytest

from sandbox.faults.rule_document import RuleDocument
from sandbox.world.errors import SandboxReset
from tests.engines.valkey.conftest import GREENLETS
from tests.engines.valkey.workers import (
    COLLECTION,
    NAME,
    OpenWorker,
    blank,
    make_idle,
)
from tests.valkey_server import ValkeyServer
from tests.world.harness import run_in_threads

pytestmark = pytest.mark.needs("valkey-server")


def test_copies_that_nobody_uses_are_forgotten(open_worker: OpenWorker, clock: SimpleNamespace) -> None:
    worker = open_worker(idle_seconds=100)
    worker.fleet.declare(NAME, "its-token", blank())
    for key in ("me", "its-token"):
        assert worker.ids(key) is not None
    clock.uptime += 106
    worker.fleet.keep_used()
    assert list(worker.fleet._copies) == []  # noqa: SLF001  # memory that nobody sees
    assert worker.fleet._copies._aliases == {}  # noqa: SLF001  # likewise


def test_a_worker_has_no_more_copies_than_there_may_be_sandboxes(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    worker = open_worker(max_sandboxes=2, idle_seconds=0)
    for name in "abcd":
        worker.ids(name)
        make_idle(worker, valkey, name)
    assert len(list(worker.fleet._copies)) <= 3  # noqa: SLF001  # memory that nobody sees


def test_calls_that_open_a_world_at_once_share_its_copy(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    with first.using() as world:
        world.create(1, "contact", None)
    slots = run_in_threads(lambda _: second.slot())
    assert len(set(map(id, slots))) == 1
    assert len(second.fleet._copies._opening) == 0  # noqa: SLF001  # memory that nobody sees


def test_a_world_that_cannot_be_loaded_leaves_nothing_behind(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    first, second = open_worker(), open_worker()
    first.ids()
    valkey.run("UNLINK", first.keys_of().checkpoint)
    assert second.client().get(COLLECTION).status_code == 503
    assert len(second.fleet._copies._opening) == 0  # noqa: SLF001  # memory that nobody sees


def test_worlds_of_a_newer_format_are_unavailable(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    first, second = open_worker(), open_worker()
    first.ids()
    valkey.run("HSET", first.keys_of().meta, "f", 2)
    assert second.client().get(COLLECTION).status_code == 503
    assert second.client("you").get(COLLECTION).status_code == 200


def test_a_world_that_has_expired_begins_anew(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    first, second = open_worker(idle_seconds=100), open_worker(idle_seconds=100)
    with second.leased() as (world, lease):
        with first.using() as same:
            created = same.create(1, "contact", None).conversation.id
        for key in first.keys_of():
            valkey.run("UNLINK", key)
        assert created not in first.ids()
        with pytest.raises(SandboxReset):
            world.create(lease.generation, "contact", None)
    assert second.ids() == first.ids()


def test_a_call_that_sleeps_is_woken_by_another_worker(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    with first.using() as world:
        delaying = world.add_rule(1, RuleDocument().load({"delay": 60_000}))
    with second.leased() as (copy, lease):

        def act(number: int) -> bool | None:
            if number == 0:
                return copy.sleep(lease.generation, 60.0, copy.rules[0])
            while not copy.sleeping:
                pass
            with first.using() as world:
                world.remove_rule(1, delaying.id)
            return None

        assert run_in_threads(act, 2)[0] is True
        assert copy.rules == ()


def test_calls_may_be_greenlets(open_worker: OpenWorker) -> None:
    workers = [open_worker(concurrency=GREENLETS) for _ in range(2)]

    def create(number: int) -> list[str]:
        with workers[number % 2].using() as world:
            return [world.create(1, "contact", None).conversation.id for _ in range(5)]

    jobs = [gevent.spawn(create, number) for number in range(8)]
    gevent.joinall(jobs, timeout=60, raise_error=True)
    created = {conversation_id for job in jobs for conversation_id in job.value or ()}
    assert len(created) == 40
    assert workers[0].ids() == workers[1].ids()
    assert created < set(workers[0].ids())
