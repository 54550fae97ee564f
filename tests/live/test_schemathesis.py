"""Conformance of the server to /openapi.json, tested with generated calls."""

import re
import subprocess
from pathlib import Path

from tests.live.conftest import StartServer
from tests.live.server import SCRIPTS, environment

HERE = Path(__file__).parent
EXAMPLES_PER_OPERATION = "420"
MIN_CASES = 2_000
MAX_SECONDS = 480.0
"""Upper bound for busy machines; a run usually takes less than a minute."""
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


def test_schemathesis_finds_no_failures(start: StartServer, tmp_path: Path) -> None:
    server = start()
    found = subprocess.run(
        [
            f"{SCRIPTS}/schemathesis",
            f"--config-file={HERE / 'schemathesis.toml'}",
            "run",
            f"{server.address}/openapi.json",
            "--header=Authorization: Bearer schemathesis",
            f"--max-examples={EXAMPLES_PER_OPERATION}",
            "--seed=1",  # the same cases in every run
            "--generation-database=none",  # no later run reads it, and keeping it takes a third of the time
        ],
        cwd=tmp_path,
        env=environment(SCHEMATHESIS_HOOKS=str(HERE / "schemathesis_hooks.py")),
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "5 selected / 5 total" in found.stdout
    for phase in PHASES:
        assert f"✅ {phase}" in found.stdout
    generated = re.search(r"(\d+) generated, (\d+) passed", found.stdout)
    assert generated, found.stdout
    assert int(generated[1]) == int(generated[2]) >= MIN_CASES
    assert server.log == ""
