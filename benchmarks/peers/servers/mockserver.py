"""MockServer, run from its jars without a log, with an expectation per conversation, list and create."""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.peers.contender import Contender, calls, conversations, write
from benchmarks.peers.content import COLLECTION, CREATE, OPERATIONS, Content
from benchmarks.peers.installed import NotInstalled, program

NAME = "MockServer"
MAIN = "org.mockserver.cli.Main"


def contender(content: Content, installed: Path) -> Contender:
    """Return MockServer with an initialization file. It writes no file, as persistence is off by default."""
    jars = installed / "jars"
    netty = next(jars.glob("mockserver-netty-*.jar"), None)
    if netty is None:
        raise NotInstalled("its jars are not installed")
    found = re.search(r"\d+(\.\d+)+", netty.name)
    java = program("java")
    flags = ["-Dmockserver.logLevel=WARN", "-Dmockserver.disableLogging=true"]
    return Contender(
        NAME,
        found[0] if found else "",
        f"java {' '.join(flags)} -cp 'jars/*' {MAIN} --init expectations.json",
        lambda folder: write(folder / "expectations.json", _expectations(content)),
        lambda _folder, port: [
            *(java, *flags, "-Dmockserver.localBoundIP=127.0.0.1", "-cp", f"{jars}/*", MAIN),
            *("--init", "expectations.json", "--port", str(port)),
        ],
        calls(content.id),
        conversations(content),
    )


def _expectations(content: Content) -> list[dict[str, Any]]:
    """Return all expectations. MockServer tries earlier ones first: the measured ones."""
    others = [
        _expectation("GET", f"{COLLECTION}/{each['id']}", 200, json.dumps(each, separators=(",", ":")))
        for each in content.conversations[1:]
    ]
    return [*(_measured(each, content) for each in OPERATIONS), *others]


def _measured(operation: str, content: Content) -> dict[str, Any]:
    call = calls(content.id)[operation]
    path, _, query = call.path.partition("?")
    status = 201 if operation == CREATE else 200
    expectation = _expectation(call.method, path, status, content.bodies[operation])
    if query:
        expectation["httpRequest"]["queryStringParameters"] = {"limit": [query.partition("=")[2]]}
    return expectation


def _expectation(method: str, path: str, status: int, body: str) -> dict[str, Any]:
    headers = {"Content-Type": ["application/json"]}
    return {
        "httpRequest": {"method": method, "path": path},
        "httpResponse": {"statusCode": status, "headers": headers, "body": body},
    }
