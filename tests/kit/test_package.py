"""The public face of the kit."""

import subprocess
import sys

import pytest

import protocol_sandbox
from tests.live.server import environment


@pytest.mark.parametrize("name", protocol_sandbox.__all__)
def test_every_public_name_is_importable_and_listed(name: str) -> None:
    assert getattr(protocol_sandbox, name).__name__ == name
    assert name in dir(protocol_sandbox)


def test_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="Sandboxx"):
        _ = protocol_sandbox.Sandboxx


@pytest.mark.parametrize(
    "statement", ["import protocol_sandbox", "from protocol_sandbox import Server, Sandbox"]
)
def test_import_loads_nothing_of_the_server_and_no_other_package(statement: str) -> None:
    program = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    ).stdout.split()
    packages = {name.partition(".")[0] for name in loaded}
    assert "protocol_sandbox" in packages
    assert packages - {"protocol_sandbox"} <= sys.stdlib_module_names
    if statement == "import protocol_sandbox":
        assert [name for name in loaded if name.startswith("protocol_sandbox")] == ["protocol_sandbox"]
