"""compose.yaml as data: its services, and what they are started with."""

import re
import shlex
from typing import Any

import yaml

from tests.live.server import REPOSITORY

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
SERVERS = [name for name, service in SERVICES.items() if "build" in service]

_REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")


def environment_of(service: str, shell: dict[str, str]) -> dict[str, str]:
    """Return the variables of a service. ``shell`` has those of the shell in which ``docker compose up`` is run."""
    variables = SERVICES[service]["environment"]
    given = {name: shell.get(name) if text is None else text for name, text in variables.items()}
    return {
        name: _REQUIRED.sub(lambda found: shell[found[1]], text)
        for name, text in given.items()
        if text is not None
    }


def valkey_options() -> dict[str, Any]:
    """Return the options of the command line of Valkey, by their names in Python."""
    program, *words = shlex.split(SERVICES["valkey"]["command"])
    assert program == "valkey-server"
    return {
        name.removeprefix("--").replace("-", "_"): value
        for name, value in zip(words[::2], words[1::2], strict=True)
    }
