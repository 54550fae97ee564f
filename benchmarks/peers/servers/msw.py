"""MSW's request handlers as a server of their own, with ``@mswjs/http-middleware``; see ``msw.mjs``."""

from pathlib import Path

from benchmarks.peers.contender import Contender, calls, conversations, write
from benchmarks.peers.content import COLLECTION, Content
from benchmarks.peers.installed import npm_package, program

NAME = "MSW"
SERVER = Path(__file__).with_suffix(".mjs")


def contender(content: Content, installed: Path) -> Contender:
    """Return MSW with handlers for a conversation, a list and a create."""
    package, node = npm_package(installed, "msw"), program("node")
    middleware = npm_package(installed, "@mswjs/http-middleware")
    return Contender(
        NAME,
        f"{package.version}, http-middleware {middleware.version}",
        f"node {SERVER.name}",
        lambda folder: write(folder / "conversations.json", content.conversations),
        lambda _folder, port: [
            *(node, str(SERVER), str(installed.resolve()), str(port)),
            *(COLLECTION, "conversations.json"),
        ],
        calls(content.id),
        conversations(content),
    )
