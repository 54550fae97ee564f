"""The fleet of a store: keys, expiry, declared worlds, capacity, ids, lists, and loads by many calls at once."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from sandbox.engines.valkey.fleet import SharedFleet
from sandbox.faults.rule_document import RuleDocument
from sandbox.world.errors import FleetFull, NameTaken, SandboxReset, UndeclaredWorld, UnknownSandbox
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from sandbox.world.world_name import WorldName
from tests.engines.valkey.workers import COLLECTION, ID, PREFIX, OpenWorker, Worker, call, rule
from tests.valkey_server import ValkeyServer
from tests.world.harness import run_in_threads

pytestmark = pytest.mark.needs("valkey-server")

TOKEN = "secret-token-of-a-long-length"
NAME = WorldName("checkout")


def blank() -> SandboxState:
    return SandboxState(Table.of(()), seed=1)


def all_keys(valkey: ValkeyServer) -> list[str]:
    return [key.decode() for key in valkey.run("KEYS", "*")]


def values_of(valkey: ValkeyServer, key: str) -> list[bytes]:
    match valkey.run("TYPE", key):
        case b"hash":
            return [each for pair in valkey.run("HGETALL", key).items() for each in pair]
        case b"list":
            return list(valkey.run("LRANGE", key, 0, -1))
        case b"zset":
            return list(valkey.run("ZRANGE", key, 0, -1))
        case b"string":
            return [valkey.run("GET", key)]
        case kind:
            raise AssertionError(kind)


def use_fully(worker: Worker, token: str) -> None:
    """Do what makes each key that a world may have."""
    client = worker.client(token)
    client.post(COLLECTION, data={"contact_id": "a"}, headers={"Idempotency-Key": "k"})
    client.get(f"{COLLECTION}?access_token={token}")
    client.post("/__admin/faults", json={"fault": {"type": "status", "status": 503}, "skip": 10})
    client.post("/__admin/snapshots", json={})
    client.get(COLLECTION)


def test_tokens_are_nowhere_in_the_store(open_worker: OpenWorker, valkey: ValkeyServer) -> None:
    worker = open_worker()
    use_fully(worker, TOKEN)
    worker.fleet.declare(NAME, TOKEN + "-2", blank())
    worker.client(TOKEN + "-2").get(COLLECTION)
    seen = [key.encode() for key in all_keys(valkey)]
    seen += [value for key in all_keys(valkey) for value in values_of(valkey, key)]
    assert any(b"createConversation" in text for text in seen)
    assert not [text for text in seen if TOKEN.encode() in text]


def test_all_keys_begin_with_the_prefix_and_those_of_a_world_share_a_slot(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    worker = open_worker()
    use_fully(worker, TOKEN)
    keys = all_keys(valkey)
    assert all(key.startswith(PREFIX) for key in keys)
    of_world = set(worker.keys_of(TOKEN)) & set(keys)
    assert of_world == set(worker.keys_of(TOKEN)[:-1])
    id_of_world = worker.fleet.id_of_key(TOKEN)
    assert all(key.startswith(f"{PREFIX}{{{id_of_world}}}:") for key in of_world)


def seconds_left(valkey: ValkeyServer, *keys: str) -> list[float]:
    """Return the times after which keys expire, in seconds; -0.001 if a key does not."""
    return [int(valkey.run("PTTL", key)) / 1000 for key in keys if valkey.run("EXISTS", key)]


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


def test_a_world_that_is_used_lives_on(
    open_worker: OpenWorker, valkey: ValkeyServer, clock: SimpleNamespace
) -> None:
    worker = open_worker(idle_seconds=100)
    slot = worker.fleet.declare(NAME, "its-token", blank())
    use_fully(worker, "its-token")
    keys = (*worker.keys_of(NAME)[:-1], worker.keys_of("its-token").alias)
    for key in keys:
        valkey.run("PEXPIRE", key, 50_000)
    with worker.using(NAME):
        assert max(seconds_left(valkey, *keys)) <= 50
    clock.uptime += 6
    with worker.using(NAME):
        assert min(seconds_left(valkey, *keys)) > 100
    assert slot is worker.slot(NAME)


def test_a_world_lives_on_while_a_long_call_uses_it(
    open_worker: OpenWorker, valkey: ValkeyServer, clock: SimpleNamespace
) -> None:
    worker = open_worker(idle_seconds=100)
    keys = worker.keys_of()
    with worker.using():
        for key in keys:
            valkey.run("PEXPIRE", key, 50_000)
        clock.uptime += 6
        worker.fleet.keep_used()
        assert min(seconds_left(valkey, *keys)) > 100


def test_the_scenario_of_a_world_lives_as_long_as_the_world(
    open_worker: OpenWorker, valkey: ValkeyServer, clock: SimpleNamespace
) -> None:
    worker = open_worker(idle_seconds=100)
    client = worker.client()
    client.post("/__admin/reset", json={"scenario": "generated-120", "seed": 3})
    with worker.using() as world:
        (source,) = (worker.keys.source(digest) for digest in world.digests)
        # Somebody has taken a snapshot of an earlier scenario.
        client.post("/__admin/snapshots", json={})
        client.post("/__admin/reset", json={"scenario": "blank"})
        assert len(world.digests) == 2
    assert 200 < seconds_left(valkey, source)[0] <= 210
    valkey.run("PEXPIRE", source, 50_000)
    clock.uptime += 6
    with worker.using():
        assert seconds_left(valkey, source)[0] > 200


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


def test_copies_that_nobody_uses_are_forgotten(open_worker: OpenWorker, clock: SimpleNamespace) -> None:
    worker = open_worker(idle_seconds=100)
    worker.fleet.declare(NAME, "its-token", blank())
    for key in ("me", "its-token"):
        assert worker.ids(key) is not None
    clock.uptime += 106
    worker.fleet.keep_used()
    assert list(worker.fleet._copies) == []  # noqa: SLF001  # memory that nobody sees
    assert worker.fleet._copies._aliases == {}  # noqa: SLF001  # likewise


# Declared worlds


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


def test_strict_fleets_serve_declared_worlds_alone(open_worker: OpenWorker) -> None:
    first, second = open_worker(strict_worlds=True), open_worker(strict_worlds=True)
    first.fleet.declare(NAME, "its-token", blank())
    assert second.ids(NAME) == second.ids("its-token") == []
    for key in ("me", WorldName("other")):
        with pytest.raises(UndeclaredWorld):
            second.ids(key)
    assert second.client().get(COLLECTION).status_code == 400


# Capacity


def make_idle(worker: Worker, valkey: ValkeyServer, key: str) -> None:
    """Let a world seem unused for long."""
    valkey.run("ZADD", worker.keys.used, 1, worker.fleet.id_of_key(key))


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


def test_a_worker_has_no_more_copies_than_there_may_be_sandboxes(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    worker = open_worker(max_sandboxes=2, idle_seconds=0)
    for name in "abcd":
        worker.ids(name)
        make_idle(worker, valkey, name)
    assert len(list(worker.fleet._copies)) <= 3  # noqa: SLF001  # memory that nobody sees


# Ids and lists


def use_id(fleet: SharedFleet, sandbox_id: str) -> None:
    with fleet.using_id(sandbox_id):
        raise AssertionError


def test_lists_are_those_of_all_workers(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    first.client(TOKEN).get(COLLECTION)
    second.client("", X_SANDBOX_WORLD="checkout").post(COLLECTION, data={"contact_id": "a"})
    listed = [first.client().get("/__admin/sandboxes").get_json()["data"] for _ in (first, second)]
    for each in (entry for entries in listed for entry in entries):
        each.pop("idle_seconds")
    assert listed[0] == listed[1]
    assert [(each["name"], each["token"], each["requests"]) for each in listed[0]] == [
        (None, "secr…", 1),
        ("checkout", None, 1),
    ]


def test_a_world_is_used_by_its_id(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    with first.using() as world:
        world.add_rule(1, rule())
    sandbox_id = first.fleet.id_of_key("me")
    with second.fleet.using_id(sandbox_id) as lease:
        assert len(lease.world.rules) == 1
    # The first call with the token knows its key, on which the draws of the rules depend.
    assert second.slot().key == "me"


@pytest.mark.parametrize(
    "unknown", ["anonymous", "0" * 32, "nothing", "}", "{a}", "", "\n", "source-x", "g" * 32, "é"]
)
@pytest.mark.parametrize("act", [SharedFleet.drop, use_id])
def test_ids_of_no_sandbox_are_unknown(
    open_worker: OpenWorker, unknown: str, act: Callable[[SharedFleet, str], None]
) -> None:
    worker = open_worker()
    worker.app.test_client().get(COLLECTION)
    with pytest.raises(UnknownSandbox):
        act(worker.fleet, unknown)


def test_the_id_of_the_token_of_a_declared_world_is_that_of_no_sandbox(open_worker: OpenWorker) -> None:
    worker = open_worker()
    worker.fleet.declare(NAME, "its-token", blank())
    assert worker.ids("its-token") == []
    token_id = worker.fleet.id_of_key("its-token")
    with pytest.raises(UnknownSandbox):
        worker.fleet.drop(token_id)
    with pytest.raises(UnknownSandbox):
        use_id(worker.fleet, token_id)
    assert worker.ids("its-token") == []


# Loads


def test_calls_that_open_a_world_at_once_share_its_copy(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    with first.using() as world:
        world.create(1, "contact", None)
    slots = run_in_threads(lambda _: second.slot())
    assert len(set(map(id, slots))) == 1
    assert len(second.fleet._copies._opening) == 0  # noqa: SLF001  # memory that nobody sees


def test_calls_that_begin_a_world_at_once_begin_it_once(open_worker: OpenWorker) -> None:
    workers = open_worker(), open_worker()
    ids = run_in_threads(lambda number: tuple(workers[number % 2].ids()))
    assert len(set(ids)) == 1
    assert len(workers[0].fleet) == 1


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


def test_calls_without_a_token_share_a_world_in_all_workers(open_worker: OpenWorker) -> None:
    first, second = open_worker(), open_worker()
    assert first.app.test_client().get(COLLECTION).status_code == 401
    assert second.app.test_client().get(COLLECTION).status_code == 401
    (entries, *others) = [entries for _, entries in second.fleet.journals()]
    assert len(entries) == 2
    assert others == []
    assert len(first.fleet) == 0


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


def test_a_wake_that_was_missed_is_made_up_for(
    open_worker: OpenWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = open_worker(), open_worker()
    with second.leased() as (copy, lease):
        with first.using() as world:
            world.record(1, call())

        def act(number: int) -> bool | None:
            if number == 0:
                return copy.sleep(lease.generation, 60.0, None)
            while not copy.sleeping:
                pass
            monkeypatch.setattr(second.fleet, "wake", lambda _: None)  # the channel is silent
            with first.using() as world:
                world.reset(world.state)
            second.fleet.keep_used()
            return None

        assert run_in_threads(act, 2)[0] is True
