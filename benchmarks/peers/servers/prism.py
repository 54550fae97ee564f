"""Prism with the OpenAPI document of this server and its examples. Without a log, it has one process."""

import json
from pathlib import Path

from benchmarks.peers.contender import Contender, calls, conversations, write
from benchmarks.peers.content import COLLECTION, LIST_10, LIST_50, Content
from benchmarks.peers.installed import npm_package, program

NAME = "Prism"


def contender(content: Content, installed: Path) -> Contender:
    """Return Prism, which answers the two lists with named examples."""
    package, node = npm_package(installed, "@stoplight/prism-cli"), program("node")

    def write_document(folder: Path) -> None:
        document = json.loads(json.dumps(content.openapi))
        answers = document["paths"][COLLECTION]["get"]["responses"]["200"]
        example = answers["content"]["application/json"]
        del example["example"]
        example["examples"] = {
            "ten": {"value": json.loads(content.bodies[LIST_10])},
            "fifty": {"value": json.loads(content.bodies[LIST_50])},
        }
        write(folder / "openapi.json", document)

    called = calls(content.id)
    for operation, example in ((LIST_10, "ten"), (LIST_50, "fifty")):
        called[operation].headers["Prefer"] = f"example={example}"
    return Contender(
        NAME,
        package.version,
        "prism mock --verboseLevel silent --multiprocess false openapi.json",
        write_document,
        lambda _folder, port: [
            *(node, str(package.folder / "dist/index.js"), "mock", "--verboseLevel", "silent"),
            *("--multiprocess", "false", "--host", "127.0.0.1", "--port", str(port), "openapi.json"),
        ],
        called,
        conversations(content),
    )
