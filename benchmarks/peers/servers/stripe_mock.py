"""stripe-mock, which serves Stripe's API from its own document and is called for the closest operations of that."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.peers.contender import Call, Contender
from benchmarks.peers.content import CREATE, LIST_10, LIST_50, RETRIEVE, Content
from benchmarks.peers.installed import NotInstalled

NAME = "stripe-mock"
CUSTOMERS = "/v1/customers"
NAMED = {RETRIEVE: "cus_bench", CREATE: "Bench"}


def contender(_content: Content, installed: Path) -> Contender:
    """Return stripe-mock with its own content. It has no log, unless asked for one, and keeps nothing."""
    binary = installed / "bin" / "stripe-mock"
    if not binary.is_file():
        raise NotInstalled("its binary is not installed")
    return Contender(
        NAME,
        _version(binary),
        "stripe-mock -http-addr 127.0.0.1:12111",
        lambda _folder: None,
        lambda _folder, port: [str(binary), "-http-addr", f"127.0.0.1:{port}"],
        _calls(),
        _check,
        content="its own: Stripe's customers, and only one in a list",
    )


def _calls() -> dict[str, Call]:
    """Return the calls. Only a key in Stripe's form is accepted."""
    key = {"Authorization": "Bearer sk_test_123"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return {
        RETRIEVE: Call("GET", f"{CUSTOMERS}/{NAMED[RETRIEVE]}", key),
        LIST_10: Call("GET", f"{CUSTOMERS}?limit=10", key),
        LIST_50: Call("GET", f"{CUSTOMERS}?limit=50", key),
        CREATE: Call("POST", CUSTOMERS, key | form, f"name={NAMED[CREATE]}"),
    }


def _check(operation: str, status: int, answer: Any) -> bool:
    """Check for customers. A list has one, regardless of its limit, and creates get 200, as in Stripe's API."""
    if status != 200:
        return False
    if operation == RETRIEVE:
        return bool(answer["object"] == "customer" and answer["id"] == NAMED[RETRIEVE])
    if operation == CREATE:
        return bool(answer["object"] == "customer" and answer["name"] == NAMED[CREATE])
    return bool(answer["object"] == "list" and [each["object"] for each in answer["data"]] == ["customer"])


def _version(binary: Path) -> str:
    """Return the version that Go recorded in a binary. stripe-mock itself says "master" if Go installed it."""
    go = shutil.which("go")
    if go is None:
        return ""
    command = [go, "version", "-m", str(binary)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # found on the path
    modules = [line.split() for line in said.stdout.splitlines() if line.startswith("\tmod\t")]
    return modules[0][2].removeprefix("v") if modules else ""
