"""The calls of one client while another one does its worst.

    python -m benchmarks.stalls

Prints, for each attack, the longest time of a retrieve of another token while it lasts, how long it takes, and the
growth of the server's memory at its peak. Everything is bounded: the whole run takes about three minutes.
"""

import argparse
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from multiprocessing import Queue, get_context
from multiprocessing.synchronize import Event as EventType
from threading import Thread
from typing import Any

from benchmarks.server import Running, sandbox_server

RETRIEVE = "/v1/conversations/xgQQXg3hrtjh7AvZ"
CREATE = "/v1/conversations"
STATE = "/__admin/state"
SNAPSHOTS = "/__admin/snapshots"
RULES = "/__admin/faults"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
CONVERSATIONS = 100_000
SANDBOXES = 20_000
GOAL_MILLISECONDS = 100.0
WARM_UP = 100
"""Number of retrieves before an attack begins."""
HEAD: dict[str, Any] = {
    "version": 1,
    "seed": 1,
    "pinned_ids": [],
    "id_index": 0,
    "frozen_at": None,
    "clock_offset": 0.0,
    "faults": [],
}


def ask(
    port: int,
    method: str,
    path: str,
    body: bytes = b"",
    token: str | None = "attacker",
    content_type: str = JSON,
) -> tuple[int, bytes]:
    """Make a call, and return the status and the body; 0 if the server closed the connection first."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": content_type}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        client.request(method, path, body or (b"{}" if method in {"POST", "PUT"} else None), headers)
        response = client.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        client.close()


def observe(port: int, ready: EventType, over: EventType, found: "Queue[float]") -> None:
    """Make one retrieve after the other, and put the longest time of one into ``found``.

    ``ready`` is set after the first ones, which do not count.
    """
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    longest = 0.0
    for number in count():
        if number == WARM_UP:
            ready.set()
            longest = 0.0
        if over.is_set():
            break
        begun = time.perf_counter()
        client.request("GET", RETRIEVE, headers={"Authorization": "Bearer observer"})
        client.getresponse().read()
        longest = max(longest, time.perf_counter() - begun)
        time.sleep(0.002)
    found.put(longest)


@contextmanager
def observed(server: Running) -> Iterator[dict[str, float]]:
    """Measure while the block runs: the longest retrieve in milliseconds, seconds, and megabytes at the peak."""
    # A new process: one that is forked from this one, which has large bodies in memory, would hold itself up.
    context = get_context("spawn")
    ready, over, figures = context.Event(), context.Event(), dict[str, float]()
    found: Queue[float] = context.Queue()
    observer = context.Process(target=observe, args=(server.port, ready, over, found))
    before = peak = server.rss_kilobytes()
    observer.start()
    ready.wait(60)

    def watch() -> None:
        nonlocal peak
        while not over.is_set():
            peak = max(peak, server.rss_kilobytes())
            time.sleep(0.05)

    watcher = Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    try:
        yield figures
    finally:
        figures["seconds"] = time.perf_counter() - begun
        time.sleep(0.3)
        over.set()
        figures["milliseconds"] = found.get(timeout=300) * 1000
        watcher.join()
        observer.join()
        figures["megabytes"] = (peak - before) / 1024


def document(count: int, deletions: int = 0, *, last: str = "") -> bytes:
    """Return a state document with ``count`` conversations; ``last`` replaces the last one."""
    conversations = [
        {
            "id": f"c{number}",
            "contact_id": f"contact{number % 1000}",
            "group_id": None if number % 3 else f"group{number % 7}",
            "pinned_message_id": None,
            "is_pinned": number % 5 == 0,
            "is_muted": number % 7 == 0,
            "last_active_at": 705103200,
            "last_opened_at": None,
            "created_at": 692233200 + number * 7919 % 100003,
            "archived_at": None if number % 4 else 705103200,
        }
        for number in range(count)
    ]
    deleted = [{"id": f"d{number}", "created_at": 692233200 - number} for number in range(deletions)]
    text = json.dumps(HEAD | {"deleted": deleted, "conversations": conversations})
    return (text[: text.rindex("{")] + last + "]}" if last else text).encode()


def document_of(name: str, item: str, size: int) -> bytes:
    """Return a state document of ``size`` bytes whose list ``name`` has the same item again and again."""
    head = json.dumps({key: value for key, value in HEAD.items() if key != name} | {"deleted": []})[:-1]
    return f'{head}, "{name}": [{",".join([item] * (size // (len(item) + 1)))}]}}'.encode()


def many_names(size: int) -> bytes:
    """Return an object of about ``size`` bytes, all of whose names are unknown."""
    return json.dumps({f"name{number}": 1 for number in range(size // 16)}).encode()


def at_once(body: bytes, content_type: str = JSON) -> Callable[[int], None]:
    """Return an attack that makes the same create on sixteen connections."""

    def attack(port: int) -> None:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _: ask(port, "POST", CREATE, body, content_type=content_type), range(16)))

    return attack


def bodies_and_rules() -> Callable[[int], None]:
    """Return an attack that makes creates that a hundred rules look at."""
    rules = [{"match": {"body": {f"name{number}": "x"}}, "delay": 1} for number in range(100)]
    rules_body = json.dumps({"data": rules}).encode()
    creates = at_once(many_names(900_000))

    def attack(port: int) -> None:
        ask(port, "PUT", RULES, rules_body)
        creates(port)
        ask(port, "DELETE", RULES)

    return attack


def unread_exports() -> Callable[[int], None]:
    """Return an attack that imports a state, asks for sixty exports, and reads none of them."""
    body = document(CONVERSATIONS, CONVERSATIONS)

    def attack(port: int) -> None:
        ask(port, "PUT", STATE, body)
        ask_without_reading(port)

    return attack


def ask_without_reading(port: int) -> None:
    """Ask for sixty exports, and read none of them."""
    request = f"GET {STATE} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer attacker\r\n\r\n".encode()
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    for client in clients:
        client.sendall(request)
    time.sleep(2)
    for client in clients:
        client.close()


def server_wide_rules(port: int) -> None:
    """Replace, list and delete a hundred server-wide rules among many sandboxes."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for number in range(SANDBOXES - 10):
        client.request("GET", RETRIEVE, headers={"Authorization": f"Bearer token-{number}"})
        client.getresponse().read()
    client.close()
    rule = {"match": {"method": "PATCH"}, "delay": 1}
    ask(port, "PUT", RULES, json.dumps({"data": [rule] * 100}).encode(), token=None)
    ask(port, "GET", RULES, token=None)
    ask(port, "DELETE", RULES, token=None)


