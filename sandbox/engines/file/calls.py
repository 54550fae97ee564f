"""The journals of all worlds in the file, and their counters."""

import sys
from collections.abc import Iterator

from sandbox.engines.call_codec import call_of, text_of_call
from sandbox.engines.file.database import Database
from sandbox.world.errors import StorageFailed
from sandbox.world.journal import Counted, Entry, key_of


class Calls:
    """The calls of the worlds of a file, of which each keeps the last ``max_entries``."""

    def __init__(self, database: Database, max_entries: int) -> None:
        self._database = database
        self._max_entries = max_entries
        self._has_failed = False

    def add(self, world: int, entry: Entry, *, trims: bool) -> None:
        """Write a call, and delete those beyond the bound if it ``trims``.

        If the file cannot be written, the call does not fail, as what it has changed is in the file already. The reason
        is printed once.
        """
        operation, method, status = key_of(entry)
        try:
            with self._database.transaction():
                self._database.execute(
                    "INSERT INTO calls (world, entry) VALUES (?, ?)", (world, text_of_call(entry))
                )
                self._database.execute(
                    "INSERT INTO call_counts VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
                    (world, operation or "", method, status or 0),
                )
                if trims:
                    self._trim(world)
        except StorageFailed as error:
            if not self._has_failed:
                sys.stderr.write(f"protocol-sandbox: --persist: the journal cannot be written: {error}\n")
            self._has_failed = True

    def clear(self, world: int) -> None:
        """Delete the calls and the counters of a world."""
        self._database.execute("DELETE FROM calls WHERE world = ?", (world,))
        self._database.execute("DELETE FROM call_counts WHERE world = ?", (world,))

    def all(self) -> Iterator[tuple[int, Entry]]:
        """Yield the calls of all worlds with the world of each, in the order in which they were made."""
        for world, text in self._database.execute("SELECT world, entry FROM calls ORDER BY n"):
            yield world, call_of(text)

    def counts(self) -> Iterator[tuple[int, Counted, int]]:
        """Yield the counters of all worlds: the world, what was counted, and how often."""
        counts = self._database.execute("SELECT world, operation, method, status, count FROM call_counts")
        for world, operation, method, status, number in counts:
            yield world, (operation or None, method, status or None), number

    def _trim(self, world: int) -> None:
        self._database.execute(
            "DELETE FROM calls WHERE world = ? AND n <= "
            "(SELECT n FROM calls WHERE world = ? ORDER BY n DESC LIMIT 1 OFFSET ?)",
            (world, world, self._max_entries),
        )
