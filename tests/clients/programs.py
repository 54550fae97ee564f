"""The programs that generate, compile and run clients: each in a folder of its own, with the versions pinned here.

The pins are in ``requirements.txt`` and ``package.json``. What generated clients depend on is up to their generators.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.live.server import environment
from tests.tools import find

HERE = Path(__file__).parent
DRIVERS = HERE / "drivers"
TIMEOUT_SECONDS = 300.0
"""Upper bound of each program, for busy machines and slow registries."""


def run(*command: str | Path, folder: Path, path: str | Path = "", **variables: str) -> str:
    """Run a program in ``folder`` and return its output. The programs in the folder ``path`` are found first."""
    inherited = environment(**variables)
    process = subprocess.run(
        command,
        cwd=folder,
        env=inherited | {"PATH": f"{path}{os.pathsep}{inherited['PATH']}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


class PythonProject:
    """A virtual environment in ``folder`` with ``package``, which is pinned."""

    def __init__(self, folder: Path, package: str) -> None:
        self.folder = folder
        self._programs = folder / "environment" / "bin"
        run(sys.executable, "-m", "venv", "environment", folder=folder)
        self.install(_requirement(package))

    def install(self, requirement: str) -> None:
        """Install a package, or the one in a folder."""
        self.run("pip", "install", "--quiet", "--disable-pip-version-check", requirement)

    def run(self, program: str, *arguments: str | Path) -> str:
        """Run a program of the environment and return its output."""
        return run(self._programs / program, *arguments, folder=self.folder, path=self._programs)


class GoProject:
    """The module of a generated client, to which a driver is added as a program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def drive(self, driver: str, *arguments: str) -> str:
        """Compile a driver and the client that it imports, run it and return its output."""
        program = self._folder / "driver"
        program.mkdir()
        (program / "main.go").write_bytes((DRIVERS / driver).read_bytes())
        return run(find("go"), "run", "./driver", *arguments, folder=self._folder)


class MavenProject:
    """The project of a generated client, to which a driver is added as a class."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def drive(self, driver: str, *arguments: str) -> str:
        """Compile a driver and the client that it imports, run it and return its output."""
        (self._folder / "src" / "main" / "java" / driver).write_bytes((DRIVERS / driver).read_bytes())
        skipped = [f"-Dmaven.{name}.skip=true" for name in ("test", "javadoc", "source")]
        run(find("mvn"), "--quiet", "--batch-mode", "package", *skipped, folder=self._folder)
        path = f"target/classes{os.pathsep}target/lib/*"
        return run("java", "-cp", path, Path(driver).stem, *arguments, folder=self._folder)


class NodeProject:
    """A folder with npm ``packages``, which are pinned, and a tsconfig.json with these ``compiler_options``."""

    def __init__(
        self, folder: Path, *packages: str, module: str, compiler_options: Mapping[str, Any]
    ) -> None:
        self.folder = folder
        self._programs = folder / "node_modules" / ".bin"
        pins = json.loads((HERE / "package.json").read_text())["dependencies"]
        names = ("typescript", "@types/node", *packages)
        manifest = {"private": True, "type": module, "dependencies": {name: pins[name] for name in names}}
        (folder / "package.json").write_text(json.dumps(manifest))
        options = {"strict": True, "target": "es2022", "lib": ["es2022", "dom"], "outDir": "compiled"}
        (folder / "tsconfig.json").write_text(
            json.dumps({"compilerOptions": {**options, **compiler_options}, "files": ["driver.ts"]})
        )
        self._node(find("npm"), "install", "--no-audit", "--no-fund", "--loglevel=error")

    def run(self, program: str, *arguments: str | Path) -> str:
        """Run a program of the packages and return its output."""
        return self._node(self._programs / program, *arguments)

    def drive(self, driver: str, *arguments: str) -> str:
        """Check the types of a driver and of the client that it imports, run it and return its output."""
        (self.folder / "driver.ts").write_bytes((DRIVERS / driver).read_bytes())
        self.run("tsc")
        return self._node("compiled/driver.js", *arguments)

    def _node(self, *command: str | Path) -> str:
        node = find("node")
        return run(node, *command, folder=self.folder, path=Path(node).parent)


def _requirement(package: str) -> str:
    """Return the line of requirements.txt about a package."""
    lines = (HERE / "requirements.txt").read_text().splitlines()
    (line,) = (line for line in lines if re.match(rf"{package}\b(\[|==)", line))
    return line
