"""Copies of worlds: writes of several workers, races, lost changes, checkpoints, and worlds that were lost."""

from types import SimpleNamespace

import pytest

from sandbox.engines.valkey.log import OTHER
from sandbox.engines.valkey.world import SharedSandbox
from sandbox.world.errors import KeyInUse, KeyReused, SandboxReset, StoreUnavailable
from sandbox.world.paging import Query
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldName
from tests.applications import picture_of
from tests.engines.valkey.workers import ID, OpenWorker, Worker, rule
from tests.tcp_proxy import TcpProxy
from tests.valkey_server import ValkeyCluster, ValkeyServer
from tests.world.harness import FakeRequest, run_in_threads

pytestmark = pytest.mark.needs("valkey-server")

CHANGES = 80
"""The number of changes of 1 KiB after which there is a checkpoint."""


def two(open_worker: OpenWorker, **settings: object) -> tuple[Worker, Worker]:
    return open_worker(**settings), open_worker(**settings)


def ids_of(world: SharedSandbox) -> list[str]:
    return [record.conversation.id for record in world.page(Query(1000)).records]


def put(world: SharedSandbox, conversation_id: str) -> None:
    world.put(world.generation, conversation_id, {"contact_id": "c" * 1000})


def fill(world: SharedSandbox, prefix: str) -> None:
    """Write more than what a log may have before it is replaced by a checkpoint."""
    for number in range(CHANGES):
        put(world, f"{prefix}{number}")


