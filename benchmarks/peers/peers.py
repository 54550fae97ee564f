"""The servers that are compared: their files, commands and calls.

Each runs as its documentation advises for speed. Of several ways that it allows, the fastest is used.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from benchmarks.peers.content import (
    COLLECTION,
    CREATE,
    FORM,
    LIST_10,
    LIST_50,
    OPERATIONS,
    RETRIEVE,
    Content,
)

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path(__file__).parent
"""The folder in which ``npm install --prefix benchmarks/peers`` installs the peers."""

OURS, FLOOR = "protocol-sandbox", "floor"
JSON_SERVER, PRISM, MOCKOON, WIREMOCK = PEERS = ("json-server", "Prism", "Mockoon", "WireMock")
SERVERS = (OURS, *PEERS, FLOOR)

AUTHORIZATION = {"Authorization": "Bearer bench"}
PACKAGES = {
    JSON_SERVER: "json-server",
    PRISM: "@stoplight/prism-cli",
    MOCKOON: "@mockoon/cli",
    WIREMOCK: "wiremock",
}


class Call(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str = ""


class Contender(NamedTuple):
    """A server that can be started."""

    name: str
    version: str
    how: str
    """The command line as a user would type it."""
    write: Callable[[Path], None]
    """Writes the content into a folder."""
    command: Callable[[Path, int], list[str]]
    """Returns the command for that folder and a port."""
    calls: dict[str, Call]
    folder: Path | None = None
    """The working directory, if it is not that folder."""


class Missing(NamedTuple):
    """A server that is not installed."""

    name: str
    reason: str


def contenders(content: Content, installed: Path, version: str) -> list[Contender | Missing]:
    """Return all six servers in the order of the report. ``installed`` has the ``node_modules`` of the peers."""
    modules = installed / "node_modules"
    peers = (
        (JSON_SERVER, "node", json_server),
        (PRISM, "node", prism),
        (MOCKOON, "node", mockoon),
        (WIREMOCK, "java", wiremock),
    )
    return [
        ours(content, version),
        *(_peer(name, program, made, modules, content) for name, program, made in peers),
        floor(content),
    ]


def _peer(
    name: str,
    program: str,
    made: Callable[[Content, str, Path, str], Contender],
    modules: Path,
    content: Content,
) -> Contender | Missing:
    package = modules / PACKAGES[name]
    if not (package / "package.json").is_file():
        return Missing(name, f"the npm package {PACKAGES[name]} is not installed")
    found = shutil.which(program)
    if found is None:
        return Missing(name, f"there is no {program} on the path")
    version = json.loads((package / "package.json").read_text())["version"]
    return made(content, found, package, version)


def ours(content: Content, version: str) -> Contender:
    """Return this server with its defaults, but a higher limit of conversations, which creates must not reach."""
    flags = ["--quiet", "--max-conversations", "10000000"]
    return Contender(
        OURS,
        version,
        f"protocol-sandbox {' '.join(flags)}",
        lambda _folder: None,
        lambda _folder, port: [sys.executable, "-m", "sandbox", "--port", str(port), *flags],
        _calls(content.id),
        ROOT,
    )


def floor(content: Content) -> Contender:
    """Return a WSGI function that returns the bytes of this server and is served in the same way."""
    calls = _calls(content.id)
    bodies = {
        f"{call.method} {call.path}{'' if '?' in call.path else '?'}": content.bodies[operation]
        for operation, call in calls.items()
    }
    return Contender(
        FLOOR,
        "",
        "python -m benchmarks.peers.floor",
        lambda folder: _write(folder / "bodies.json", bodies),
        lambda folder, port: [
            *(sys.executable, "-m", "benchmarks.peers.floor", str(port)),
            str(folder / "bodies.json"),
        ],
        calls,
        ROOT,
    )


def json_server(content: Content, node: str, package: Path, version: str) -> Contender:
    """Return json-server without its log, and at the root instead of ``/v1``, because rewriting paths takes time."""
    return Contender(
        JSON_SERVER,
        version,
        "json-server --quiet db.json",
        lambda folder: _write(folder / "db.json", {"conversations": content.conversations}),
        lambda _folder, port: [
            *(node, str(package / "lib/cli/bin.js"), "--quiet"),
            *("--host", "127.0.0.1", "--port", str(port), "db.json"),
        ],
        _calls(content.id, collection="/conversations", limit="_limit"),
    )


def prism(content: Content, node: str, package: Path, version: str) -> Contender:
    """Return Prism with the OpenAPI document of this server and its examples. Without a log, it has one process."""

    def write(folder: Path) -> None:
        document = json.loads(json.dumps(content.openapi))
        answers = document["paths"][COLLECTION]["get"]["responses"]["200"]
        example = answers["content"]["application/json"]
        del example["example"]
        example["examples"] = {
            "ten": {"value": json.loads(content.bodies[LIST_10])},
            "fifty": {"value": json.loads(content.bodies[LIST_50])},
        }
        _write(folder / "openapi.json", document)

    calls = _calls(content.id)
    for operation, example in ((LIST_10, "ten"), (LIST_50, "fifty")):
        calls[operation].headers["Prefer"] = f"example={example}"
    return Contender(
        PRISM,
        version,
        "prism mock --verboseLevel silent --multiprocess false openapi.json",
        write,
        lambda _folder, port: [
            *(node, str(package / "dist/index.js"), "mock", "--verboseLevel", "silent"),
            *("--multiprocess", "false", "--host", "127.0.0.1", "--port", str(port), "openapi.json"),
        ],
        calls,
    )


def mockoon(content: Content, node: str, package: Path, version: str) -> Contender:
    """Return Mockoon with all conversations behind a CRUD route. Its log goes to /dev/null, as it advises."""
    return Contender(
        MOCKOON,
        version,
        "mockoon-cli start --disable-log-to-file --disable-admin-api --data environment.json > /dev/null",
        lambda folder: _write(folder / "environment.json", _environment(content.conversations)),
        lambda _folder, port: [
            *(node, str(package / "bin/run.js"), "start", "--disable-log-to-file", "--disable-admin-api"),
            *("--hostname", "127.0.0.1", "--port", str(port), "--data", "environment.json"),
        ],
        _calls(content.id),
    )


def wiremock(content: Content, java: str, package: Path, version: str) -> Contender:
    """Return WireMock, run from its jar without journal and log, with a stub per conversation, list and create."""
    jar = next(package.glob("build/wiremock-standalone-*.jar"))
    flags = ["--no-request-journal", "--disable-request-logging", "--disable-banner"]

    def write(folder: Path) -> None:
        (folder / "__files").mkdir()
        (folder / "mappings").mkdir()
        # WireMock tries later stubs first. The measured ones are last.
        last_first = [_stub(each, content) for each in OPERATIONS]
        others = [
            _stubbed("GET", f"{COLLECTION}/{each['id']}", {}, 200, json.dumps(each, separators=(",", ":")))
            for each in content.conversations[:0:-1]
        ]
        _write(folder / "mappings/all.json", {"mappings": [*others, *last_first]})

    return Contender(
        WIREMOCK,
        version,
        f"java -jar {jar.name} {' '.join(flags)}",
        write,
        lambda _folder, port: [
            *(java, "-jar", str(jar), *flags, "--bind-address", "127.0.0.1"),
            *("--port", str(port), "--root-dir", "."),
        ],
        _calls(content.id),
    )


def _calls(identity: str, collection: str = COLLECTION, limit: str = "limit") -> dict[str, Call]:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return {
        RETRIEVE: Call("GET", f"{collection}/{identity}", {**AUTHORIZATION}),
        LIST_10: Call("GET", f"{collection}?{limit}=10", {**AUTHORIZATION}),
        LIST_50: Call("GET", f"{collection}?{limit}=50", {**AUTHORIZATION}),
        CREATE: Call("POST", collection, {**AUTHORIZATION, **form}, FORM),
    }


def _stub(operation: str, content: Content) -> dict[str, Any]:
    call = _calls(content.id)[operation]
    path, _, query = call.path.partition("?")
    limit = {"limit": {"equalTo": query.partition("=")[2]}} if query else {}
    return _stubbed(call.method, path, limit, 201 if operation == CREATE else 200, content.bodies[operation])


def _stubbed(method: str, path: str, query: dict[str, Any], status: int, body: str) -> dict[str, Any]:
    request = {"method": method, "urlPath": path} | ({"queryParameters": query} if query else {})
    headers = {"Content-Type": "application/json"}
    return {"request": request, "response": {"status": status, "headers": headers, "body": body}}


def _environment(conversations: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a Mockoon environment with a bucket and a CRUD route to it. Mockoon requires every attribute."""
    route, bucket = str(uuid5(NAMESPACE_URL, "route")), "c0nv"
    return {
        "uuid": str(uuid5(NAMESPACE_URL, "environment")),
        "lastMigration": 33,
        "name": "conversations",
        "endpointPrefix": "",
        "hostname": "127.0.0.1",
        "port": 0,
        "latency": 0,
        "cors": True,
        "proxyMode": False,
        "proxyHost": "",
        "proxyRemovePrefix": False,
        "tlsOptions": _no_tls(),
        "rootChildren": [{"type": "route", "uuid": route}],
        "routes": [_crud_route(route, bucket)],
        "data": [_bucket(bucket, conversations)],
        **_none("folders", "headers", "callbacks", "proxyReqHeaders", "proxyResHeaders"),
    }


