"""The file that says that the server is ready."""

import json
import os
from pathlib import Path

import pytest

from sandbox.server.ready_file import ReadyFile
from sandbox.settings import SettingsError
from tests.live.conftest import StartServer
from tests.live.server import SANDBOX, free_port, wait_until


def test_file_has_url_and_process_id_once_the_server_has_answered(start: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("of an earlier server")
    server = start("--ready-file", str(path))
    wait_until(lambda: path.exists() and "earlier" not in path.read_text())
    assert json.loads(path.read_text()) == {"url": server.address, "pid": server.process.pid}
    assert path.read_text().endswith("\n")
    assert [each.name for each in tmp_path.glob("*ready*")] == ["ready.json"]


def test_quiet_server_writes_it_too(start: StartServer, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [*SANDBOX, "--quiet", "--port", str(port), "--ready-file", str(tmp_path / "ready")]
    start(command=command, address=address)
    wait_until((tmp_path / "ready").exists)
    assert json.loads((tmp_path / "ready").read_text())["url"] == address


def test_pipe_is_written_as_it_is(start: StartServer) -> None:
    address = start().address
    reading, writing = os.pipe()
    ReadyFile(f"/dev/fd/{writing}").announce(address, 7)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert json.loads(pipe.read()) == {"url": address, "pid": 7}


def test_file_of_an_earlier_server_is_removed_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "ready").write_text("old")
    ReadyFile(str(tmp_path / "ready"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["", "nowhere/ready"])
def test_path_that_cannot_be_written_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^--ready-file must be "):
        ReadyFile(str(tmp_path / path))


def test_error_while_writing_is_one_line(
    tmp_path: Path, start: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    file = ReadyFile(str(tmp_path / "folder" / "ready"))
    (tmp_path / "folder").rmdir()
    file.announce(start().address, 7)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("protocol-sandbox: --ready-file: ")
