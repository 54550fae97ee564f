"""WireMock, run from its jar without journal and log, with a stub per conversation, list and create."""

import json
from pathlib import Path
from typing import Any

from benchmarks.peers.contender import Contender, calls, conversations, write
from benchmarks.peers.content import COLLECTION, CREATE, OPERATIONS, Content
from benchmarks.peers.installed import npm_package, program

NAME = "WireMock"


def contender(content: Content, installed: Path) -> Contender:
    """Return WireMock with its stubs in a file."""
    package, java = npm_package(installed, "wiremock"), program("java")
    jar = next(package.folder.glob("build/wiremock-standalone-*.jar"))
    flags = ["--no-request-journal", "--disable-request-logging", "--disable-banner"]

    def write_stubs(folder: Path) -> None:
        (folder / "__files").mkdir()
        (folder / "mappings").mkdir()
        # WireMock tries later stubs first. The measured ones are last.
        last_first = [_stub(each, content) for each in OPERATIONS]
        others = [
            _stubbed("GET", f"{COLLECTION}/{each['id']}", {}, 200, json.dumps(each, separators=(",", ":")))
            for each in content.conversations[:0:-1]
        ]
        write(folder / "mappings/all.json", {"mappings": [*others, *last_first]})

    return Contender(
        NAME,
        package.version,
        f"java -jar {jar.name} {' '.join(flags)}",
        write_stubs,
        lambda _folder, port: [
            *(java, "-jar", str(jar), *flags, "--bind-address", "127.0.0.1"),
            *("--port", str(port), "--root-dir", "."),
        ],
        calls(content.id),
        conversations(content),
    )


def _stub(operation: str, content: Content) -> dict[str, Any]:
    call = calls(content.id)[operation]
    path, _, query = call.path.partition("?")
    limit = {"limit": {"equalTo": query.partition("=")[2]}} if query else {}
    return _stubbed(call.method, path, limit, 201 if operation == CREATE else 200, content.bodies[operation])


def _stubbed(method: str, path: str, query: dict[str, Any], status: int, body: str) -> dict[str, Any]:
    request = {"method": method, "urlPath": path} | ({"queryParameters": query} if query else {})
    headers = {"Content-Type": "application/json"}
    return {"request": request, "response": {"status": status, "headers": headers, "body": body}}
