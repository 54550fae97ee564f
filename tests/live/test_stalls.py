"""Long work for one client: the calls of another one are answered while it goes on, not after it."""

import gzip
import http.client
import json
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.live.server import TIMEOUT_SECONDS, Server

STATE = "/__admin/state"
SLICES = 20
"""Number of equal parts of the time that the work takes. In most of them, another call must be answered."""
SEEDS = count(1_000_000)
CONVERSATIONS = 15_000
COMPRESSED_BYTES = 1_000_000


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)


def ask(
    server: Server, token: str, method: str, path: str, body: bytes, content_type: str = "application/json"
) -> int:
    client = connect(server)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
    if len(body) > COMPRESSED_BYTES:
        # It arrives at once, so that the server need not wait for more of it in the middle of its work.
        body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
    try:
        client.request(method, path, body, headers)
        response = client.getresponse()
        response.read()
        return response.status
    finally:
        client.close()


def state(*, last: dict[str, Any] | None = None) -> bytes:
    """Return a large state document; ``last`` replaces its last conversation."""
    conversations: list[dict[str, Any]] = [
        {
            "id": f"c{number}",
            "contact_id": "contact",
            "group_id": f"group{number % 7}",
            "pinned_message_id": None,
            "is_pinned": number % 2 == 0,
            "is_muted": number % 3 == 0,
            "last_active_at": 705103200,
            "last_opened_at": None,
            "created_at": 692233200 + number,
            "archived_at": None,
        }
        for number in range(CONVERSATIONS)
    ]
    if last is not None:
        conversations[-1] = last
    document = {
        "version": 1,
        "seed": 1,
        "pinned_ids": [],
        "id_index": 0,
        "frozen_at": None,
        "clock_offset": 0.0,
        "faults": [],
        "conversations": conversations,
        "deleted": [{"id": f"d{number}", "created_at": number} for number in range(CONVERSATIONS)],
    }
    return json.dumps(document).encode()


def import_of_a_large_state(server: Server, token: str) -> None:
    assert ask(server, token, "PUT", STATE, state()) == 200


def import_that_is_refused_at_its_last_conversation(server: Server, token: str) -> None:
    assert ask(server, token, "PUT", STATE, state(last={"id": "?"})) == 400


def resets_that_generate_many_conversations(server: Server, token: str) -> None:
    for _ in range(2):
        body = json.dumps({"scenario": "crowd", "seed": next(SEEDS)}).encode()
        assert ask(server, token, "POST", "/__admin/reset", body) == 200


def bodies_that_take_long_to_decode(server: Server, token: str) -> None:
    head = b"--b\r\nContent-Disposition: form-data; " + b'a="b"; ' * 120_000 + b'name="contact_id"\r\n\r\n'
    for _ in range(3):
        status = ask(
            server,
            token,
            "POST",
            "/v1/conversations",
            head + b"value\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
        )
        assert status == 201


@pytest.mark.parametrize(
    "work",
    [
        import_of_a_large_state,
        import_that_is_refused_at_its_last_conversation,
        resets_that_generate_many_conversations,
        bodies_that_take_long_to_decode,
    ],
)
def test_calls_of_another_client_are_answered_meanwhile(
    server: Server, token: str, work: Callable[[Server, str], None]
) -> None:
    answered: list[float] = []
    over = threading.Event()

    def observe() -> None:
        client = connect(server)
        while not over.is_set():
            client.request("GET", "/v1/conversations", headers={"Authorization": "Bearer observer"})
            assert client.getresponse().read()
            answered.append(time.monotonic())
        client.close()

    observer = threading.Thread(target=observe)
    observer.start()
    began = time.monotonic()
    try:
        work(server, token)
    finally:
        ended = time.monotonic()
        over.set()
        observer.join(TIMEOUT_SECONDS)
    slices = {int((at - began) / (ended - began) * SLICES) for at in answered if at < ended}
    assert len(slices) > SLICES / 2
