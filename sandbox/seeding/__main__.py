"""Write the drawn files anew: ``python -m sandbox.seeding``, in a checkout, after a recipe was changed.

``--check`` writes nothing and says, with exit status 1, which of them would change.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.seeding import generated
from sandbox.seeding.provider import conversations
from sandbox.seeding.scenario import fixtures
from sandbox.seeding.scenario_file import read


def main(arguments: Sequence[str], folder: Path) -> int:
    """Bring every file in ``folder``/generated up to date with its scenario in ``folder``; the exit status."""
    if set(arguments) - {"--check"}:
        sys.stderr.write("usage: python -m sandbox.seeding [--check]\n")
        return 2
    changed = 0
    for path in sorted((folder / "generated").glob("*.json")):
        scenario = read(folder / path.name, path.stem, path.name)
        fresh = generated.written(conversations(scenario.seed, scenario.recipe))
        if path.read_bytes() == fresh:
            continue
        changed += 1
        if "--check" not in arguments:
            path.write_bytes(fresh)
        sys.stdout.write(f"{path.name} {'differs' if '--check' in arguments else 'is written'}\n")
    return int(changed > 0 and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], fixtures()))