def snapshots_of_imports() -> Callable[[int], None]:
    """Return an attack that takes a snapshot after each of five imports."""
    body = document(CONVERSATIONS)

    def attack(port: int) -> None:
        for _ in range(5):
            ask(port, "PUT", STATE, body)
            ask(port, "POST", SNAPSHOTS)

    return attack


def restored_and_dropped() -> Callable[[int], None]:
    """Return an attack on snapshots of a hundred thousand conversations.

    They are restored and forgotten, and then the whole sandbox is dropped.
    """
    body = document(CONVERSATIONS)

    def attack(port: int) -> None:
        ask(port, "POST", "/__admin/reset")
        ask(port, "POST", SNAPSHOTS)
        ask(port, "PUT", STATE, body)
        ask(port, "POST", SNAPSHOTS)
        for each in json.loads(ask(port, "GET", SNAPSHOTS)[1])["data"]:
            ask(port, "POST", f"{SNAPSHOTS}/{each['id']}/restore")
            ask(port, "DELETE", f"{SNAPSHOTS}/{each['id']}")
        for each in json.loads(ask(port, "GET", "/__admin/sandboxes")[1])["data"]:
            if each["token"].startswith("atta"):
                ask(port, "DELETE", f"/__admin/sandboxes/{each['id']}")

    return attack


def large_rules(port: int) -> None:
    """Add rules of almost a megabyte each."""
    long = json.dumps({"delay": 1, "match": {"query": {"a": "b" * 1_000_000}}}).encode()
    nested = b'{"fault": {"type": "status", "status": 503, "body": [' + b",".join([b"{}"] * 330_000) + b"]}}"
    for _ in range(25):
        ask(port, "POST", RULES, long)
        ask(port, "POST", RULES, nested)


