"""The fleet of a store: its keys, worlds that are used, ids, and wakes that were missed."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from sandbox.engines.valkey.fleet import SharedFleet
from sandbox.world.errors import UnknownSandbox
from tests.engines.valkey.workers import (
    COLLECTION,
    NAME,
    PREFIX,
    OpenWorker,
    all_keys,
    blank,
    call,
    rule,
    seconds_left,
    use_fully,
)
from tests.valkey_server import ValkeyServer
from tests.world.harness import run_in_threads

pytestmark = pytest.mark.needs("valkey-server")

TOKEN = "secret-token-of-a-long-length"


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


def use_id(fleet: SharedFleet, sandbox_id: str) -> None:
    with fleet.using_id(sandbox_id):
        raise AssertionError


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
