"""The worlds in the file: their rows, and those of their snapshots."""

import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sandbox.engines.file.bases import Bases
from sandbox.engines.file.calls import Calls
from sandbox.engines.file.database import Database
from sandbox.engines.file.states import States
from sandbox.world.errors import StorageFailed
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState


class WorldRow(NamedTuple):
    """A world in the file.

    ``key`` is the text of its key, ``ends_at`` is Unix seconds, and ``state_row`` is the row of its state.
    """

    row: int
    key: str
    token: str
    ends_at: float | None
    state_row: int
    snapshots_taken: int


class Worlds:
    """The worlds of a file, with their states, calls and snapshots."""

    def __init__(self, database: Database, bases: Bases, states: States, calls: Calls) -> None:
        self.database = database
        self.bases = bases
        self.states = states
        self.calls = calls

    def add(
        self, key: str, state: SandboxState, token: str = "", ends_at: float | None = None
    ) -> tuple[int, int]:
        """Write a new world in ``state``, and return its row and that of the state. Raises StorageFailed.

        A declared world is also selected by ``token``, and ends at ``ends_at`` in Unix seconds, if that is given.
        """
        # The fleet adds a world under its lock.
        with self.bases.holding(state.table, pauses=False) as base, self.database.transaction():
            state_row = self.states.add(state, base)
            row = self.database.execute(
                "INSERT INTO worlds (key, token, ends_at, state, snapshots_taken) VALUES (?, ?, ?, ?, 0)",
                (_key(key), token, ends_at, state_row),
            ).lastrowid
            assert row is not None
            return row, state_row

    def all(self) -> Iterator[WorldRow]:
        """Yield the worlds in the order in which they were added."""
        rows = self.database.execute(
            "SELECT id, key, token, ends_at, state, snapshots_taken FROM worlds ORDER BY id"
        ).fetchall()
        for row, key, *others in rows:
            yield WorldRow(row, key.decode(errors="surrogateescape"), *others)

    def forget(self, row: int) -> list[int]:
        """Delete a world, and return the bases that may be unused now.

        If the file cannot be written, the reason is printed, and the world is there again after the next start.
        """
        try:
            with self.database.transaction():
                states = self.database.execute(
                    "SELECT state FROM worlds WHERE id = ? UNION SELECT state FROM snapshots WHERE world = ?",
                    (row, row),
                ).fetchall()
                bases = {self.states.drop(state) for (state,) in states}
                self.calls.clear(row)
                self.database.execute("DELETE FROM snapshots WHERE world = ?", (row,))
                self.database.execute("DELETE FROM worlds WHERE id = ?", (row,))
                return sorted(bases)
        except StorageFailed as error:
            sys.stderr.write(f"protocol-sandbox: --persist: a world cannot be forgotten: {error}\n")
            return []

    def replace_state(self, row: int, state_row: int, replaced: int) -> int:
        """Give a world another state, delete the one before, and return the base that may be unused now."""
        self.database.execute("UPDATE worlds SET state = ? WHERE id = ?", (state_row, row))
        return self.states.drop(replaced)

    def add_snapshot(self, row: int, snapshot: Snapshot[SandboxState], state_row: int, taken: int) -> None:
        """Write a snapshot of a world that is in the state of ``state_row``."""
        copied = self.states.copy(state_row)
        self.database.execute(
            "INSERT INTO snapshots VALUES (?, ?, ?, ?)", (row, snapshot.id, snapshot.at, copied)
        )
        self.database.execute("UPDATE worlds SET snapshots_taken = ? WHERE id = ?", (taken, row))

    def snapshot_row(self, row: int, snapshot_id: str) -> int:
        """Return the row of the state of a snapshot."""
        found = self.database.execute(
            "SELECT state FROM snapshots WHERE world = ? AND id = ?", (row, snapshot_id)
        )
        (state_row,) = found.fetchone()
        assert isinstance(state_row, int)
        return state_row

    def snapshots(self, row: int) -> Iterator[Snapshot[SandboxState]]:
        """Yield the snapshots of a world, oldest first."""
        rows = self.database.execute(
            "SELECT id, at, state FROM snapshots WHERE world = ? ORDER BY rowid", (row,)
        ).fetchall()
        for snapshot_id, at, state_row in rows:
            yield Snapshot(snapshot_id, at, self.states.load(state_row))

    def drop_snapshot(self, row: int, snapshot_id: str) -> int:
        """Delete a snapshot, and return the base that may be unused now."""
        state_row = self.snapshot_row(row, snapshot_id)
        self.database.execute("DELETE FROM snapshots WHERE world = ? AND id = ?", (row, snapshot_id))
        return self.states.drop(state_row)

    def save_tallies(self, tallies: Iterable[tuple[str, int, int]]) -> None:
        """Write what server-wide rules have counted over all worlds: their ids, matches and firings."""
        self.database.execute_all(
            "INSERT INTO tallies VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET matched = excluded.matched, fired = excluded.fired",
            list(tallies),
        )


def _key(text: str) -> bytes:
    # A token may hold bytes that are no UTF-8.
    return text.encode(errors="surrogateescape")
