"""Worlds in a file, for the tests of this folder."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.engines.file import FileEngine, KeptServerRules
from sandbox.engines.file.world import KeptSandbox
from sandbox.faults.rule_document import RuleDocument
from sandbox.schemas.conversation import encode
from sandbox.world.conversation import Conversation, Record
from sandbox.world.engine import KeptWorld
from sandbox.world.fleet import LocalFleet
from sandbox.world.pause import Pause, no_pause
from sandbox.world.rules import UnboundRule
from sandbox.world.runtime import Bounds, Runtime
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from sandbox.world.world_name import WorldKey
from tests.world.harness import BOUNDS, FakeClock


def table_of(*conversation_ids: str) -> Table:
    return Table.of(
        Record(each, encode(each))
        for each in (
            Conversation.begin(conversation_id, "contact", None, 1) for conversation_id in conversation_ids
        )
    )


def rule(**document: Any) -> UnboundRule:
    """Return a fault rule, by default one that fails every call."""
    loaded: UnboundRule = RuleDocument().load({"fault": {"type": "status", "status": 503}, **document})
    return loaded


class Server:
    """A process that keeps its worlds in a file; another one begins with :meth:`restart`.

    A world begins with the conversations ``a`` and ``b`` on a clock that shows 1000.5.
    """

    def __init__(
        self,
        path: Path,
        *,
        bounds: Bounds = BOUNDS,
        pause: Pause = no_pause,
        start: SandboxState | None = None,
        has_pulse: bool = False,
    ) -> None:
        self.path = path
        self.clock = FakeClock()
        self.bounds = bounds
        self.pause = pause
        self.has_pulse = has_pulse
        self.start = start or SandboxState(table_of("a", "b"), seed=7)
        self._begin()

    def restart(self) -> None:
        self.engine.close()
        self._begin()

    def world(self, key: WorldKey = "me") -> KeptSandbox:
        """Return the world of ``key``, which is launched if it was not kept."""
        if key not in self.kept:
            self.kept[key] = KeptWorld(key, self.engine.launch(key))
        world = self.kept[key].world
        assert isinstance(world, KeptSandbox)
        return world

    def fleet(self) -> LocalFleet:
        """Return a fleet that begins with the worlds of the file, as in a process that has just begun."""
        self.engine.close()
        self.engine._worlds = None  # noqa: SLF001  # as before kept(), in the process that starts others
        fleet = LocalFleet(self.engine, lambda: 0.0, capacity=9, idle_seconds=0)
        fleet.begin()
        return fleet

    def count(self, table: str) -> int:
        """Return the number of rows of a table of the file."""
        assert self.engine._worlds is not None  # noqa: SLF001  # to look into the file
        rows = self.engine._worlds.database.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: SLF001  # likewise
        (number,) = rows.fetchone()
        assert isinstance(number, int)
        return number

    def _begin(self) -> None:
        runtime = Runtime(self.clock, encode, self.bounds)
        self.rules = KeptServerRules(self.bounds.rules, lambda: None)
        self.engine = FileEngine(
            str(self.path), lambda: self.start, runtime, self.rules, self.pause, has_pulse=self.has_pulse
        )
        self.kept = {each.key: each for each in self.engine.kept()}


@contextmanager
def failing(server: Server) -> Iterator[None]:
    """Let the file refuse all writes while the block runs."""
    assert server.engine._worlds is not None  # noqa: SLF001  # to break the file
    database = server.engine._worlds.database  # noqa: SLF001  # likewise
    database.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        database.execute("PRAGMA query_only = OFF")


@contextmanager
def failing_in_the_end(server: Server) -> Iterator[None]:
    """Let the file refuse all commits while the block runs, like a disk that is full."""
    assert server.engine._worlds is not None  # noqa: SLF001  # to break the file
    connection = server.engine._worlds.database._connection  # noqa: SLF001  # likewise

    def refuse(action: int, name: str | None, *_: str | None) -> int:
        is_commit = action == sqlite3.SQLITE_TRANSACTION and name == "COMMIT"
        return sqlite3.SQLITE_DENY if is_commit else sqlite3.SQLITE_OK

    connection.set_authorizer(refuse)
    try:
        yield
    finally:
        connection.set_authorizer(None)
