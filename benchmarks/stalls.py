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
from multiprocessing import Event, Process, Queue
from multiprocessing.synchronize import Event as EventType
from threading import Thread
from typing import Any

from benchmarks.server import Running, sandbox_server

RETRIEVE = "/v1/conversations/xgQQXg3hrtjh7AvZ"
CREATE = "/v1/conversations"
STATE = "/__admin/state"
JSON = "application/json"
CONVERSATIONS = 100_000
SANDBOXES = 20_000
GOAL_MILLISECONDS = 100.0
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
    port: int, method: str, path: str, body: bytes = b"", token: str | None = "attacker"
) -> tuple[int, bytes]:
    """Make a call, and return the status and the body; 0 if the server closed the connection first."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": JSON}
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


def observe(port: int, over: EventType, found: "Queue[float]") -> None:
    """Make one retrieve after the other, in a process of its own, and put the longest time of one into ``found``."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    longest = 0.0
    while not over.is_set():
        begun = time.perf_counter()
        client.request("GET", RETRIEVE, headers={"Authorization": "Bearer observer"})
        client.getresponse().read()
        longest = max(longest, time.perf_counter() - begun)
        time.sleep(0.002)
    found.put(longest)


@contextmanager
def observed(server: Running) -> Iterator[dict[str, float]]:
    """Measure while the block runs: the longest retrieve in milliseconds, seconds, and megabytes at the peak."""
    over, figures = Event(), dict[str, float]()
    found: Queue[float] = Queue()
    observer = Process(target=observe, args=(server.port, over, found))
    before = peak = server.resident_kilobytes()
    observer.start()
    time.sleep(0.3)

    def watch() -> None:
        nonlocal peak
        while not over.is_set():
            peak = max(peak, server.resident_kilobytes())
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


def at_once(port: int, method: str, path: str, body: bytes, count: int) -> None:
    """Make the same call on ``count`` connections."""
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda _: ask(port, method, path, body), range(count)))


def unread_exports(port: int) -> None:
    """Ask for sixty exports, and read none of them."""
    ask(port, "PUT", STATE, document(CONVERSATIONS))
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
    ask(port, "PUT", "/__admin/faults", json.dumps({"data": [rule] * 100}).encode(), token=None)
    ask(port, "GET", "/__admin/faults", token=None)
    ask(port, "DELETE", "/__admin/faults", token=None)


def snapshots_of_imports(port: int) -> None:
    """Take a snapshot after each of five imports."""
    body = document(CONVERSATIONS)
    for _ in range(5):
        ask(port, "PUT", STATE, body)
        ask(port, "POST", "/__admin/snapshots")


def large_rules(port: int) -> None:
    """Add rules of almost a megabyte each."""
    rule = json.dumps({"delay": 1, "match": {"query": {"a": "b" * 1_000_000}}}).encode()
    for _ in range(50):
        ask(port, "POST", "/__admin/faults", rule)


def emoji(port: int) -> None:
    """Fill the journal with bodies of emoji and control characters."""
    body = b'{"contact_id": "' + "😀".encode() * 4_000 + b"\\u0001" * 500 + b'"}'
    for _ in range(600):
        ask(port, "POST", CREATE, body)


def putting(body: Callable[[], bytes], path: str = STATE) -> Callable[[int], None]:
    """Return an attack that sends a body that takes long to make."""
    made = body()
    return lambda port: print(f"{'':54}{ask(port, 'PUT', path, made)[0]}", end="\r")


ATTACKS: dict[str, Callable[[], Callable[[int], object]]] = {
    "nothing": lambda: lambda _port: time.sleep(2),
    "a state of 64 MB with unknown names": lambda: putting(lambda: many_names(58_000_000)),
    "16 creates of 0.9 MB with unknown names": lambda: (
        lambda port: at_once(port, "POST", CREATE, many_names(900_000), 16)
    ),
    "16 creates of 0.9 MB with empty objects": lambda: (
        lambda port: at_once(port, "POST", CREATE, b'{"a": [' + b",".join([b"{}"] * 300_000) + b"]}", 16)
    ),
    "import of 100,000": lambda: putting(lambda: document(CONVERSATIONS)),
    "import of 100,000 and as many deletions": lambda: putting(lambda: document(CONVERSATIONS, 100_000)),
    "import refused at its last item": lambda: putting(lambda: document(CONVERSATIONS, last="{}")),
    "64 MB of empty objects": lambda: putting(lambda: document_of("conversations", "{}", 64_000_000)),
    "millions of pinned ids": lambda: putting(lambda: document_of("pinned_ids", '"abcdefgh"', 60_000_000)),
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
    "60 exports that are not read": lambda: unread_exports,
    "a snapshot after each of 5 imports": lambda: snapshots_of_imports,
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
