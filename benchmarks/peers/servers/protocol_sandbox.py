"""This server with its defaults, but a higher limit of conversations, which creates must not reach."""

import sys
from pathlib import Path

from benchmarks.peers.contender import ROOT, Contender, calls, conversations
from benchmarks.peers.content import Content
from sandbox.version import __version__

NAME = "protocol-sandbox"


def contender(content: Content, _installed: Path) -> Contender:
    """Return this server."""
    flags = ["--quiet", "--max-conversations", "10000000"]
    return Contender(
        NAME,
        __version__,
        f"protocol-sandbox {' '.join(flags)}",
        lambda _folder: None,
        lambda _folder, port: [sys.executable, "-m", "sandbox", "--port", str(port), *flags],
        calls(content.id),
        conversations(content),
        ROOT,
    )
