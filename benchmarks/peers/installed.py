"""Packages and programs that the peers need."""

import json
import shutil
from pathlib import Path
from typing import NamedTuple


class NotInstalled(Exception):
    """Raised, with the reason, if a server cannot be run."""


class Package(NamedTuple):
    """An installed package."""

    folder: Path
    version: str


def npm_package(installed: Path, name: str) -> Package:
    """Return a package of npm. Raise NotInstalled if it is missing."""
    folder = installed / "node_modules" / name
    about = folder / "package.json"
    if not about.is_file():
        raise NotInstalled(f"the npm package {name} is not installed")
    return Package(folder, json.loads(about.read_text())["version"])


def program(name: str) -> str:
    """Return the path of a program. Raise NotInstalled if it is missing."""
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"there is no {name} on the path")
    return found
