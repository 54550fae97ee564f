"""Isolation of worlds under load: each client compares its own world with a model in plain Python."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from http.client import HTTPConnection
from random import Random
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

from tests.live.server import TIMEOUT_SECONDS, Server

WORLDS = 24
ROUNDS = 400
MAX_CONVERSATIONS = 60
"""Limit per world, so that one page holds all conversations."""
BLANK_START = 692233200

Conversation = dict[str, Any]


@dataclass
class Model:
    """The expected state of a world.

    ``deleted`` is in the order of deletion; ``index`` counts created conversations.
    """

    seed: int = 1
    now: int = BLANK_START
    index: int = 0
    conversations: dict[str, Conversation] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)

    @property
    def conversations_in_order(self) -> list[Conversation]:
        return sorted(self.conversations.values(), key=lambda each: (-each["created_at"], each["id"]))


class World:
    """A client with its own token, and the model of its world."""

    def __init__(self, server: Server, token: str, number: int) -> None:
        self.token = token
        self.random = Random(number)
        self.connection = HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
        self.model = Model()
        self.ids: dict[tuple[int, int], str] = {}
        self.snapshots: dict[str, Model] = {}
        self.documents: list[tuple[bytes, Model]] = []
        self.taken = 0
        self.journalled = 0
        self.calls = 0
        self.last_call = ""

    def call(self, status: int, method: str, path: str, body: Any = None, raw: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        sent = raw
        if raw is not None or path.startswith("/__admin"):
            headers["Content-Type"] = "application/json"
            sent = raw if raw is not None else json.dumps(body or {}).encode() if method != "GET" else None
        elif body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            sent = urlencode(body).encode()
        self.connection.request(method, path, sent, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        self.calls += 1
        self.journalled += path.startswith("/v1")
        self.last_call = (
            f"{self.token}, call {self.calls}: {method} {path} {sent!r} → {answer.status} {data[:300]!r}"
        )
        assert answer.status == status, self.last_call
        return json.loads(data) if data else None

    def assert_equal(self, found: object, expected: object) -> None:
        assert found == expected, f"{self.last_call}\nexpected {expected}"

    def any_id(self) -> str | None:
        return self.random.choice(sorted(self.model.conversations)) if self.model.conversations else None

    def create(self) -> None:
        if len(self.model.conversations) >= MAX_CONVERSATIONS:
            return self.delete()
        group = self.random.choice(["", "one", "two"])
        made = self.call(201, "POST", "/v1/conversations", {"contact_id": self.token, "group_id": group})
        model = self.model
        expected = plain(made["id"], self.token, group or None, model.now)
        self.assert_equal(made, expected)
        self.assert_equal(made["id"], self.ids.setdefault((model.seed, model.index), made["id"]))
        assert made["id"] not in model.conversations, self.last_call
        assert made["id"] not in model.deleted, self.last_call
        model.index += 1
        model.conversations[made["id"]] = expected
        return None

    def update(self) -> None:
        if conversation_id := self.any_id():
            changes = {"is_muted": self.random.random() < 0.5, "pinned_message_id": f"m{self.calls}"}
            sent = {name: str(value).lower() for name, value in changes.items()}
            self.model.conversations[conversation_id] |= changes
            answer = self.call(200, "PUT", f"/v1/conversations/{conversation_id}", sent)
            self.assert_equal(answer, self.model.conversations[conversation_id])

    def delete(self) -> None:
        if conversation_id := self.any_id():
            gone = self.model.conversations.pop(conversation_id)
            self.model.deleted[conversation_id] = gone["created_at"]
            self.call(204, "DELETE", f"/v1/conversations/{conversation_id}")

    def retrieve(self) -> None:
        if conversation_id := self.any_id():
            answer = self.call(200, "GET", f"/v1/conversations/{conversation_id}")
            self.assert_equal(answer, self.model.conversations[conversation_id])
        for gone in list(self.model.deleted)[-1:]:
            self.call(404, "GET", f"/v1/conversations/{gone}")

    def list_all(self) -> None:
        answer = self.call(200, "GET", "/v1/conversations?limit=100")
        self.assert_equal(answer, {"has_more": False, "data": self.model.conversations_in_order})

    def list_some(self) -> None:
        muted = [
            each
            for each in self.model.conversations_in_order
            if each["is_muted"] and each["group_id"] == "one"
        ]
        answer = self.call(200, "GET", "/v1/conversations?muted=true&group_id=one&limit=3")
        self.assert_equal(answer, {"has_more": len(muted) > 3, "data": muted[:3]})

    def list_after(self) -> None:
        places = {
            each["id"]: each["created_at"] for each in self.model.conversations_in_order
        } | self.model.deleted
        if places:
            cursor = self.random.choice(sorted(places))
            place = (-places[cursor], cursor)
            after = [
                each
                for each in self.model.conversations_in_order
                if (-each["created_at"], each["id"]) > place
            ]
            answer = self.call(200, "GET", f"/v1/conversations?limit=5&starting_after={cursor}")
            self.assert_equal(answer, {"has_more": len(after) > 5, "data": after[:5]})

    def arrange(self) -> None:
        conversation_id = (
            self.any_id() if self.random.random() < 0.5 else f"arranged-{self.random.randrange(20)}"
        )
        old = self.model.conversations.get(conversation_id or "")
        if conversation_id is None or (old is None and len(self.model.conversations) >= MAX_CONVERSATIONS):
            return
        changes = {
            "contact_id": self.token,
            "group_id": self.random.choice([None, "one"]),
            "created_at": BLANK_START + self.random.randrange(100),
            "archived_at": self.random.choice([None, 5]),
            "is_muted": self.random.random() < 0.5,
        }
        made = (old or plain(conversation_id, None, None, 0)) | changes
        answer = self.call(200 if old else 201, "PUT", f"/__admin/conversations/{conversation_id}", changes)
        self.assert_equal(answer, made)
        self.model.deleted.pop(conversation_id, None)
        self.model.conversations[conversation_id] = made

    def advance(self) -> None:
        self.model.now += self.random.randrange(1, 50)
        answer = self.call(200, "PUT", "/__admin/clock", {"action": "freeze", "at": self.model.now})
        self.assert_equal(answer, {"now": self.model.now, "frozen": True})

    def snapshot(self) -> None:
        if len(self.snapshots) > 4:
            dropped = self.random.choice(sorted(self.snapshots))
            del self.snapshots[dropped]
            self.call(204, "DELETE", f"/__admin/snapshots/{dropped}")
        self.taken += 1
        taken = self.call(201, "POST", "/__admin/snapshots")
        shape = {
            "id": f"snapshot-{self.taken}",
            "at": self.model.now,
            "conversations": len(self.model.conversations),
        }
        self.assert_equal(taken, shape)
        self.snapshots[taken["id"]] = deepcopy(self.model)

    def restore(self) -> None:
        if self.snapshots:
            snapshot_id = self.random.choice(sorted(self.snapshots))
            self.call(200, "POST", f"/__admin/snapshots/{snapshot_id}/restore")
            self.model = deepcopy(self.snapshots[snapshot_id])

    def export(self) -> None:
        state = self.call(200, "GET", "/__admin/state")
        model = self.model
        deleted = [{"id": name, "created_at": at} for name, at in model.deleted.items()]
        self.assert_equal(state["conversations"], model.conversations_in_order)
        self.assert_equal(state["deleted"], deleted)
        self.assert_equal((state["seed"], state["frozen_at"]), (model.seed, model.now))
        self.documents = [*self.documents[-2:], (json.dumps(state).encode(), deepcopy(model))]

    def import_(self) -> None:
        if self.documents:
            document, model = self.random.choice(self.documents)
            answer = self.call(200, "PUT", "/__admin/state", raw=document)
            self.assert_equal(answer, {"conversations": len(model.conversations)})
            self.model = deepcopy(model)

    def refused_import(self) -> None:
        if self.documents:
            document = json.loads(self.documents[-1][0])
            document["conversations"].append({"id": "broken"})
            self.call(400, "PUT", "/__admin/state", raw=json.dumps(document).encode())

    def reset(self) -> None:
        seed = self.random.randrange(1, 4)
        answer = self.call(200, "POST", "/__admin/reset", {"scenario": "blank", "seed": seed})
        self.assert_equal(answer, {"scenario": "blank", "seed": seed, "conversations": 0})
        self.model = Model(seed)
        self.journalled = 0

    def count(self) -> None:
        answer = self.call(200, "GET", "/__admin/requests/count")
        self.assert_equal(answer, {"count": self.journalled})

    def run(self, barrier: Barrier) -> int:
        """Make random calls and return their number."""
        frequent: list[Callable[[], None]] = [
            self.create,
            self.update,
            self.arrange,
            self.list_all,
            self.list_some,
            self.list_after,
        ]
        rare = [
            self.delete,
            self.retrieve,
            self.advance,
            self.snapshot,
            self.restore,
            self.export,
            self.import_,
            self.refused_import,
            self.count,
        ]
        barrier.wait(TIMEOUT_SECONDS)
        self.reset()
        for at in range(ROUNDS):
            self.random.choice([self.reset, self.create] if at % 60 == 59 else [*frequent * 2, *rare])()
        self.list_all()
        self.export()
        self.count()
        self.connection.close()
        return self.calls


def plain(conversation_id: str, contact_id: str | None, group_id: str | None, now: int) -> Conversation:
    return {
        "id": conversation_id,
        "contact_id": contact_id,
        "group_id": group_id,
        "pinned_message_id": None,
        "is_pinned": False,
        "is_muted": False,
        "last_active_at": None,
        "last_opened_at": None,
        "created_at": now,
        "archived_at": None,
    }


def test_parallel_worlds_are_isolated(server: Server, token: str) -> None:
    worlds = [World(server, f"{token}-world-{number}", number) for number in range(WORLDS)]
    barrier = Barrier(WORLDS)
    with ThreadPoolExecutor(WORLDS) as pool:
        calls = list(pool.map(lambda world: world.run(barrier), worlds))
    assert min(calls) > ROUNDS / 2
    assert sum(calls) > 6000
    # A seed yields the same ids in every world, independent of the order of threads.
    for world in worlds[1:]:
        for key, made in world.ids.items():
            assert worlds[0].ids.get(key, made) == made