def test_a_write_is_seen_by_the_next_call_of_another_worker(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    with second.using() as world:
        assert world.get(ID)
    with first.using() as world:
        created = world.create(1, "contact", None)
    with second.using() as world:
        assert world.get(created.conversation.id) == created
        world.delete(1, created.conversation.id)
    assert created.conversation.id not in first.ids()


def test_a_write_that_loses_the_race_is_decided_again(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        a = one.create(1, "contact", None).conversation.id
        # This copy does not know of the first conversation when it decides on the id of the second one.
        b = other.create(1, "contact", None).conversation.id
        c = one.create(1, "contact", None).conversation.id
        assert len({a, b, c}) == 3
        assert one.follow()
        assert other.follow()
        assert picture_of(one) == picture_of(other)
    with open_worker(store_prefix="alone:").using() as world:
        assert [world.create(1, "contact", None).conversation.id for _ in range(3)] == [a, b, c]


def test_ids_are_those_of_one_process_however_many_workers_create(open_worker: OpenWorker) -> None:
    workers = [open_worker() for _ in range(4)]

    def create(number: int) -> list[str]:
        with workers[number % 4].using() as world:
            return [world.create(1, "contact", None).conversation.id for _ in range(5)]

    created = [each for some in run_in_threads(create, 8) for each in some]
    with open_worker(store_prefix="alone:").using() as world:
        assert {world.create(1, "contact", None).conversation.id for _ in range(40)} == set(created)
    assert len(set(created)) == 40
    assert {tuple(worker.ids()) for worker in workers} == {tuple(workers[0].ids())}


@pytest.mark.parametrize(
    ("conditions", "fired"),
    [
        ({"times": 3}, 3),
        ({"skip": 2, "times": 4}, 4),
        ({"every": 4}, 5),
    ],
)
def test_counts_of_rules_are_exact_over_workers(
    open_worker: OpenWorker, conditions: dict[str, int], fired: int
) -> None:
    workers = two(open_worker)
    with workers[0].using() as world:
        world.add_rule(1, rule(**conditions))

    def fire(number: int) -> int:
        with workers[number % 2].using() as world:
            return sum(world.fire(1, FakeRequest(), ()).match is not None for _ in range(5))

    assert sum(run_in_threads(fire, 4)) == fired
    for worker in workers:
        with worker.using() as world:
            counters = world.counters(world.rules[0])
            assert (counters.matched, counters.fired) == (20, fired)


def test_probabilities_are_drawn_as_in_one_process(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    alone = open_worker(store_prefix="alone:")
    for worker in (first, alone):
        with worker.using() as world:
            world.add_rule(1, rule(probability=0.5))
    with alone.using() as world:
        expected = [world.fire(1, FakeRequest(), ()).match is not None for _ in range(30)]
    with first.using() as one, second.using() as other:
        fired = [
            (one, other)[number % 2].fire(1, FakeRequest(), ()).match is not None for number in range(30)
        ]
    assert fired == expected
    assert len(set(fired)) == 2


def test_a_rate_limit_is_one_for_all_workers(open_worker: OpenWorker, clock: SimpleNamespace) -> None:
    workers = two(open_worker)
    limit = {"type": "rate_limit", "limit": 3, "window_seconds": 10}
    with workers[0].using() as world:
        world.add_rule(1, rule(fault=limit))

    def statuses() -> list[int]:
        return [workers[number % 2].client().get("/v1/conversations").status_code for number in range(5)]

    assert statuses() == [200, 200, 200, 429, 429]
    clock.now += 20
    assert statuses() == [200, 200, 200, 429, 429]


def test_an_idempotency_key_is_one_for_all_workers(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        made = one.create_once(1, "k", "contact", None)
        assert other.create_once(1, "k", "contact", None) == (made[0], True)
        with pytest.raises(KeyReused):
            other.create_once(1, "k", "another", None)


def test_a_key_that_is_held_by_a_delayed_call_is_held_for_all_workers(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        assert one.hold_key(1, "k", 5.0)
        with pytest.raises(KeyInUse):
            other.create_once(1, "k", "contact", None)
        one.release_key(1, "k")
        assert other.follow()
        assert other.create_once(1, "k", "contact", None)[1] is False
        assert one.follow()
        assert not one.hold_key(1, "k", 5.0)


def test_a_key_that_a_worker_holds_as_it_dies_is_free_after_a_while(
    open_worker: OpenWorker, clock: SimpleNamespace
) -> None:
    first, second = open_worker(), open_worker()
    with first.using() as world:
        assert world.hold_key(1, "k", 5.0)
    first.close()
    with second.using() as world, pytest.raises(KeyInUse):
        world.create_once(1, "k", "contact", None)
    clock.now += 20
    with second.using() as world:
        assert world.create_once(1, "k", "contact", None)[1] is False


def test_a_reset_of_another_worker_refuses_the_writes_of_calls_in_flight(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        other.create(1, "contact", None)
        one.reset(one.state)
        with pytest.raises(SandboxReset):
            other.create(1, "contact", None)
        assert other.generation == 2
        assert other.create(2, "contact", None)


def test_a_world_that_another_worker_drops_refuses_the_writes_of_calls_in_flight(
    open_worker: OpenWorker,
) -> None:
    first, second = two(open_worker)
    with first.using() as world:
        kept = world.create(1, "contact", None).conversation.id
    with second.using() as world:
        first.fleet.drop(first.fleet.id_of_key("me"))
        assert kept in ids_of(world)
        with pytest.raises(SandboxReset):
            world.create(1, "contact", None)
        assert world.has_ended
    assert kept not in second.ids()


def test_a_world_that_has_begun_anew_is_not_taken_for_the_earlier_one(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    with second.using() as world:
        created = world.create(1, "contact", None).conversation.id
        first.fleet.drop(first.fleet.id_of_key("me"))
        with first.using() as again:
            assert again.create(1, "contact", None).conversation.id == created
        with pytest.raises(SandboxReset):
            world.create(1, "contact", None)
    assert second.ids() == first.ids()


def lose_the_last_change(worker: Worker, valkey: ValkeyServer, known: SharedSandbox) -> None:
    """Undo a change in the store, like a failover to a replica that has not got it. ``known`` is a copy without it."""
    keys, position = worker.keys_of(), known.position
    valkey.run("RPOP", keys.log)
    valkey.run("HSET", keys.meta, "n", position.number, "t", position.nonce.decode())


def test_a_change_that_the_store_has_lost_is_lost_for_all_workers(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        assert other.follow()
        lost = one.create(1, "contact", None).conversation.id
        lose_the_last_change(first, valkey, other)
        with pytest.raises(SandboxReset):
            one.create(1, "contact", None)
    assert lost not in first.ids()
    assert first.ids() == second.ids()


def test_another_change_in_the_place_of_a_lost_one_is_noticed(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        lost = one.put(1, "lost", {"contact_id": "contact"})
        lose_the_last_change(first, valkey, other)
        instead = other.put(1, "instead", {"contact_id": "contact"})
        assert one.position.number == other.position.number
        assert not one.follow()
        assert one.has_ended
    assert lost[0].conversation.id not in first.ids()
    assert instead[0].conversation.id in first.ids()


def test_a_log_from_which_changes_are_missing_makes_the_world_unavailable(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        one.create(1, "contact", None)
        one.create(1, "contact", None)
        valkey.run("UNLINK", first.keys_of().log)
        with pytest.raises(StoreUnavailable, match="changes of a world are missing"):
            other.create(1, "contact", None)
    answer = open_worker().client().get("/v1/conversations")
    assert answer.status_code == 503
    first.fleet.drop(first.fleet.id_of_key("me"))
    assert open_worker().client().get("/v1/conversations").status_code == 200


def test_a_lost_reply_does_not_append_twice(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    with TcpProxy(valkey.port) as proxy:
        worker = open_worker(f"valkey://127.0.0.1:{proxy.port}")
        with worker.using() as world:
            first = world.create(1, "contact", None).conversation.id
            # The request arrives, and the connection ends before its reply.
            proxy.cut_after(0)
            second = world.create(1, "contact", None).conversation.id
            worker.await_store()
            third = world.create(1, "contact", None).conversation.id
            assert world.position.number == 3
    assert valkey.run("LLEN", worker.keys_of().log) == 3
    with open_worker(store_prefix="alone:").using() as world:
        expected = [world.create(1, "contact", None).conversation.id for _ in range(3)]
    assert [first, second, third] == expected


def test_a_long_log_is_replaced_by_a_checkpoint(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        fill(one, "c")
        keys = first.keys_of()
        covered = int(valkey.run("HGET", keys.meta, "c"))
        assert 0 < covered <= CHANGES
        # A copy that is older than the checkpoint still finds the changes before it.
        assert valkey.run("LLEN", keys.log) == CHANGES
        assert other.follow()
        fill(one, "d")
        fill(one, "e")
        assert valkey.run("LLEN", keys.log) < 2 * CHANGES
        # Those before another one are gone. The copy takes over the checkpoint, and its calls go on.
        assert other.follow()
        pictured = picture_of(one)
        assert picture_of(other) == pictured
        other.check(1)
    for worker in (second, open_worker()):
        with worker.using() as world:
            assert picture_of(world) == pictured


def test_copies_that_are_not_older_than_a_checkpoint_go_on(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        for number in range(CHANGES):
            put(one, f"c{number}")
            assert other.follow()
        assert picture_of(one) == picture_of(other)
        assert other.put(1, "last", {"contact_id": "contact"})[1]


def test_workers_that_write_checkpoints_at_once_lose_nothing(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    workers = [open_worker() for _ in range(3)]

    def put_all(number: int) -> None:
        for each in range(CHANGES):
            while True:
                try:
                    with workers[number].using() as world:
                        put(world, f"c{number}-{each}")
                    break
                except SandboxReset:
                    # Its copy was older than the last two checkpoints of other workers.
                    continue

    run_in_threads(put_all, 3)
    expected = {f"c{number}-{each}" for number in range(3) for each in range(CHANGES)}
    assert int(valkey.run("HGET", workers[0].keys_of().meta, "c")) > 0
    for worker in (*workers, open_worker()):
        assert expected < set(worker.ids())


def test_a_checkpoint_that_cannot_be_written_does_not_fail_the_write_before_it(
    open_worker: OpenWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = open_worker()

    def fail(*_: object) -> None:
        raise StoreUnavailable("it is down")

    with worker.using() as world:
        monkeypatch.setattr(type(world._log), "save", fail)  # noqa: SLF001  # a store that fails only now
        fill(world, "c")
        assert world.position.number == CHANGES


def test_snapshots_are_those_of_all_workers(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    with first.using() as one, second.using() as other:
        taken = one.take_snapshot(1)
        other.delete(1, ID)
        assert [each.id for each in other.snapshots] == [taken.id]
        assert other.restore(taken.id).id == taken.id
        assert one.follow()
        assert (one.generation, one.get(ID)) == (2, other.get(ID))
        one.drop_snapshot(2, taken.id)
        assert other.follow()
        assert other.snapshots == []


def test_a_state_that_one_worker_imports_is_that_of_all(open_worker: OpenWorker) -> None:
    first, second = two(open_worker)
    client = first.client()
    client.delete(f"/v1/conversations/{ID}")
    client.post("/v1/conversations", data={"contact_id": "contact"}, headers={"Idempotency-Key": "k"})
    exported = client.get("/__admin/state").get_json()
    imported = second.client("other").put("/__admin/state", json=exported)
    assert imported.status_code < 300
    assert first.ids("other") == second.ids("other") == first.ids("me")


def test_conversations_with_a_pulse_are_the_same_for_all_workers(
    open_worker: OpenWorker, clock: SimpleNamespace
) -> None:
    first, second = two(open_worker, pulse=True)
    with first.using() as one, second.using() as other:
        began = [one.get(each) for each in ids_of(one)]
        for seconds in (1, 60, 4000, 86_400):
            clock.now += seconds
            assert other.follow()
            assert [one.get(each) for each in ids_of(one)] == [other.get(each) for each in ids_of(other)]
        assert [one.get(each) for each in ids_of(one)] != began
        assert one.follow()
        assert picture_of(one) == picture_of(other)


def test_a_whole_life_in_a_cluster(open_worker: OpenWorker, valkey_cluster: ValkeyCluster) -> None:
    first, second = open_worker(valkey_cluster.url), open_worker(valkey_cluster.url)
    client, other = first.client(), second.client()
    declared = client.post("/__admin/worlds", json={"name": "n", "scenario": "blank"}).get_json()
    faulty = {"fault": {"type": "status", "status": 503}, "times": 1}
    assert other.post("/__admin/faults", json=faulty).status_code == 201
    assert [client.get("/v1/conversations").status_code for _ in range(2)] == [503, 200]
    with first.using() as world:
        fill(world, "c")
    taken = other.post("/__admin/snapshots", json={}).get_json()
    assert client.delete("/v1/conversations/c0").status_code < 300
    assert other.post(f"/__admin/snapshots/{taken['id']}/restore", json={}).status_code < 300
    assert client.get("/v1/conversations/c0").status_code == 200
    named = second.client(declared["token"])
    assert named.post("/v1/conversations", data={"contact_id": "a"}).status_code == 201
    assert len(first.ids(WorldName("n"))) == 1
    listed = other.get("/__admin/sandboxes").get_json()["data"]
    assert {(each["name"], each["conversations"]) for each in listed} == {
        ("n", 1),
        (None, len(first.ids())),
    }
    assert len(first.client().get("/__admin/requests?limit=100").get_json()["data"]) > 3
    for each in listed:
        assert other.delete(f"/__admin/sandboxes/{each['id']}").status_code == 204
    assert client.get("/v1/conversations/c0").status_code == 404


def test_a_copy_of_another_incarnation_ends(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker()
    with worker.using() as world:
        valkey.run("HSET", worker.keys_of().meta, "i", "another")
        assert not world.take(world.position.number, OTHER)
        assert world.has_ended
        with pytest.raises(SandboxReset):
            world.create(1, "contact", None)


def test_a_reset_of_a_copy_that_has_ended_is_not_answered_as_if_it_were_made(open_worker: OpenWorker) -> None:
    with open_worker().using() as world:
        state: SandboxState = world.state
        world.end()
        with pytest.raises(SandboxReset):
            world.reset(state)
        world.release_key(1, "k")


def test_a_log_of_many_small_changes_is_replaced_by_a_checkpoint(
    open_worker: OpenWorker, valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.engines.valkey.log_length._MOST_CHANGES", 10)
    worker = open_worker()
    with worker.using() as world:
        for number in range(25):
            put(world, f"c{number}")
        assert valkey.run("HGET", worker.keys_of().meta, "c") == b"20"
