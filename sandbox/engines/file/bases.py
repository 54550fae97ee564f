"""Bases: tables of conversations in the file, which the states of any number of worlds share."""

import json
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from itertools import chain, islice
from threading import RLock

from sandbox.engines.file.database import Database
from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import StorageFailed
from sandbox.world.paging import Order
from sandbox.world.pause import Pause, no_pause
from sandbox.world.table import Table

_ROWS_AT_ONCE = 500


class Bases:
    """The bases of a file. ``pause`` is called again and again while a large one is written or deleted.

    Equal tables have one base, which is found by a digest of its rows. A base without a state is left over by a process
    that was killed; :meth:`sweep` deletes it.
    """

    def __init__(self, database: Database, pause: Pause) -> None:
        self._database = database
        self._pause = pause
        # The ids of the tables that are in memory, by identity: to compare their contents would take long.
        self._ids: dict[int, tuple[weakref.ref[Table], int]] = {}
        self._tables: weakref.WeakValueDictionary[int, Table] = weakref.WeakValueDictionary()
        self._held: Counter[int] = Counter()
        self._lock = RLock()

    @contextmanager
    def holding(self, table: Table, *, pauses: bool = True) -> Iterator[int]:
        """Yield the id of the base that is ``table``, which is not deleted before the block ends.

        It is written if it is not there; without ``pauses``, where a lock is held. If the block raises, it is deleted
        again if it is unused. Raises StorageFailed.
        """
        base = self._hold(table)
        if base is None:
            base = self._write(table, self._pause if pauses else no_pause)
        is_done = False
        try:
            yield base
            is_done = True
        finally:
            with self._lock:
                self._held[base] -= 1
            if not is_done:
                self.drop_unused(base, pauses=pauses)

    def _hold(self, table: Table) -> int | None:
        with self._lock:
            known = self._ids.get(id(table))
            if known is None or known[0]() is not table:
                return None
            self._held[known[1]] += 1
            return known[1]

    def _write(self, table: Table, pause: Pause) -> int:
        digest = _digest(table, pause)
        with self._lock:
            base = self._find(digest)
            if base is not None:
                self._know(table, base)
                self._held[base] += 1
                return base
        base = self._database.execute("INSERT INTO bases (digest) VALUES (NULL)").lastrowid
        assert base is not None
        try:
            self._fill(base, table, pause)
            # Only now can others find it. If another has written the same meanwhile, there are two of them.
            self._database.execute("UPDATE OR IGNORE bases SET digest = ? WHERE id = ?", (digest, base))
        except StorageFailed:
            # What there was room for must not stay and fill the disk.
            with suppress(StorageFailed):
                self._delete(base, pause)
            raise
        with self._lock:
            self._know(table, base)
            self._held[base] += 1
        return base

    def _fill(self, base: int, table: Table, pause: Pause) -> None:
        rows = _rows(table)
        while some := [(base, number, *row) for number, row in islice(rows, _ROWS_AT_ONCE)]:
            with self._database.transaction():
                self._database.execute_all("INSERT INTO base_rows VALUES (?, ?, ?, ?, ?)", some)
            pause()

    def _find(self, digest: bytes) -> int | None:
        found = self._database.execute("SELECT id FROM bases WHERE digest = ?", (digest,)).fetchone()
        return None if found is None else int(found[0])

    def load_all(self) -> list[Table]:
        """Return the tables of all bases, which states then share as long as the list is in memory."""
        return [self.load(base) for (base,) in self._database.execute("SELECT id FROM bases").fetchall()]

    def load(self, base: int) -> Table:
        """Return the table of a base."""
        known = self._tables.get(base)
        if known is not None:
            return known
        records, deletions = [], []
        rows = self._database.execute(
            "SELECT id, created_at, json FROM base_rows WHERE base = ? ORDER BY n", (base,)
        )
        for conversation_id, created_at, text in rows:
            if text is None:
                deletions.append(Order(-created_at, conversation_id))
            else:
                records.append(record_of(text))
        table = Table.of(records, deletions)
        self._know(table, base)
        return table

    def drop_unused(self, base: int, *, pauses: bool = True) -> None:
        """Delete a base if no state has it any more. Without ``pauses``, where a lock is held.

        If the file cannot be written, the change after which it is unused has been made all the same, and the base is
        deleted by the next process.
        """
        with suppress(StorageFailed):
            self._drop_unused(base, self._pause if pauses else no_pause)

    def _drop_unused(self, base: int, pause: Pause) -> None:
        with self._lock:
            users = self._database.execute("SELECT 1 FROM states WHERE base = ? LIMIT 1", (base,))
            if self._held[base] or users.fetchone():
                return
            del self._held[base]
            self._database.execute("UPDATE bases SET digest = NULL WHERE id = ?", (base,))
            self._ids = {key: known for key, known in self._ids.items() if known[1] != base}
        self._delete(base, pause)

    def _delete(self, base: int, pause: Pause) -> None:
        first = 0
        while True:
            first += _ROWS_AT_ONCE
            deleted = self._database.execute("DELETE FROM base_rows WHERE base = ? AND n < ?", (base, first))
            if not deleted.rowcount:
                break
            pause()
        self._database.execute("DELETE FROM bases WHERE id = ?", (base,))

    def sweep(self) -> None:
        """Delete the bases that no state has."""
        for (base,) in self._database.execute(
            "SELECT id FROM bases WHERE id NOT IN (SELECT base FROM states)"
        ).fetchall():
            self.drop_unused(base)

    def _know(self, table: Table, base: int) -> None:
        key = id(table)
        self._tables[base] = table
        self._ids[key] = weakref.ref(table, lambda gone: self._unknow(key, gone)), base

    def _unknow(self, key: int, gone: "weakref.ref[Table]") -> None:
        known = self._ids.get(key)
        if known is not None and known[0] is gone:
            del self._ids[key]


def record_of(text: bytes) -> Record:
    """Return the record of a row. The server has written it, so it is not validated."""
    return Record(Conversation(**json.loads(text)), text)


def _rows(table: Table) -> Iterator[tuple[int, tuple[str, int, bytes | None]]]:
    """Yield the rows of a table with their numbers: the deletions in their order, then the records."""
    deletions = ((place.id, -place.newest_first, None) for place in table.deletions())
    records = ((each.conversation.id, each.conversation.created_at, each.json) for each in table)
    return enumerate(chain(deletions, records))


def _digest(table: Table, pause: Pause) -> bytes:
    digest = blake2b(digest_size=16)
    rows = _rows(table)
    while some := [row for _, row in islice(rows, _ROWS_AT_ONCE)]:
        digest.update(repr(some).encode())
        pause()
    return digest.digest()
