"""Clients that write to a world while its store fails, and a check of what they were answered against what is there."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from itertools import count
from threading import Event
from typing import Any, NamedTuple

from tests.live.server import TIMEOUT_SECONDS, Server, wait_until
from tests.live.store_machines import LIST, Client, Machines
from tests.live.wire import Response, assert_error

COUNTED = {
    "name": "counted",
    "match": {"operation": "createConversation"},
    "skip": 1_000_000,
    "fault": {"type": "hang"},
}
"""A rule that matches all creates, and never fires."""
PAUSE_SECONDS = 0.004
"""The pause of a writer between two rounds, which limits the load."""
REFUSED_SECONDS = 0.05
MAX_SECONDS = 5.0
"""Upper bound of a call for busy machines; --store-timeout is a second."""


class Kept(NamedTuple):
    """A conversation as the last answer says."""

    id: str
    is_muted: bool


class Writer:
    """A client that writes one request after the other until ``ended`` is set, and notes what is answered.

    Creates with a key, updates and deletes are repeated until they are answered, so that it is known what they have
    done. Creates without a key and rules are sent once: those that were not answered, or by 503, are ``doubtful``.
    """

    def __init__(
        self, name: str, server: Server, token: str, ended: Event, *, is_lossy: bool = False
    ) -> None:
        self.rounds = 0
        self.kept: dict[str, Kept] = {}
        self.rules: set[str] = set()
        self.doubtful: set[str] = set()
        self.answered: list[str] = []
        self.unanswered: set[str] = set()
        self.refused: set[str] = set()
        self.creates = Counter[bool]()
        """The number of creates that were answered, and of those that were not, or by 503."""
        self.slowest = 0.0
        self._name = name
        self._client = Client(server, token)
        self._ended = ended
        self._is_lossy = is_lossy
        self._numbers = count()

    def run(self) -> None:
        with closing(self._client):
            for number in count():
                if self._ended.wait(PAUSE_SECONDS):
                    break
                self._write(number)
                self.rounds += 1

    def _write(self, number: int) -> None:
        contact = f"{self._name}-{number}"
        created, _ = self._insist("POST", LIST, {"contact_id": contact}, Idempotency_Key=contact)
        assert created.status == 201, created
        conversation = self.kept[contact] = Kept(created.json["id"], False)
        path = f"{LIST}/{conversation.id}"
        if number % 3 == 1:
            updated, _ = self._insist("PUT", path, {"is_muted": True})
            assert updated.status == 200 or self._is_lossy, updated
            self.kept[contact] = conversation._replace(is_muted=True)
        read, _ = self._insist("GET", path)
        assert read.status < 500
        assert self._is_lossy or (read.status, read.json["is_muted"]) == (200, number % 3 == 1)
        if number % 3 == 2:
            deleted, is_repeated = self._insist("DELETE", path)
            may_be_gone = is_repeated or self._is_lossy
            assert deleted.status == 204 or (may_be_gone and deleted.status == 404), deleted
            del self.kept[contact]
        if number % 2:
            contact += "-once"
            once = self._try("POST", LIST, {"contact_id": contact})
            if once is None:
                self.doubtful.add(contact)
            else:
                assert once.status == 201, once
                self.kept[contact] = Kept(once.json["id"], False)
        if number % 8 == 0 and len(self.rules) + len(self.doubtful) < 20:
            rule = {"name": contact, "match": {"path": "/v1/none"}, "fault": {"type": "hang"}}
            added = self._try("POST", "/__admin/faults", rule)
            if added is None:
                self.doubtful.add(contact)
            else:
                assert added.status == 201, added
                self.rules.add(contact)

    def _insist(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[Response, bool]:
        """Repeat a request until it is answered. Return also whether an earlier one may have been carried out."""
        for attempt in count():
            response = self._try(method, path, body, **headers)
            if response is not None:
                return response, attempt > 0
            self._ended.wait(REFUSED_SECONDS)
        raise AssertionError

    def _try(self, method: str, path: str, body: Any = None, **headers: str) -> Response | None:
        """Return the response; None if it is 503, or if there is none."""
        request_id = f"{self._name}:{next(self._numbers)}"
        began = time.monotonic()
        try:
            response = self._client.call(method, path, body, X_Request_Id=request_id, **headers)
        except (OSError, HTTPException):
            self._client.close()
            response = None
        self.slowest = max(self.slowest, time.monotonic() - began)
        is_answered = response is not None and response.status != 503
        if path == LIST and method == "POST":
            self.creates[is_answered] += 1
        if path.startswith("/v1"):
            if response is None:
                self.unanswered.add(request_id)
            elif is_answered:
                self.answered.append(request_id)
            else:
                self.refused.add(request_id)
        if response is not None and not is_answered:
            assert_error(response, 503)
            assert response.headers["Retry-After"] == "1", response
        return response if is_answered else None


@contextmanager
def writing(machines: Machines, token: str, *, is_lossy: bool = False) -> Iterator[list[Writer]]:
    """Let a writer per worker write during the block, and go on for a while after it.

    If the store ``is_lossy``, a conversation may be gone that was answered.
    """
    machines.clients(token)[0].control("POST", "faults", COUNTED)
    ended = Event()
    writers = [
        Writer(
            f"writer{number}",
            machines.servers[number % len(machines.servers)],
            token,
            ended,
            is_lossy=is_lossy,
        )
        for number in range(machines.workers)
    ]
    with ThreadPoolExecutor(len(writers)) as pool:
        running = [pool.submit(writer.run) for writer in writers]
        try:
            go_on(writers, running)
            yield writers
            go_on(writers, running)
        finally:
            ended.set()
    for each in running:
        each.result()


def go_on(writers: list[Writer], running: "list[Future[None]] | None" = None, rounds: int = 4) -> None:
    """Wait until all writers have made some rounds more."""
    before = [writer.rounds for writer in writers]

    def have_gone_on() -> bool:
        for each in running or ():
            if each.done():
                each.result()
        return all(writer.rounds >= old + rounds for writer, old in zip(writers, before, strict=True))

    wait_until(have_gone_on)


def assert_nothing_is_lost_or_twice(machines: Machines, token: str, writers: list[Writer]) -> None:
    """Compare each answer with what is there, in all workers."""
    # A worker without a writer may not have noticed yet that the store is back.
    machines.wait_until_ok(token)
    clients = machines.clients(token)
    # Each worker finds out by itself that the store is available again.
    wait_until(lambda: all(each.control("GET", "health")["status"] == "ok" for each in clients))
    states = [client.control("GET", "state") for client in clients]
    assert states == states[:1] * len(states)
    contacts = Counter(each["contact_id"] for each in states[0]["conversations"])
    assert set(contacts.values()) <= {1}
    there = {each["contact_id"]: Kept(each["id"], each["is_muted"]) for each in states[0]["conversations"]}
    assert len({each.id for each in there.values()}) == len(there)
    kept = {contact: each for writer in writers for contact, each in writer.kept.items()}
    doubtful = set[str]().union(*(writer.doubtful for writer in writers))
    assert {contact: there.get(contact) for contact in kept} == kept
    assert there.keys() - kept.keys() <= doubtful
    assert_rules(clients[1].control("GET", "faults")["data"], writers, doubtful)
    assert_journal(clients, writers)


def assert_rules(rules: list[dict[str, Any]], writers: list[Writer], doubtful: set[str]) -> None:
    """Compare the rules, and what the rule has counted that matches all creates."""
    counted, *others = rules
    names = Counter(rule["name"] for rule in others)
    assert set(names.values()) <= {1}
    answered = set[str]().union(*(writer.rules for writer in writers))
    assert answered <= names.keys() <= answered | doubtful
    creates = sum((writer.creates for writer in writers), Counter[bool]())
    assert creates[True] <= counted["matched"] <= creates.total()


def assert_journal(clients: list[Client], writers: list[Writer]) -> None:
    """Compare the journal with the calls."""
    answered = {each for writer in writers for each in writer.answered}
    refused = set[str]().union(*(writer.refused for writer in writers))
    unanswered = set[str]().union(*(writer.unanswered for writer in writers))

    def ids() -> Counter[str]:
        journal = clients[-1].control("GET", "requests?limit=10000")
        return Counter(entry["id"] for entry in journal["data"])

    # Calls that were answered while the store was down are in the journal once it is back.
    with suppress(AssertionError):
        wait_until(lambda: answered <= ids().keys(), seconds=TIMEOUT_SECONDS / 5)
    there = ids()
    assert not answered - there.keys(), sorted(answered - there.keys())[:10]
    assert set(there.values()) == {1}
    assert there.keys() <= answered | refused | unanswered

    def counts_agree() -> bool:
        # Calls that were refused while the store was down may still arrive.
        counts = {client.control("GET", "requests/count")["count"] for client in clients}
        return counts == {ids().total()}

    wait_until(counts_agree)
