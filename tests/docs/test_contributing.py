"""What CONTRIBUTING tells a newcomer to write works as it stands there."""

import re
from collections.abc import Iterable
from typing import Any

from sandbox.faults.fault import Fault, Made
from tests.live.server import REPOSITORY

CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text()


class Sent:
    """A wire that keeps what a fault sends."""

    def send(self, made: Made) -> Iterable[bytes]:
        self.made = made
        return (made.body,)


def test_the_fault_kind_of_the_guide_is_one() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL)
    written: dict[str, Any] = {}
    exec(re.sub(r"^   ", "", block, flags=re.MULTILINE), written)
    wire = Sent()
    fault = written["SilentError"]()
    assert isinstance(fault, Fault)
    assert b"".join(fault.send(wire)) == b""  # type: ignore[arg-type]  # all of a wire that this fault uses
    assert wire.made.status.startswith("500")


def test_every_room_is_in_the_guide() -> None:
    rooms = {path.parent.name for path in (REPOSITORY / "sandbox").glob("*/__init__.py")}
    assert rooms == set(re.findall(r"sandbox/(\w+)/`", CONTRIBUTING)) & rooms


def test_every_file_that_the_guide_names_is_there() -> None:
    named = re.findall(r"`((?:sandbox|tests|fixtures)/[\w/]+(?:\.\w+|/))`", CONTRIBUTING)
    assert named
    assert [path for path in named if not (REPOSITORY / path).exists()] == []
