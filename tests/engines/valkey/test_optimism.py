"""Optimistic calls: one trip if they have missed nothing, and another attempt if they have."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from sandbox.engines.valkey.optimism import Optimism, OptimisticGeneration, Seen
from sandbox.engines.valkey.world import SharedSandbox
from sandbox.world.errors import Outdated, SandboxReset, StoreUnavailable
from sandbox.world.journal import Key
from sandbox.world.world_name import WorldName
from tests.engines.valkey.workers import COLLECTION, ID, OpenWorker, Worker, blank, call, rule
from tests.tcp_proxy import TcpProxy
from tests.valkey_server import ValkeyCluster, ValkeyServer

ITEM = f"{COLLECTION}/{ID}"
needs_valkey = pytest.mark.needs("valkey-server")


def trips(valkey: ValkeyServer) -> int:
    """Return the number of functions that the server has called."""
    return int(valkey.run("INFO", "commandstats")["cmdstat_fcall"]["calls"])


def trips_of(valkey: ValkeyServer, send: Callable[[], TestResponse], status: int = 200) -> int:
    before = trips(valkey)
    assert send().status_code == status
    return trips(valkey) - before


def optimistic(worker: Worker) -> tuple[SharedSandbox, OptimisticGeneration]:
    """Begin an optimistic call."""
    lease = worker.fleet.acquire("me", optimistic=True)
    assert isinstance(lease.world, SharedSandbox)
    assert isinstance(lease.generation, OptimisticGeneration)
    return lease.world, lease.generation


def used(open_worker: OpenWorker, **settings: Any) -> Worker:
    """Return a worker that has a copy of the world."""
    worker = open_worker(**settings)
    worker.ids()
    return worker


# When calls may be optimistic


def test_first_call_is_optimistic_and_the_next_one_is_not_if_it_has_missed_a_change() -> None:
    optimism = Optimism()
    assert optimism.may_begin()
    optimism.note(has_missed=True)
    assert not optimism.may_begin()
    for _ in range(2):
        optimism.note(has_missed=False)
    assert optimism.may_begin()


@pytest.mark.parametrize(("one_in", "least", "most"), [(2, 0.0, 0.02), (3, 0.0, 0.3), (10, 0.95, 1.0)])
def test_calls_are_optimistic_where_few_miss_a_change(one_in: int, least: float, most: float) -> None:
    optimism = Optimism()
    justified = 0
    for number in range(1000):
        justified += optimism.may_begin()
        optimism.note(has_missed=number % one_in == 0)
    assert least <= justified / 1000 <= most


def test_generation_of_an_optimistic_call_is_a_generation() -> None:
    seen = Seen(0, has_pending=False, rules=b"")
    generation = OptimisticGeneration.of(3, seen)
    assert generation == 3
    assert (generation.seen, generation.is_valid) == (seen, False)


# Trips


@needs_valkey
def test_read_takes_one_trip(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    client = used(open_worker).client()
    assert trips_of(valkey, lambda: client.get(ITEM)) == 1
    assert trips_of(valkey, lambda: client.get(COLLECTION)) == 1
    assert trips_of(valkey, lambda: client.get(f"{COLLECTION}/unknown"), 404) == 1
    assert client.get("/__admin/requests/count").get_json()["count"] == 3


@needs_valkey
def test_write_takes_one_trip_beside_that_of_its_journal(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    client = used(open_worker).client()
    assert trips_of(valkey, lambda: client.post(COLLECTION, data={"contact_id": "a"}), 201) == 2
    assert trips_of(valkey, lambda: client.put(ITEM, json={"is_muted": True})) == 2
    assert client.get("/__admin/requests/count").get_json()["count"] == 2


@needs_valkey
def test_call_that_a_rule_counts_takes_one_trip_more(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    client = used(open_worker).client()
    assert (
        client.post(
            "/__admin/faults", json={"fault": {"type": "status", "status": 503}, "skip": 9}
        ).status_code
        == 201
    )
    assert trips_of(valkey, lambda: client.get(ITEM)) == 2


@needs_valkey
def test_calls_of_a_cluster_ask_first(valkey_cluster: ValkeyCluster, open_worker: OpenWorker) -> None:
    worker = open_worker(valkey_cluster.url)
    worker.ids()
    assert type(worker.fleet.acquire("me", optimistic=True).generation) is int


# Missed changes


def create_in(worker: Worker) -> str:
    created: str = worker.client().post(COLLECTION, data={"contact_id": "a"}).get_json()["id"]
    return created


@needs_valkey
def test_read_sees_what_another_worker_has_written(open_worker: OpenWorker) -> None:
    first, second = used(open_worker), used(open_worker)
    reader = second.client()
    for _ in range(4):
        created = create_in(first)
        assert reader.get(f"{COLLECTION}/{created}").status_code == 200
        assert reader.get(COLLECTION).get_json()["data"][0]["id"] == created
        assert reader.delete(f"{COLLECTION}/{created}").status_code == 204
        assert first.client().get(f"{COLLECTION}/{created}").status_code == 404
    assert reader.get("/__admin/requests/count").get_json()["count"] == 20


@needs_valkey
def test_call_that_has_missed_a_change_is_answered_anew_and_recorded_once(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    first, second = used(open_worker), used(open_worker)
    create_in(first)
    reader = second.client()
    # The record that is refused, the changes, and the record.
    assert trips_of(valkey, lambda: reader.get(ITEM)) == 3
    # Those after it ask first, until most calls miss nothing again.
    later = [trips_of(valkey, lambda: reader.get(ITEM)) for _ in range(5)]
    assert later == sorted(later, reverse=True)
    assert {later[0], later[-1]} == {2, 1}
    assert reader.get("/__admin/requests/count").get_json()["count"] == 7


FAULT = {"fault": {"type": "status", "status": 418}}
SENT = pytest.mark.parametrize("method", ["GET", "POST"])


def send(worker: Worker, method: str, **sent: Any) -> TestResponse:
    data = {"contact_id": "a"} if method == "POST" else {}
    return worker.client().open(COLLECTION, method=method, data=data, **sent)


@needs_valkey
@SENT
def test_rule_of_another_worker_holds_for_the_next_call(open_worker: OpenWorker, method: str) -> None:
    first, second = used(open_worker), used(open_worker)
    before = first.ids()
    first.client().post("/__admin/faults", json=FAULT)
    assert send(second, method).status_code == 418
    assert first.ids() == before


@needs_valkey
@SENT
def test_server_wide_rule_of_another_worker_holds_for_the_next_call(
    open_worker: OpenWorker, method: str
) -> None:
    first, second = used(open_worker), used(open_worker)
    before = first.ids()
    assert first.app.test_client().post("/__admin/faults", json=FAULT).status_code == 201
    assert send(second, method).status_code == 418
    assert first.ids() == before
    assert second.client().get("/__admin/requests/count").get_json()["count"] == 1


@needs_valkey
@SENT
def test_requested_fault_is_injected_into_a_call_that_has_missed_nothing(
    open_worker: OpenWorker, method: str
) -> None:
    first, second = used(open_worker), used(open_worker)
    created = create_in(first)
    answer = send(second, method, headers={"Prefer": "code=503"})
    assert answer.status_code == 503
    assert answer.headers.getlist("X-Sandbox-Fault") == ["status"]
    assert second.ids()[0] == created
    assert [each["status"] for each in first.client().get("/__admin/requests").get_json()["data"]] == [
        503,
        201,
    ]


@needs_valkey
def test_world_that_another_worker_has_dropped_begins_anew(open_worker: OpenWorker) -> None:
    first, second = used(open_worker), used(open_worker)
    created = create_in(first)
    assert send(second, "GET").get_json()["data"][0]["id"] == created
    (listed,) = first.client().get("/__admin/sandboxes").get_json()["data"]
    assert first.client().delete(f"/__admin/sandboxes/{listed['id']}").status_code == 204
    assert send(second, "GET").get_json()["data"][0]["id"] != created
    assert second.client().get("/__admin/requests/count").get_json()["count"] == 1


@needs_valkey
def test_body_of_a_call_that_is_answered_anew_is_read_once(open_worker: OpenWorker) -> None:
    first, second = used(open_worker), used(open_worker)
    for expectation in ({}, {"Expect": "100-continue"}):
        create_in(first)
        answer = second.client().put(ITEM, json={"is_muted": True}, headers=expectation)
        assert answer.get_json()["is_muted"] is True
        create_in(first)
        answer = second.client().put(ITEM, data="[", content_type="application/json", headers=expectation)
        assert answer.status_code == 400


@needs_valkey
def test_body_that_cannot_be_read_is_refused_by_each_attempt(open_worker: OpenWorker) -> None:
    first, second = used(open_worker, max_body_bytes=5), used(open_worker, max_body_bytes=5)
    first.client().delete(ITEM)
    answer = second.client().post(COLLECTION, data={"contact_id": "a"})
    assert answer.status_code == 413
    assert second.client().get("/__admin/requests/count").get_json()["count"] == 2


# Changes by the same worker


@needs_valkey
def test_change_of_the_same_copy_that_comes_later_is_not_missed(open_worker: OpenWorker) -> None:
    world, generation = optimistic(used(open_worker))
    world.create(1, "contact", None)
    world.record(generation, call())
    assert generation.is_valid
    assert world.count_calls(Key()) == 1


@needs_valkey
@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.add_rule(1, rule()),
        lambda world: world.freeze_clock(1, 5.0),
        lambda world: world.load(1, blank()),
        lambda world: world.reset(blank()),
    ],
    ids=["rules", "clock", "import", "reset"],
)
def test_change_of_the_same_copy_that_decides_on_an_answer_is_not_passed_over(
    open_worker: OpenWorker, change: Callable[[SharedSandbox], object]
) -> None:
    world, generation = optimistic(used(open_worker))
    change(world)
    with pytest.raises(Outdated):
        world.create(generation, "contact", None)
    with pytest.raises(Outdated):
        world.record(generation, call())
    assert world.count_calls(Key()) == 0


@needs_valkey
def test_call_that_begins_while_its_copy_writes_may_not_answer_with_what_was_before(
    open_worker: OpenWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = used(open_worker)
    began: list[OptimisticGeneration] = []
    with worker.using() as world:
        append = world._log.append  # noqa: SLF001  # the moment at which the change is under way

        def append_meanwhile(*arguments: Any, **named: Any) -> Any:
            began.append(optimistic(worker)[1])
            return append(*arguments, **named)

        with monkeypatch.context() as patch:
            patch.setattr(world._log, "append", append_meanwhile)  # noqa: SLF001  # likewise
            world.create(1, "contact", None)
        with pytest.raises(Outdated):
            world.record(began[0], call())
        with pytest.raises(Outdated):
            world.validate(began[0])
        # A write comes after that change.
        world.create(began[0], "contact", None)
        world.record(began[0], call())
        assert world.count_calls(Key()) == 1


@needs_valkey
def test_change_is_under_way_until_the_copy_has_it(
    open_worker: OpenWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = used(open_worker)
    states: list[bool] = []
    advance = SharedSandbox._advance  # noqa: SLF001  # the moment between the store's reply and the copy

    def advance_later(world: SharedSandbox, *arguments: Any) -> None:
        states.append(world._is_appending)  # noqa: SLF001  # a call cannot begin here, under the lock
        advance(world, *arguments)

    monkeypatch.setattr(SharedSandbox, "_advance", advance_later)
    with worker.using() as world:
        world.create(1, "contact", None)
    assert states == [True]
    assert not optimistic(worker)[1].seen.has_pending


@needs_valkey
def test_change_of_which_nobody_knows_if_it_was_appended_is_missed(
    valkey: ValkeyServer, open_worker: OpenWorker
) -> None:
    with TcpProxy(valkey.port) as proxy:
        worker = open_worker(f"valkey://127.0.0.1:{proxy.port}")
        worker.ids()
        with worker.using() as world:
            proxy.cut_after(0)
            proxy.target = 1  # nothing listens there
            assert send(worker, "POST").status_code == 503
            proxy.target = valkey.port
            worker.await_store()
            # The change is in the log, and this copy does not know it.
            assert valkey.run("HGET", worker.keys_of().meta, "n") == b"1"
            assert world.position.number == 0
            answer = send(worker, "GET")
            assert answer.get_json()["data"][0]["id"] == worker.ids()[0]
            assert world.position.number == 1


@needs_valkey
def test_write_of_which_nobody_knows_if_it_was_made_is_not_made_again(
    open_worker: OpenWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = used(open_worker)
    before = len(worker.ids())
    with worker.using() as world:
        append = world._log.append  # noqa: SLF001  # to lose its reply, and no other one

        def append_and_fail(*arguments: Any, **named: Any) -> Any:
            append(*arguments, **named)
            raise StoreUnavailable("the reply was lost", may_be_done=True)

        with monkeypatch.context() as patch:
            patch.setattr(world._log, "append", append_and_fail)  # noqa: SLF001  # likewise
            assert send(worker, "POST").status_code == 503
    assert len(worker.ids()) == before + 1
    assert [each["status"] for each in worker.client().get("/__admin/requests").get_json()["data"]] == [503]


# A call that cannot be validated


@needs_valkey
def test_read_whose_reply_is_lost_is_recorded_once(valkey: ValkeyServer, open_worker: OpenWorker) -> None:
    with TcpProxy(valkey.port) as proxy:
        worker = open_worker(f"valkey://127.0.0.1:{proxy.port}")
        worker.ids()
        proxy.cut_after(0)
        assert send(worker, "GET").status_code == 200
        worker.await_store()
        assert worker.client().get("/__admin/requests/count").get_json()["count"] == 1


@needs_valkey
def test_read_that_cannot_be_validated_is_answered_as_unavailable(
    valkey: ValkeyServer, open_worker: OpenWorker
) -> None:
    with TcpProxy(valkey.port) as proxy:
        worker = open_worker(f"valkey://127.0.0.1:{proxy.port}")
        worker.ids()
        proxy.target = 1
        proxy.cut()
        answer = send(worker, "GET")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0


@needs_valkey
def test_call_in_a_world_that_has_ended_is_answered_anew(open_worker: OpenWorker) -> None:
    world, generation = optimistic(used(open_worker))
    world.end()
    with pytest.raises(Outdated):
        world.record(generation, call())
    with pytest.raises(SandboxReset):
        world.check(generation)


@needs_valkey
def test_named_world_of_a_token_takes_one_trip(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker()
    declared = worker.client().post("/__admin/worlds", json={"name": "n"}).get_json()
    worker.ids(WorldName("n"))
    client = worker.client(declared["token"])
    client.get(ITEM)
    assert trips_of(valkey, lambda: client.get(ITEM)) == 1
