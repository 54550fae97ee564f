"""The states of worlds in the file: what belongs to one, and what goes with it."""

from pathlib import Path

from sandbox.world.state import SandboxState
from tests.applications import picture_of_state
from tests.engines.file.harness import Server, table_of

NAMES = [f"id-{number}" for number in range(8)]


def test_the_order_of_deletions_goes_on_after_a_restart(server: Server) -> None:
    for name in ("b", "a"):
        server.world().delete(1, name)
        server.restart()
    assert [place.id for place in server.world().state.table.deletions()] == ["b", "a"]


def test_a_state_that_is_replaced_leaves_nothing_behind(server: Server) -> None:
    world = server.world()
    world.create_once(1, "key", "contact", None)
    world.delete(1, "a")
    assert (server.count("states"), server.count("changes"), server.count("answers")) == (2, 2, 1)
    world.reset(server.start)
    assert (server.count("states"), server.count("changes"), server.count("answers")) == (2, 0, 0)


def test_idempotency_keys_of_an_import_are_kept(server: Server) -> None:
    server.world("you").create_once(1, "key", "contact", None)
    server.world().load(1, server.world("you").state)
    expected = list(server.world().state.idempotency_keys)
    server.restart()
    assert list(server.world().state.idempotency_keys) == expected
    assert [each.key for each in expected] == ["key"]


def test_a_story_goes_on_behind_what_a_client_has_written(tmp_path: Path) -> None:
    """If its place were not in the file, it would be told again, over the client's writes."""
    start = SandboxState(table_of(*NAMES), seed=7)
    server = Server(tmp_path / "worlds.db", start=start, has_pulse=True)
    world = server.world()
    server.clock.now += 6 * 3600
    for name in NAMES:
        flags = world.get(name).conversation
        opposite = {"is_muted": not flags.is_muted, "is_pinned": not flags.is_pinned, "last_opened_at": 5}
        world.update(1, name, opposite)
    expected = picture_of_state(world.state)
    server.restart()
    assert picture_of_state(server.world().state) == expected
    server.engine.close()
