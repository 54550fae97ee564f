"""The journal as a file: all calls of all sandboxes, whatever is reset."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from sandbox.app import create_app
from sandbox.edge.journal_file import JournalFile
from sandbox.settings import Settings, SettingsError
from sandbox.world.journal import Entry, Headers
from tests.live.server import run_program

ENTRY = Entry("r-1", 5.12345, "GET", "/v1/é", "", Headers.of((("A", "b"),)), "", None, 404, 1.23456)


def test_entries_are_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    for _ in range(2):
        JournalFile(str(path)).append(ENTRY)
    first, second = path.read_text().splitlines()
    assert first == second
    shown = json.loads(first)
    assert (shown["path"], shown["headers"], shown["at"], shown["duration_ms"]) == (
        "/v1/é",
        {"A": "b"},
        5.123,
        1.235,
    )
    assert path.stat().st_mode & 0o077 == 0


FORKS = """
import os, sys
from sandbox.edge.journal_file import JournalFile
from sandbox.world.journal import Entry, Headers

file = JournalFile(sys.argv[1])
entry = Entry("r-1", 5.0, "POST", "/v1/conversations", "", Headers.of(()), "b" * 20_000, None, 404, 1.0)
pids = []
for _ in range(2):
    if (pid := os.fork()) == 0:
        for _ in range(200):
            file.append(entry)
        os._exit(0)
    pids.append(pid)
print(*[os.waitpid(pid, 0)[1] for pid in pids])
"""


def test_lines_of_several_processes_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    assert run_program(FORKS, str(path), folder=tmp_path) == "0 0\n"
    lines = path.read_text().splitlines()
    assert len(lines) == 400
    assert {json.loads(line)["body"] for line in lines} == {"b" * 20_000}


def test_calls_of_all_tokens_are_recorded_and_stay_after_a_reset(
    open_app: Callable[..., Flask], tmp_path: Path
) -> None:
    client = open_app("documented", journal_file=str(tmp_path / "calls")).test_client()
    for token in ("Bearer a", "Bearer b"):
        client.get("/v1/conversations", headers={"Authorization": token})
    client.get("/v1/conversations")
    client.post("/__admin/reset?all=true", json={})
    entries = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    assert [entry["status"] for entry in entries] == [200, 200, 401]
    assert [entry["headers"]["Authorization"] for entry in entries[:2]] == ["[redacted]"] * 2


def test_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^--journal-file cannot be written: No such"):
        create_app(Settings(scenario="blank", journal_file=str(tmp_path / "nowhere" / "calls")))


def test_file_that_cannot_be_written_fails_no_call(capsys: pytest.CaptureFixture[str]) -> None:
    reading, writing = os.pipe()
    file = JournalFile(f"/dev/fd/{writing}")
    os.close(reading)
    os.close(writing)
    for _ in range(2):
        file.append(ENTRY)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(": Broken pipe")
