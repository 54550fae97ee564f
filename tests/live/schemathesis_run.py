"""A run of schemathesis, with all its checks and phases, against one of the server's OpenAPI documents."""

import re
import subprocess
from pathlib import Path

from tests.live.server import SCRIPTS, Server, environment

HERE = Path(__file__).parent
MAX_SECONDS = 480.0
"""Upper bound for busy machines; a run usually takes a few seconds."""
PHASES = ("Examples", "Coverage", "Fuzzing", "Stateful")


def assert_no_failures(
    server: Server,
    path: str,
    name: str,
    *,
    operations: int,
    examples: int,
    cases: int,
    folder: Path,
    disabled: int = 0,
) -> None:
    """Generate calls of each operation, with the settings ``{name}.toml`` and ``{name}_hooks.py``.

    In the phase "Coverage", each keyword of each schema is kept and violated, whatever the number of ``examples``. The
    phase "Fuzzing" then generates ``examples`` valid and invalid calls of each operation. There must be ``cases`` calls
    in all, at least. ``disabled`` is the number of operations that the settings leave out.
    """
    found = subprocess.run(
        [
            f"{SCRIPTS}/schemathesis",
            f"--config-file={HERE / name}.toml",
            "run",
            f"{server.address}{path}",
            "--header=Authorization: Bearer schemathesis",
            f"--max-examples={examples}",
            "--seed=1",  # the same cases in every run
            # Some versions reject many of their own values of a state document, which is slow and no failure.
            "--suppress-health-check=filter_too_much",
            "--generation-database=none",  # no later run reads it, and keeping it takes a third of the time
        ],
        cwd=folder,
        env=environment(SCHEMATHESIS_HOOKS=str(HERE / f"{name}_hooks.py")),
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{operations - disabled} selected / {operations} total" in found.stdout
    for phase in PHASES:
        assert f"✅ {phase}" in found.stdout
    generated = re.search(r"(\d+) generated, (\d+) passed", found.stdout)
    assert generated, found.stdout
    assert int(generated[1]) == int(generated[2]) >= cases
    assert server.log == ""
