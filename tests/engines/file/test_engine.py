"""Worlds that outlast the process: what a restart keeps, and in which order."""

import pytest

from sandbox.engines.file.database import Database
from sandbox.world.engine import UnusableFile
from sandbox.world.errors import StorageFailed, UnknownSnapshot
from sandbox.world.fleet import LocalFleet
from sandbox.world.journal import Key
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldName
from tests.engines.file.harness import Server, failing, rule, table_of
from tests.world.harness import FakeRequest
from tests.world.test_sandbox import CALL


def test_a_file_that_cannot_be_used_is_refused_before_anything_is_served(server: Server) -> None:
    with pytest.raises(UnusableFile, match="is in use"):
        Server(server.path)


def test_a_file_that_cannot_be_written_is_refused_if_something_must_be(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "execute_all", refuse)
    server.restart()
    # The table of another scenario must be written.
    server.start = SandboxState(table_of("c"), seed=7)
    with pytest.raises(UnusableFile) as refused:
        server.restart()
    assert str(refused.value) == "cannot be used: database or disk is full"


def refuse(*_: object) -> None:
    raise StorageFailed("database or disk is full")


def test_worlds_are_kept_with_their_keys(server: Server) -> None:
    for key in ("me", WorldName("me"), "tok\udcffen"):
        server.world(key).create(1, "contact", None)
    server.restart()
    assert list(server.kept) == ["", "me", WorldName("me"), "tok\udcffen"]
    assert [server.world(key).size for key in server.kept] == [2, 3, 3, 3]


def test_the_world_of_the_requests_without_a_token_is_kept(server: Server) -> None:
    server.world("").record(1, CALL)
    server.restart()
    assert [call.id for call in server.world("").entries(Key(), 10)] == ["call-1"]


def test_a_world_has_its_seed_and_key_in_its_draws_after_a_restart(server: Server) -> None:
    before = server.world().draw("fires", "rule-1", 1)
    ids = [server.world().create(1, "contact", None).conversation.id for _ in range(2)]
    server.restart()
    assert server.world().draw("fires", "rule-1", 1) == before
    again = server.world("you").create(1, "contact", None), server.world("you").create(1, "contact", None)
    assert [each.conversation.id for each in again] == ids
    assert server.world().create(1, "contact", None).conversation.id not in ids


def test_the_order_of_the_calls_of_all_worlds_is_kept(server: Server) -> None:
    for number, key in enumerate(["me", "you", "me", "you"]):
        server.world(key).record(1, CALL._replace(id=f"call-{number}"))
    server.restart()
    numbered = [*server.world("me").numbered_entries(), *server.world("you").numbered_entries()]
    assert [entry.id for _, entry in sorted(numbered)] == ["call-0", "call-1", "call-2", "call-3"]


def test_declared_worlds_are_kept_with_their_tokens_and_the_time_that_is_left(server: Server) -> None:
    server.engine.declare(WorldName("me"), "token", SandboxState(table_of("c"), seed=8), 60.0)
    server.engine.declare(WorldName("you"), "other", server.start, None)
    server.clock.now += 20
    server.restart()
    assert [(each.token, each.seconds_left) for each in server.kept.values()] == [
        ("", None),
        ("token", 40.0),
        ("other", None),
    ]
    assert [each.conversation.id for each in server.world(WorldName("me")).state.table] == ["c"]


def test_a_world_that_cannot_be_stored_is_not_declared(server: Server) -> None:
    fleet = server.fleet()
    state = SandboxState(table_of("c"), seed=8)
    with failing(server), pytest.raises(StorageFailed):
        fleet.declare(WorldName("me"), "token", state)
    assert len(fleet) == 0
    assert fleet.declare(WorldName("me"), "token", state).token == "token"


def test_nothing_pauses_under_the_lock_of_the_fleet(server: Server) -> None:
    """A greenlet that waits for the lock stops the loop, and with it the greenlet that pauses."""
    fleets: list[LocalFleet] = []
    pauses: list[bool] = []
    server.pause = lambda: pauses.extend(fleet._lock.locked() for fleet in fleets)  # noqa: SLF001  # no caller asks
    server.start = SandboxState(table_of(*(f"c{number}" for number in range(600))), seed=7)
    server.restart()
    fleets.append(server.fleet())
    large = SandboxState(table_of(*(f"d{number}" for number in range(600))), seed=7)
    slot = fleets[0].declare(WorldName("me"), "token", large)
    fleets[0].anonymous.world.reset(large)
    # The table of the scenario is of no world any more, and is written again.
    fleets[0].acquire("you")
    fleets[0].drop(fleets[0].id_of_key(slot.key))
    assert len(pauses) > 4
    assert not any(pauses)


def test_a_world_that_is_launched_before_the_file_is_open_lives_in_memory(server: Server) -> None:
    server.engine.close()
    server.engine._worlds = None  # noqa: SLF001  # as before kept(), in the process that starts others
    assert type(server.engine.launch("me")) is Sandbox
    assert type(server.engine.declare("you", "token", server.start, None)) is Sandbox
    server.restart()
    assert list(server.kept) == [""]


def test_snapshots_are_kept_and_their_ids_are_never_used_again(server: Server) -> None:
    world = server.world()
    first = world.take_snapshot(1)
    world.create(1, "contact", None)
    second = world.take_snapshot(1)
    world.drop_snapshot(1, second.id)
    server.restart()
    world = server.world()
    assert [(each.id, each.at, len(each.state.table)) for each in world.snapshots] == [(first.id, 1000.5, 2)]
    assert world.take_snapshot(1).id == "snapshot-3"
    world.restore(first.id)
    server.restart()
    assert server.world().size == 2
    with pytest.raises(UnknownSnapshot):
        server.world().restore(second.id)


def test_rules_go_on_counting_where_they_stopped(server: Server) -> None:
    server.world().add_rule(1, rule(times=2, name="flaky", skip=1))
    request = FakeRequest()
    fired = [server.world().fire(1, request, ()).match is not None for _ in range(2)]
    server.restart()
    fired += [server.world().fire(1, request, ()).match is not None for _ in range(2)]
    assert fired == [False, True, True, False]
    (kept,) = server.world().rules
    assert (kept.id, kept.name, server.world().counters(kept).matched) == ("rule-1", "flaky", 4)
