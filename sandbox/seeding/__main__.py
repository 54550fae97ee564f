"""Update the generated files: ``python -m sandbox.seeding``, in a checkout, after a change of a recipe.

``--check`` writes nothing; it lists the files that would change and exits with status 1 if there are any.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.seeding import generated
from sandbox.seeding.provider import conversations
from sandbox.seeding.scenario import fixtures
from sandbox.seeding.scenario_file import read


def main(arguments: Sequence[str], folder: Path) -> int:
    """Update every file in ``folder``/generated from its scenario in ``folder``. Return the exit status."""
    if set(arguments) - {"--check"}:
        sys.stderr.write("usage: python -m sandbox.seeding [--check]\n")
        return 2
    changed = 0
    for path in sorted((folder / "generated").glob("*.json")):
        scenario = read(folder / path.name, path.stem, path.name)
        fresh = generated.encode_file(conversations(scenario.seed, scenario.recipe))
        if path.read_bytes() == fresh:
            continue
        changed += 1
        if "--check" not in arguments:
            path.write_bytes(fresh)
        sys.stdout.write(f"{path.name} {'differs' if '--check' in arguments else 'is written'}\n")
    return int(changed > 0 and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], fixtures()))
