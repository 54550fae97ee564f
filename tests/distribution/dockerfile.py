"""The Dockerfile as data: the instructions of its last stage, and those of all stages."""

import re
from typing import NamedTuple

from tests.live.server import REPOSITORY


class Instruction(NamedTuple):
    """One instruction, with continued lines joined."""

    name: str
    arguments: str


def instructions() -> list[Instruction]:
    """Return the instructions in order, without comments."""
    text = re.sub(r"^#.*\n", "", (REPOSITORY / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", "").splitlines()
    return [Instruction(*line.split(None, 1)) for line in lines if line]


def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage."""
    found: list[list[Instruction]] = []
    for instruction in instructions():
        if instruction.name == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


FINAL = dict(stages()[-1])
"""The arguments of each instruction of the last stage, which is the image; the last one counts."""
