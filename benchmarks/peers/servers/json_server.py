"""json-server without its log, and at the root instead of ``/v1``, because rewriting paths takes time."""

from pathlib import Path

from benchmarks.peers.contender import Contender, calls, conversations, write
from benchmarks.peers.content import Content
from benchmarks.peers.installed import npm_package, program

NAME = "json-server"


def contender(content: Content, installed: Path) -> Contender:
    """Return json-server with its database in a file."""
    package, node = npm_package(installed, "json-server"), program("node")
    return Contender(
        NAME,
        package.version,
        "json-server --quiet db.json",
        lambda folder: write(folder / "db.json", {"conversations": content.conversations}),
        lambda _folder, port: [
            *(node, str(package.folder / "lib/cli/bin.js"), "--quiet"),
            *("--host", "127.0.0.1", "--port", str(port), "db.json"),
        ],
        calls(content.id, collection="/conversations", limit="_limit"),
        conversations(content),
    )
