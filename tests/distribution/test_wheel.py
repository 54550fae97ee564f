"""The content of the wheel, and a server that is installed from it."""

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from sandbox import __version__
from tests.live.conftest import StartServer
from tests.live.server import REPOSITORY, environment, free_port

pytestmark = pytest.mark.clients

TIMEOUT_SECONDS = 300.0


def run_command(command: Sequence[str | Path], folder: Path) -> str:
    """Run ``command`` and return its output."""
    finished = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run_command([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, REPOSITORY], folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in a fresh environment and return the folder of its scripts."""
    folder = tmp_path_factory.mktemp("environment")
    # Without a pip of its own and without compiled modules it takes half of the time.
    venv.create(folder, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    run_command([*pip, "install", "-q", "--no-compile", str(wheel)], folder)
    return folder / "bin"


def test_wheel_has_only_code_scenarios_types_and_metadata(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {"sandbox/py.typed", "protocol_sandbox/py.typed"} <= set(names)
    for fixture in sorted((REPOSITORY / "fixtures").glob("*.json")):
        assert f"sandbox/fixtures/{fixture.name}" in names
    for page in REPOSITORY.glob("sandbox/*/static/*"):
        assert str(page.relative_to(REPOSITORY)) in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.partition("/")[0] for name in names} == {
        "sandbox",
        "protocol_sandbox",
        f"protocol_sandbox-{__version__}.dist-info",
    }
    assert [name for name in names if "__pycache__" in name] == []


def test_wheel_has_the_command_and_the_plugin_of_pytest(wheel: Path) -> None:
    entry_points = ZipFile(wheel).read(f"protocol_sandbox-{__version__}.dist-info/entry_points.txt").decode()
    assert "[console_scripts]\nprotocol-sandbox = protocol_sandbox.__main__:main\n" in entry_points
    assert "[pytest11]\nprotocol_sandbox = protocol_sandbox.pytest_plugin\n" in entry_points


def test_installed_server_runs_in_an_empty_directory(
    installed: Path, start: StartServer, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    server = start(command=[str(installed / "protocol-sandbox"), "--port", "0"], cwd=empty)
    headers = {"Authorization": "Bearer me"}
    found = httpx.get(f"{server.address}/v1/conversations/xgQQXg3hrtjh7AvZ", headers=headers)
    assert found.status_code == 200
    assert "default (120 conversations" in "\n".join(server.banner)
    assert list(empty.iterdir()) == []


def test_installed_server_runs_without_a_home_directory(
    installed: Path, start: StartServer, tmp_path: Path
) -> None:
    port = free_port()
    server = start(
        command=[str(installed / "python"), "-m", "sandbox", "--port", str(port), "--quiet"],
        address=f"http://127.0.0.1:{port}",
        HOME=str(tmp_path / "nowhere"),
    )
    assert httpx.get(f"{server.address}/__admin/health").json()["version"] == __version__


def test_installed_scenarios_are_found(installed: Path, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (REPOSITORY / "fixtures").glob("*.json"))
    program = f"from sandbox.seeding.scenario import load; print([load(name).name for name in {names}])"
    assert run_command([installed / "python", "-c", program], tmp_path).strip() == str(names)


def test_version_is_printed(installed: Path, tmp_path: Path) -> None:
    printed = run_command([installed / "protocol-sandbox", "--version"], tmp_path)
    assert printed == f"protocol-sandbox {__version__}\n"