def emoji(port: int) -> None:
    """Fill the journal with bodies of emoji and control characters."""
    body = b'{"contact_id": "' + "😀".encode() * 4_000 + b"\\u0001" * 500 + b'"}'
    for _ in range(600):
        ask(port, "POST", CREATE, body)
    ask(port, "GET", "/__admin/requests?limit=500")


def putting(body: Callable[[], bytes], path: str = STATE) -> Callable[[int], None]:
    """Return an attack that sends a body that takes long to make."""
    made = body()
    return lambda port: print(f"{'':54}{ask(port, 'PUT', path, made)[0]}", end="\r")


ATTACKS: dict[str, Callable[[], Callable[[int], object]]] = {
    "nothing": lambda: lambda _port: time.sleep(2),
    "a state of 64 MB with unknown names": lambda: putting(lambda: many_names(58_000_000)),
    "16 creates of 0.9 MB with unknown names": lambda: at_once(many_names(900_000)),
    "16 creates of 0.9 MB with empty objects": lambda: at_once(
        b'{"a": [' + b",".join([b"{}"] * 300_000) + b"]}"
    ),
    "16 creates of 0.9 MB, percent-encoded": lambda: at_once(b"a=" + b"%41" * 300_000, FORM),
    "16 creates of 0.9 MB in multipart/form-data": lambda: at_once(
        b"--b\r\nContent-Disposition: form-data; " + b'a="b"; ' * 120_000 + b'name="n"\r\n\r\nv\r\n--b--\r\n',
        MULTIPART,
    ),
    "16 creates of 0.9 MB and 100 rules": bodies_and_rules,
    "import of 100,000": lambda: putting(lambda: document(CONVERSATIONS)),
    "import of 100,000 and as many deletions": lambda: putting(lambda: document(CONVERSATIONS, 100_000)),
    "import refused at its last item": lambda: putting(lambda: document(CONVERSATIONS, last="{}")),
    "64 MB of empty objects": lambda: putting(lambda: document_of("conversations", "{}", 64_000_000)),
    "millions of pinned ids": lambda: putting(lambda: document_of("pinned_ids", '"abcdefgh"', 60_000_000)),
    "a rule of 6 MB": lambda: putting(
        lambda: document_of("faults", '{"a": [' + ",".join(["{}"] * 2_000_000) + "]}", 7_000_000)
    ),
    "64 MB of one text": lambda: putting(lambda: b'{"seed": "' + b"x" * 60_000_000 + b'"}'),
    "64 MB of white space": lambda: putting(lambda: b" " * 60_000_000 + b"{}"),
    "reset of crowd with a new seed": lambda: (
        lambda port: [
            ask(port, "POST", "/__admin/reset", json.dumps({"scenario": "crowd", "seed": seed}).encode())
            for seed in range(5, 8)
        ]
    ),
    "server-wide rules among 20,000 sandboxes": lambda: server_wide_rules,
    "reset of 20,000 sandboxes": lambda: (
        lambda port: ask(port, "POST", "/__admin/reset?all=true", token=None)
    ),
    "list of 20,000 sandboxes": lambda: lambda port: ask(port, "GET", "/__admin/sandboxes", token=None),
    "60 exports that are not read": unread_exports,
    "a snapshot after each of 5 imports": snapshots_of_imports,
    "restores and drops of 100,000": restored_and_dropped,
    "50 rules of 1 MB": lambda: large_rules,
    "600 bodies of emoji": lambda: emoji,
}


def main() -> None:
    """Measure, and print a line for each attack."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("names", nargs="*", help="parts of the names of attacks; all by default")
    names = arguments.parse_args().names
    print(f"{'attack':46} {'longest retrieve':>18} {'took':>9} {'memory':>10}")
    with sandbox_server("--max-sandboxes", str(SANDBOXES)) as server:
        for name, prepare in ATTACKS.items():
            if names and not any(each in name for each in names):
                continue
            attack = prepare()
            with observed(server) as figures:
                attack(server.port)
            late = " !" if figures["milliseconds"] > GOAL_MILLISECONDS else ""
            print(
                f"{name:46} {figures['milliseconds']:15.1f} ms {figures['seconds']:7.2f} s"
                f" {figures['megabytes']:7.0f} MB{late}"
            )


if __name__ == "__main__":
    main()
