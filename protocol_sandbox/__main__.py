"""The command ``protocol-sandbox``, under a name that no other package has: ``python -m protocol_sandbox``.

Many repositories have a folder ``sandbox/`` of their own, and Python finds that first in the current directory and on
``PYTHONPATH``. So the server's package is not searched for: it is the folder beside this one.
"""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

SERVER = Path(__file__).resolve().parent.parent / "sandbox"
"""The folder of the server's package."""


def main() -> None:
    """Run the command line of the server."""
    spec = spec_from_file_location(
        "sandbox", SERVER / "__init__.py", submodule_search_locations=[str(SERVER)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = module_from_spec(spec)
    sys.modules["sandbox"] = package
    spec.loader.exec_module(package)
    import_module("sandbox.cli").main()


if __name__ == "__main__":
    main()
