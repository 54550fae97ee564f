"""The file: who may open it, and transactions."""

import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from sandbox.engines.file.database import APPLICATION_ID, FORMAT, Database
from sandbox.world.engine import UnusableFile
from sandbox.world.errors import StorageFailed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "worlds.db"


def refusal(path: Path) -> str:
    with pytest.raises(UnusableFile) as refused:
        Database(str(path))
    return str(refused.value)


def rows(database: Database) -> list[int]:
    return [row for (row,) in database.execute("SELECT id FROM bases ORDER BY id")]


def test_new_file_is_for_its_owner_alone(path: Path) -> None:
    Database(str(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_empty_file_is_a_new_one(path: Path) -> None:
    path.touch()
    Database(str(path)).close()
    Database(str(path)).close()


def test_file_in_use_is_refused_until_it_is_closed(path: Path) -> None:
    database = Database(str(path))
    assert refusal(path) == "is in use by another server"
    database.close()
    Database(str(path)).close()


@pytest.mark.parametrize("text", ["not a database", "x" * 5000])
def test_another_kind_of_file_is_refused_and_left_as_it_is(path: Path, text: str) -> None:
    path.write_text(text)
    assert refusal(path) == "is not a file of this server; name another file"
    assert path.read_text() == text


def test_database_of_another_program_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (id)")
    other.close()
    assert refusal(path) == "is an SQLite file of another program; name another file"


@pytest.mark.parametrize("version", [0, FORMAT + 1])
def test_another_format_is_refused(path: Path, version: int) -> None:
    Database(str(path)).close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {version}")
    other.close()
    assert refusal(path) == (
        f"has the format {version}, and this version reads the format {FORMAT}; "
        "name another file, or run the version that wrote it"
    )


def test_file_says_whose_it_is(path: Path) -> None:
    Database(str(path)).close()
    with sqlite3.connect(path) as other:
        assert other.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    other.close()


def test_folder_that_is_missing_is_named_as_the_reason(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere" / "worlds.db") == "cannot be opened: No such file or directory"


def test_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "cannot be used: unable to open database file"


def test_transaction_writes_all_or_nothing(path: Path) -> None:
    database = Database(str(path))
    with database.transaction():
        database.execute("INSERT INTO bases (id) VALUES (1)")
    with suppress(ZeroDivisionError), database.transaction():
        database.execute("INSERT INTO bases (id) VALUES (2)")
        raise ZeroDivisionError
    assert rows(database) == [1]
    database.close()


def test_inner_transaction_belongs_to_the_outer_one(path: Path) -> None:
    database = Database(str(path))
    with suppress(ZeroDivisionError), database.transaction():
        with database.transaction():
            database.execute("INSERT INTO bases (id) VALUES (1)")
        raise ZeroDivisionError
    assert rows(database) == []
    with database.transaction(), database.transaction():
        database.execute("INSERT INTO bases (id) VALUES (2)")
    assert rows(database) == [2]
    database.close()


def test_a_statement_of_another_thread_is_no_part_of_a_transaction(path: Path) -> None:
    database = Database(str(path))
    other = Thread(target=database.execute, args=("INSERT INTO bases (id) VALUES (1)",))
    with suppress(ZeroDivisionError), database.transaction():
        other.start()
        # It waits for its turn. Without one, it would be done by now, and undone.
        other.join(0.05)
        raise ZeroDivisionError
    other.join()
    assert rows(database) == [1]
    database.close()


def test_file_without_room_fails_and_goes_on_when_there_is_room(path: Path) -> None:
    database = Database(str(path))
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    text = "x" * 100_000

    def write() -> None:
        with database.transaction():
            database.execute("INSERT INTO bases (id) VALUES (1)")
            database.execute("INSERT INTO calls (world, entry) VALUES (1, ?)", (text,))

    with pytest.raises(StorageFailed, match="full"):
        write()
    assert rows(database) == []
    database.execute(f"PRAGMA max_page_count = {pages + 100}")
    write()
    assert database.execute("SELECT entry FROM calls").fetchone() == (text,)
    database.close()


def test_committed_writes_are_in_a_copy_of_the_files(path: Path, tmp_path: Path) -> None:
    """A process that is killed leaves the file and its log as they are."""
    database = Database(str(path))
    with database.transaction():
        database.execute("INSERT INTO bases (id) VALUES (1)")
    database.execute("BEGIN")
    database.execute("INSERT INTO bases (id) VALUES (2)")
    for suffix in ("", "-wal"):
        (tmp_path / f"copy.db{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
    copy = Database(str(tmp_path / "copy.db"))
    assert rows(copy) == [1]
    copy.close()
    database.close()
