"""Server-wide rules in a store: those of all workers, their tallies and lives, and rules that the store has lost."""

import pytest

from sandbox.world.errors import UnknownRule
from tests.engines.valkey.workers import COLLECTION, OpenWorker, Worker, rule
from tests.tcp_proxy import TcpProxy
from tests.valkey_server import ValkeyServer
from tests.world.harness import run_in_threads

pytestmark = pytest.mark.needs("valkey-server")


def followed(worker: Worker) -> list[str]:
    """Return the ids of the rules as the next call of a worker sees them."""
    worker.rules.follow()
    return [each.id for each in worker.rules.rules]


def test_rules_are_those_of_all_workers(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    added = first.rules.add_rule(0, rule())
    assert second.client().get(COLLECTION).status_code == 503
    second.rules.switch_rule(0, added.id, enabled=False)
    assert first.client().get(COLLECTION).status_code == 200
    second.rules.remove_rule(0, added.id)
    assert followed(first) == []


def test_rules_of_several_workers_have_ids_of_their_own(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    assert [worker.rules.add_rule(0, rule()).id for worker in (first, second, first)] == [
        "server-rule-1",
        "server-rule-2",
        "server-rule-3",
    ]
    second.rules.follow()
    second.rules.order_rules(0, ["server-rule-3", "server-rule-1", "server-rule-2"])
    assert followed(first) == ["server-rule-3", "server-rule-1", "server-rule-2"]
    first.rules.remove_rule(0, "server-rule-1")
    second.rules.follow()
    with pytest.raises(UnknownRule):
        second.rules.remove_rule(0, "server-rule-1")


def test_rules_that_are_added_at_once_are_all_there(open_worker: OpenWorker) -> None:
    workers = open_worker(), open_worker()
    ids = run_in_threads(lambda number: workers[number % 2].rules.add_rule(0, rule()).id)
    assert sorted(ids) == [f"server-rule-{number}" for number in range(1, 9)]
    assert sorted(followed(workers[0])) == sorted(followed(workers[1])) == sorted(ids)


def test_tallies_are_the_sums_over_all_workers_and_worlds(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    added = first.rules.add_rule(0, rule(times=2))
    for worker in (first, second):
        for token in ("a", "b"):
            for _ in range(3):
                worker.client(token).get(COLLECTION)
    assert followed(second) == [added.id]
    for worker in (first, second):
        counters = worker.rules.counters(worker.rules.get_rule(added.id))
        # Each world counts for itself.
        assert (counters.matched, counters.fired) == (12, 4)
    first.fleet.drop(first.fleet.id_of_key("a"))
    counters = second.rules.counters(second.rules.get_rule(added.id))
    assert (counters.matched, counters.fired) == (12, 4)


def test_a_rule_that_replaces_another_is_counted_from_zero(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    added = first.rules.add_rule(0, rule(times=1))
    assert [second.client().get(COLLECTION).status_code for _ in range(2)] == [503, 200]
    first.rules.change_rule(0, added.id, rule(times=1, name="another"))
    assert [second.client().get(COLLECTION).status_code for _ in range(2)] == [503, 200]
    counters = second.rules.counters(second.rules.get_rule(added.id))
    assert (counters.matched, counters.fired) == (2, 1)
    # The life of a rule is that of its worlds' counters, too.
    first.rules.switch_rule(0, added.id, enabled=False)
    first.rules.switch_rule(0, added.id, enabled=True)
    assert second.client().get(COLLECTION).status_code == 200


def test_rules_of_the_command_line_are_those_of_one_worker(open_worker: OpenWorker) -> None:
    first, second = open_worker(error_rate=1.0), open_worker()
    assert first.client().get(COLLECTION).status_code == 500
    assert second.client().get(COLLECTION).status_code == 200
    # A world that has counted for it is read by a worker that does not have it.
    assert first.client().get(COLLECTION).status_code == 500


def test_a_call_that_a_server_wide_rule_delays_is_woken_by_another_worker(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    delaying = first.rules.add_rule(0, rule())
    with second.leased() as (world, lease):
        (known,) = second.rules.rules

        def act(number: int) -> bool | None:
            if number == 0:
                return world.sleep(lease.generation, 60.0, known)
            while not world.sleeping:
                pass
            first.rules.remove_rule(0, delaying.id)
            return None

        assert run_in_threads(act, 2)[0] is True


def test_rules_that_the_store_has_lost_are_lost_for_all_workers(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    first, second = open_worker(), open_worker()
    first.rules.add_rule(0, rule())
    kept = valkey.run("HGETALL", first.keys.rules)
    assert followed(second) == ["server-rule-1"]
    first.rules.add_rule(0, rule())
    assert followed(second) == ["server-rule-1", "server-rule-2"]
    # A failover to a replica that has not got the second one.
    for name, value in kept.items():
        valkey.run("HSET", first.keys.rules, name, value)
    assert first.rules.add_rule(0, rule(name="instead")).id == "server-rule-2"
    assert followed(second) == ["server-rule-1", "server-rule-2"]
    assert second.rules.get_rule("server-rule-2").name == "instead"
    for name, value in kept.items():
        valkey.run("HSET", first.keys.rules, name, value)
    assert followed(first) == followed(second) == ["server-rule-1"]
    valkey.run("FLUSHALL")
    assert followed(first) == []
    assert second.rules.add_rule(0, rule()).id == "server-rule-1"


def test_a_lost_reply_does_not_add_a_rule_twice(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    with TcpProxy(valkey.port) as proxy:
        worker = open_worker(f"valkey://127.0.0.1:{proxy.port}")
        worker.rules.follow()
        proxy.cut_after(0)
        worker.rules.add_rule(0, rule())
    assert followed(open_worker()) == ["server-rule-1"]


def test_worlds_are_read_whose_rules_have_ended(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    added = first.rules.add_rule(0, rule(times=1))
    with second.using() as copy:
        # This copy reads later of the calls that were counted.
        assert first.client().get(COLLECTION).status_code == 503
        first.rules.remove_rule(0, added.id)
        assert copy.follow()
    third = open_worker()
    assert third.client().get(COLLECTION).status_code == 200
    assert third.ids() == second.ids()
