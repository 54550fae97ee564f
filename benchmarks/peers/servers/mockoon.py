"""Mockoon with all conversations behind a CRUD route. Its log goes to /dev/null, as it advises."""

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from benchmarks.peers.contender import Contender, calls, conversations, write
from benchmarks.peers.content import COLLECTION, Content
from benchmarks.peers.installed import npm_package, program

NAME = "Mockoon"


def contender(content: Content, installed: Path) -> Contender:
    """Return Mockoon with an environment in a file."""
    package, node = npm_package(installed, "@mockoon/cli"), program("node")
    return Contender(
        NAME,
        package.version,
        "mockoon-cli start --disable-log-to-file --disable-admin-api --data environment.json > /dev/null",
        lambda folder: write(folder / "environment.json", _environment(content.conversations)),
        lambda _folder, port: [
            *(node, str(package.folder / "bin/run.js"), "start", "--disable-log-to-file"),
            *("--disable-admin-api", "--hostname", "127.0.0.1", "--port", str(port)),
            *("--data", "environment.json"),
        ],
        calls(content.id),
        conversations(content),
    )


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
