"""The Dockerfile, whose instructions are run by hand because a container engine is not always available."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from protocol_sandbox import RunningServer
from tests.distribution.dockerfile import FINAL, instructions, stages
from tests.docs.readme import blocks
from tests.live.conftest import StartServer
from tests.live.server import REPOSITORY, TIMEOUT_SECONDS, environment, free_port, procfile_command

COPIED = [
    name
    for instruction in instructions()
    if instruction.name == "COPY" and not instruction.arguments.startswith("--from")
    for name in instruction.arguments.split()[:-1]
]
COMMAND = json.loads(FINAL["CMD"])
HEALTH = FINAL["HEALTHCHECK"].partition(" CMD ")[2]
MAX_MEGABYTES = 80
INSTALLATION_SECONDS = 300.0


def is_healthy(port: int) -> bool:
    """Run the command of the health check, as a shell does in the image."""
    variables = environment(PORT=str(port), HTTP_PROXY="http://127.0.0.1:1")
    check = ["sh", "-c", HEALTH]
    return subprocess.run(check, env=variables, timeout=TIMEOUT_SECONDS, check=False).returncode == 0


def test_copied_files_exist_and_are_not_ignored() -> None:
    assert COPIED
    admitted = (REPOSITORY / ".dockerignore").read_text().splitlines()
    for name in COPIED:
        assert (REPOSITORY / name).exists()
        assert f"!/{name}" in admitted
    assert sorted(name for name in admitted if name.startswith("!")) == sorted(f"!/{name}" for name in COPIED)


def test_image_runs_the_procfile_command_with_default_port_8000() -> None:
    shell, flag, line = COMMAND
    assert (shell, flag) == ("sh", "-c")
    assert line == "exec " + procfile_command()
    assert "PORT=8000" in FINAL["ENV"].split()
    assert FINAL["EXPOSE"] == "8000"


def test_image_does_not_run_as_root_and_a_host_can_see_that() -> None:
    user, _, group = FINAL["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_image_has_what_one_stage_installed_and_nothing_of_that_stage_else() -> None:
    build, image = stages()
    assert [each.arguments.split()[0] for each in (build[0], image[0])] == ["python:3.13-slim"] * 2
    assert [each.arguments for each in image if each.name == "COPY"] == [
        "--from=build /app /app",
        f"--from=build --chown={FINAL['USER']} /app/worlds /worlds",
    ]
    assert [each for each in image if each.name == "RUN"] == []


def test_server_of_the_command_is_healthy_until_it_is_stopped(start: StartServer, tmp_path: Path) -> None:
    """It is configured as in the example for GitHub Actions, and the test kit uses it."""
    page = (REPOSITORY / "docs" / "deploying.md").read_text()
    service = yaml.safe_load(blocks("yaml", page)[0])["jobs"]["test"]["services"]["sandbox"]["env"]
    empty = tmp_path / "empty"
    empty.mkdir()
    port = free_port()
    assert not is_healthy(port)
    address = f"http://127.0.0.1:{port}"
    server = start(command=COMMAND, address=address, cwd=empty, PORT=str(port), **service)
    assert is_healthy(port)
    world = RunningServer(address, service["SANDBOX_ADMIN_TOKEN"]).world()
    headers = {"Authorization": "Bearer the-app"}
    listed = httpx.get(f"{world.prefixed_url}/v1/conversations", headers=headers)
    assert listed.json() == {"has_more": False, "data": []}
    assert httpx.get(f"{address}/v1/conversations", headers=headers).status_code == 400
    assert server.end() == 0
    assert not is_healthy(port)
    assert list(empty.iterdir()) == []


@pytest.mark.clients
def test_installation_of_the_image_is_small_and_runs(start: StartServer, tmp_path: Path) -> None:
    """Packages are installed from the registry, as the Dockerfile says; only ``/app`` is elsewhere."""
    source, app = tmp_path / "src", tmp_path / "app"
    source.mkdir()
    for name in COPIED:
        here, there = REPOSITORY / name, source / name
        shutil.copytree(here, there) if here.is_dir() else shutil.copy(here, there)
    (line,) = [each.arguments for each in stages()[0] if each.name == "RUN"]
    installed = subprocess.run(
        ["sh", "-c", re.sub(r"/app\b", str(app), line)],
        cwd=source,
        env=environment(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        timeout=INSTALLATION_SECONDS,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr
    shutil.rmtree(source)
    size = sum(path.stat().st_size for path in app.rglob("*") if path.is_file() and not path.is_symlink())
    assert size < MAX_MEGABYTES * 1_000_000
    port = free_port()
    command = [COMMAND[0], COMMAND[1], f"PATH={app / 'bin'}:$PATH; {COMMAND[2]}"]
    start(command=command, address=f"http://127.0.0.1:{port}", cwd=app, PORT=str(port))
    assert is_healthy(port)
