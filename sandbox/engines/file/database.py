"""The file: an SQLite database, its tables, and the errors of using it.

A state of a world is a base, which is a table of conversations that worlds share, and what was changed since. So a new
world, a reset and a snapshot write a row or two, whatever the size of the scenario.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any
from weakref import finalize

from sandbox.world.engine import UnusableFile
from sandbox.world.errors import StorageFailed

FORMAT = 1
"""The version of the tables. A file of another version is refused."""
APPLICATION_ID = 0x50524F54
"""Says in the file's header whose it is."""

_TABLES = """
CREATE TABLE bases (id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB UNIQUE);
CREATE TABLE base_rows (
    base INTEGER NOT NULL, n INTEGER NOT NULL, id TEXT NOT NULL, created_at INTEGER NOT NULL, json BLOB,
    PRIMARY KEY (base, n)
) WITHOUT ROWID;
CREATE TABLE states (
    id INTEGER PRIMARY KEY AUTOINCREMENT, base INTEGER NOT NULL, seed INTEGER NOT NULL, pinned_ids TEXT NOT NULL,
    id_index INTEGER NOT NULL, frozen_at REAL, clock_offset REAL NOT NULL,
    rules TEXT NOT NULL, server_rules TEXT NOT NULL, story TEXT
);
CREATE INDEX states_by_base ON states (base);
CREATE TABLE changes (
    state INTEGER NOT NULL, id TEXT NOT NULL, n INTEGER NOT NULL, created_at INTEGER NOT NULL, json BLOB,
    PRIMARY KEY (state, id)
) WITHOUT ROWID;
CREATE TABLE answers (
    state INTEGER NOT NULL, key TEXT NOT NULL, at REAL NOT NULL, json BLOB NOT NULL, PRIMARY KEY (state, key)
) WITHOUT ROWID;
CREATE TABLE worlds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, token TEXT NOT NULL, ends_at REAL,
    state INTEGER NOT NULL, snapshots_taken INTEGER NOT NULL
);
CREATE TABLE snapshots (
    world INTEGER NOT NULL, id TEXT NOT NULL, at REAL NOT NULL, state INTEGER NOT NULL, PRIMARY KEY (world, id)
);
CREATE TABLE calls (n INTEGER PRIMARY KEY, world INTEGER NOT NULL, entry TEXT NOT NULL);
CREATE INDEX calls_by_world ON calls (world, n);
CREATE TABLE call_counts (
    world INTEGER NOT NULL, operation TEXT NOT NULL, method TEXT NOT NULL, status INTEGER NOT NULL,
    count INTEGER NOT NULL, PRIMARY KEY (world, operation, method, status)
) WITHOUT ROWID;
CREATE TABLE server_rules (place INTEGER PRIMARY KEY, rule TEXT NOT NULL);
CREATE TABLE tallies (rule TEXT PRIMARY KEY, matched INTEGER NOT NULL, fired INTEGER NOT NULL) WITHOUT ROWID;
"""


class Database:
    """An open file, which no other process uses meanwhile.

    Threads take turns: each transaction is a turn. Raises UnusableFile if the file cannot be opened, is in use, is
    something else, or has another version.
    """

    def __init__(self, path: str) -> None:
        self._turn = RLock()
        self._depth = 0
        try:
            self._connection = self._opened(path)
        except sqlite3.Error as error:
            raise UnusableFile(_reason(error)) from None
        except OSError as error:
            raise UnusableFile(f"cannot be opened: {error.strerror}") from None
        # Also when the process ends: only then is everything in the one file, without SQLite's log beside it.
        self._close = finalize(self, self._connection.close)

    def close(self) -> None:
        """Close the file, which others may use then."""
        self._close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write what the block writes at once, or nothing if it raises. A block inside of another belongs to it.

        Raises StorageFailed if the file cannot be written.
        """
        with self._turn:
            if self._depth:
                yield
                return
            self._depth = 1
            try:
                yield from self._whole()
            finally:
                self._depth = 0

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Execute a statement. Raises StorageFailed."""
        try:
            # Outside of a transaction it is one by itself, and must not become a part of that of another thread.
            with self._turn:
                return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise StorageFailed(str(error)) from error

    def execute_all(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        """Execute a statement for each of ``rows``. Raises StorageFailed."""
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise StorageFailed(str(error)) from error

    def _whole(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A failed COMMIT may have ended the transaction already.
            if self._connection.in_transaction:
                self._connection.rollback()
            raise

    def _opened(self, path: str) -> sqlite3.Connection:
        is_new = not Path(path).exists() or not Path(path).stat().st_size
        if is_new:
            # The journal of the calls may hold what is nobody's business. SQLite gives its other files the same mode.
            Path(path).touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            # In WAL mode, a commit is in the file once it is written: it outlasts the process, though perhaps not the
            # machine. A sync for each would take milliseconds.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN EXCLUSIVE")
            if is_new:
                _create(connection)
            else:
                _check(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _check(connection: sqlite3.Connection) -> None:
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if owner != APPLICATION_ID:
        raise UnusableFile("is an SQLite file of another program; name another file")
    if version != FORMAT:
        raise UnusableFile(
            f"has the format {version}, and this version reads the format {FORMAT}; "
            "name another file, or run the version that wrote it"
        )


def _reason(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_BUSY:
        return "is in use by another server"
    if code == sqlite3.SQLITE_NOTADB:
        return "is not a file of this server; name another file"
    return f"cannot be used: {error}"
