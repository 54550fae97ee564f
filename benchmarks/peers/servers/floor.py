"""A WSGI function that returns the bytes of this server and is served in the same way."""

import sys
from pathlib import Path

from benchmarks.peers.contender import ROOT, Contender, calls, conversations, write
from benchmarks.peers.content import Content

NAME = "floor"


def contender(content: Content, _installed: Path) -> Contender:
    """Return the floor, ``benchmarks.peers.floor``."""
    called = calls(content.id)
    bodies = {
        f"{call.method} {call.path}{'' if '?' in call.path else '?'}": content.bodies[operation]
        for operation, call in called.items()
    }
    return Contender(
        NAME,
        "",
        "python -m benchmarks.peers.floor",
        lambda folder: write(folder / "bodies.json", bodies),
        lambda folder, port: [
            *(sys.executable, "-m", "benchmarks.peers.floor", str(port)),
            str(folder / "bodies.json"),
        ],
        called,
        conversations(content),
        ROOT,
    )
