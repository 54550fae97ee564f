"""The Dockerfile, tested as text because a container engine is not always available."""

import json
import re

from tests.live.server import REPOSITORY, procfile_command

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()


def test_copied_files_exist_and_are_not_ignored() -> None:
    copied = [
        name for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    ]
    assert copied
    admitted = (REPOSITORY / ".dockerignore").read_text().splitlines()
    for name in copied:
        assert (REPOSITORY / name).exists()
        assert f"!/{name}" in admitted
    assert sorted(name for name in admitted if name.startswith("!")) == sorted(f"!/{name}" for name in copied)


def test_image_runs_the_procfile_command_with_default_port_8000() -> None:
    (command,) = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    shell, flag, line = json.loads(command)
    assert (shell, flag) == ("sh", "-c")
    assert line == "exec " + procfile_command().replace("$PORT", "${PORT:-8000}")


def test_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert users
    assert users[-1] not in {"root", "0"}
