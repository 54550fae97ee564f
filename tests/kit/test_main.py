"""``python -m protocol_sandbox`` and the installed command, in a repository with a folder ``sandbox/`` of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from protocol_sandbox import Server
from sandbox import __version__
from tests.live.server import SCRIPTS, TIMEOUT_SECONDS, environment

COMMANDS = {
    "module": [sys.executable, "-m", "protocol_sandbox"],
    "script": [f"{SCRIPTS}/protocol-sandbox"],
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder that has a package ``sandbox``."""
    package = tmp_path / "sandbox"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('the wrong package')")
    return tmp_path


@pytest.mark.parametrize("path", ["", "."])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_command_finds_its_own_package(command: list[str], path: str, repository: Path) -> None:
    done = subprocess.run(
        [*command, "--version"],
        cwd=repository,
        env=environment(PYTHONPATH=path),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"protocol-sandbox {__version__}\n"), done.stderr


@pytest.mark.parametrize("path", ["", "."])
def test_server_starts_there(path: str, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PYTHONPATH", path)
    with Server(scenario="blank") as server:
        assert server.health()["version"] == __version__