def _crud_route(identity: str, bucket: str) -> dict[str, Any]:
    response = {
        "uuid": str(uuid5(NAMESPACE_URL, "response")),
        "label": "",
        "body": "",
        "bodyType": "DATABUCKET",
        "databucketID": bucket,
        "crudKey": "id",
        "statusCode": 200,
        "latency": 0,
        "default": True,
        "headers": [{"key": "Content-Type", "value": "application/json"}],
        "filePath": "",
        "sendFileAsBody": False,
        "rulesOperator": "OR",
        "disableTemplating": True,
        "fallbackTo404": False,
        **_none("rules", "callbacks"),
    }
    return {
        "uuid": identity,
        "type": "crud",
        "method": "",
        "endpoint": COLLECTION[1:],
        "documentation": "",
        "responses": [response],
        "responseMode": None,
        "streamingMode": None,
        "streamingInterval": 0,
    }


def _bucket(identity: str, conversations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "uuid": str(uuid5(NAMESPACE_URL, "bucket")),
        "id": identity,
        "name": "conversations",
        "documentation": "",
        "value": json.dumps(conversations),
    }


def _none(*names: str) -> dict[str, list[Any]]:
    return {name: [] for name in names}


def _no_tls() -> dict[str, Any]:
    paths = dict.fromkeys(("pfxPath", "certPath", "keyPath", "caPath", "passphrase"), "")
    return {"enabled": False, "type": "CERT", **paths}


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document))
