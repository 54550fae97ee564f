"""The stream of the journal: its events, its beginning, and its end."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.app import create_app
from sandbox.control.journal_stream import BEAT, BEGINNING, EventStream
from sandbox.edge.client import KEY
from sandbox.settings import Settings
from sandbox.world.concurrency import Concurrency
from sandbox.world.journal_feed import JournalFeed, Update
from sandbox.world.sleepers import Event

Check = Callable[..., str]

PATH = "/__admin/requests/stream"
COLLECTION = "/v1/conversations"
ITEM = f"{COLLECTION}/xgQQXg3hrtjh7AvZ"
ME = {"Authorization": "Bearer me-with-a-long-token"}


class Client:
    """The server's connection of a client, which may leave."""

    has_disconnected = False


class Stream:
    """An open stream, of which one part after the other is read. ``kept`` has the ids of calls so far."""

    def __init__(self, api: FlaskClient, query: str = "", **sent: Any) -> None:
        self.client = Client()
        self.response: TestResponse = api.get(PATH + query, environ_overrides={KEY: self.client}, **sent)
        assert self.response.status_code == 200, self.response.text
        self.parts: Iterator[bytes] = iter(self.response.response)  # type: ignore[arg-type]
        assert next(self.parts) == BEGINNING

    def events(self) -> list[tuple[str, Any]]:
        """Return the next part as events: the id or the name of each, and its data."""
        found = []
        for text in next(self.parts).decode().split("\n\n")[:-1]:
            head, _, data = text.partition("\ndata: ")
            found.append((head.partition(": ")[2], json.loads(data) if data else None))
        return found

    def first(self, count: int) -> list[tuple[str, Any]]:
        """Return the next ``count`` events, in however many parts they come. Other processes send them later."""
        found: list[tuple[str, Any]] = []
        while len(found) < count:
            found += [event for event in self.events() if event[1] is not None]
        return found

    def ids(self) -> list[str]:
        return [name for name, _ in self.events()]


def call(api: FlaskClient, *ids: str, path: str = ITEM, **headers: str) -> None:
    for request_id in ids:
        api.get(path, headers={"X-Request-Id": request_id} | headers)


@pytest.fixture
def api() -> Iterator[FlaskClient]:
    """Yield a client of a server whose streams wait no time."""

    def wait(_event: Event, _seconds: float) -> None:
        return

    app = create_app(
        Settings(scenario="documented", max_streams=2), now=lambda: 5.0, concurrency=Concurrency(wait=wait)
    )
    with app.test_client() as client:
        yield client


def test_response_is_an_event_stream_that_nobody_stores(api: FlaskClient) -> None:
    stream = Stream(api)
    assert stream.response.content_type == "text/event-stream"
    assert stream.response.headers["Cache-Control"] == "no-store"
    assert "Content-Length" not in stream.response.headers


def test_event_is_the_entry_of_the_journal_and_its_sandbox(api: FlaskClient) -> None:
    stream = Stream(api, headers=ME)
    call(api, "a", **ME)
    ((request_id, data),) = stream.events()
    assert request_id == "a"
    sandbox = data.pop("sandbox")
    assert api.get("/__admin/requests", headers=ME).get_json()["data"] == [data]
    (listed,) = api.get("/__admin/sandboxes").get_json()["data"]
    assert sandbox == {"id": listed["id"], "name": None, "token": "me-w…"}


def test_silence_is_filled_with_comments(api: FlaskClient) -> None:
    stream = Stream(api)
    assert [next(stream.parts) for _ in range(3)] == [BEAT] * 3
    call(api, "a")
    assert stream.ids() == ["a"]
    assert next(stream.parts) == BEAT


def test_stream_is_of_one_sandbox_or_of_all(open_app: Callable[..., Flask]) -> None:
    api = open_app().test_client()
    mine, anonymous, everybody = Stream(api, headers=ME), Stream(api), Stream(api, "?all=true", headers=ME)
    call(api, "a", **ME)
    call(api, "b")
    call(api, "c", Authorization="Bearer new")
    assert [name for name, _ in mine.first(1)] == ["a"]
    assert [(name, data["sandbox"]) for name, data in anonymous.first(1)] == [("b", None)]
    tokens = [(name, data["sandbox"] and data["sandbox"]["token"]) for name, data in everybody.first(3)]
    assert tokens == [("a", "me-w…"), ("b", None), ("c", "n…")]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("?status=404", ["b"]),
        ("?method=GET", ["a", "b"]),
        ("?method=POST", ["c"]),
        ("?operation=createConversation", ["c"]),
        ("?operation=retrieveConversation&status=200", ["a"]),
    ],
)
def test_filters_are_those_of_the_journal(api: FlaskClient, query: str, ids: list[str]) -> None:
    stream = Stream(api, query, headers=ME)
    call(api, "a", **ME)
    call(api, "b", path="/v1/nothing", **ME)
    api.post(COLLECTION, data={"contact_id": "a"}, headers={"X-Request-Id": "c"} | ME)
    assert stream.ids() == ids
    assert Stream(api, f"{query}&after=", headers=ME).ids() == ids


@pytest.mark.parametrize(
    ("sent", "ids"),
    [
        ({}, ["e"]),
        ({"query_string": {"after": "b"}}, ["c", "d", "e"]),
        ({"query_string": {"after": "d"}}, ["e"]),
        ({"query_string": {"after": ""}}, ["a", "b", "c", "d", "e"]),
        ({"headers": {"Last-Event-ID": "c"}}, ["d", "e"]),
        ({"headers": {"Last-Event-ID": "c"}, "query_string": {"after": "a"}}, ["d", "e"]),
        ({"headers": {"Last-Event-ID": ""}}, ["e"]),
        ({"query_string": {"after": "nothing"}}, ["dropped", "a", "b", "c", "d", "e"]),
        ({"headers": {"Last-Event-ID": "\xe9"}}, ["dropped", "a", "b", "c", "d", "e"]),
        ({"query_string": {"after": "c", "status": "404"}}, []),
    ],
)
def test_stream_resumes_after_the_last_call_of_its_client(
    api: FlaskClient, sent: dict[str, Any], ids: list[str]
) -> None:
    call(api, "a", "b", "c", "d")
    stream = Stream(api, **sent)
    call(api, "e")
    seen: list[str] = []
    while (part := stream.ids()) != ["still here"]:
        seen += part
    assert seen == ids


def test_stream_of_all_resumes_in_the_order_of_all_calls(api: FlaskClient) -> None:
    call(api, "a", "b")
    call(api, "c", **ME)
    call(api, "d")
    call(api, "e", Authorization="Bearer other")
    call(api, "f", **ME)
    assert Stream(api, "?all=true&after=b").ids() == ["c", "d", "e", "f"]


def test_call_that_is_recorded_while_the_journal_is_read_is_sent_once(
    api: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen = JournalFeed.listen

    def listen_while_a_call_comes(feed: JournalFeed, *arguments: Any) -> Any:
        listener = listen(feed, *arguments)
        call(api.application.test_client(), "b")
        return listener

    call(api, "a")
    monkeypatch.setattr(JournalFeed, "listen", listen_while_a_call_comes)
    stream = Stream(api, "?after=")
    call(api, "c")
    assert stream.ids() == ["a", "b"]
    assert stream.ids() == ["c"]


def test_stream_survives_a_reset_and_says_that_the_journal_is_empty(api: FlaskClient) -> None:
    stream = Stream(api, headers=ME)
    call(api, "a", **ME)
    api.post("/__admin/reset", json={}, headers=ME)
    call(api, "b", **ME)
    api.delete("/__admin/requests", headers=ME)
    assert stream.ids() == ["a", "cleared", "b", "cleared"]
    (listed,) = api.get("/__admin/sandboxes").get_json()["data"]
    api.delete(f"/__admin/sandboxes/{listed['id']}")
    call(api, "c", **ME)
    assert stream.ids() == ["c"]


def test_slow_client_learns_how_many_calls_it_missed(api: FlaskClient) -> None:
    stream = Stream(api, headers=ME)
    for number in range(2010):
        call(api, f"c{number}", **ME)
    seen = []
    while (part := stream.events()) != [("still here", None)]:
        assert len(part) <= 101
        seen += part
    assert [name for name, _ in seen[:-1]] == [f"c{number}" for number in range(2000)]
    assert seen[-1] == ("dropped", {"count": 10})
    call(api, "next", **ME)
    assert stream.ids() == ["next"]


def test_client_learns_that_calls_of_other_processes_are_missing() -> None:
    feed = JournalFeed()
    stream = EventStream(feed, feed.listen(lambda _: True), [], lambda _: None, lambda: False)
    assert next(stream) == BEGINNING
    feed.miss()
    assert next(stream) == b'event: dropped\ndata: {"count": null}\n\n'
    feed.publish(Update(1, "", None))
    assert next(stream) == b'event: cleared\ndata: {"sandbox": null}\n\n'


def test_stream_ends_when_its_client_left_or_the_server_ends(api: FlaskClient) -> None:
    left, other = Stream(api), Stream(api, "?after=")
    left.client.has_disconnected = True
    assert list(left.parts) == []
    Stream(api).response.close()  # there is room again
    other.response.close()
    assert list(other.parts) == []


def test_streams_are_limited(api: FlaskClient, assert_error_shape: Check) -> None:
    first, _second = Stream(api), Stream(api, headers=ME)
    assert_error_shape(api.get(PATH), 503, "2 streams", "--max-streams")
    assert api.head(PATH).status_code == 200
    first.response.close()
    Stream(api)


def test_server_without_streams_refuses_each(
    open_api: Callable[..., FlaskClient], assert_error_shape: Check
) -> None:
    assert_error_shape(open_api(max_streams=0).get(PATH), 503, "--max-streams")


@pytest.mark.parametrize(
    ("query", "fragments"),
    [
        ("?limit=5", ["limit"]),
        ("?status=99", ["status must be"]),
        ("?all=maybe", ["all must be"]),
        ("?after=a&after=b", ["after is given twice"]),
        ("?after=" + "a" * 201, ["after must be"]),
    ],
)
def test_invalid_query_is_refused(
    api: FlaskClient, assert_error_shape: Check, query: str, fragments: list[str]
) -> None:
    assert_error_shape(api.get(PATH + query), 400, *fragments)


def test_head_has_the_headers_and_ends_at_once(api: FlaskClient) -> None:
    for _ in range(5):
        response = api.head(PATH)
        assert (response.status_code, response.data) == (200, b"")
        assert response.content_type == "text/event-stream"
        assert "Content-Length" not in response.headers


def test_tokens_are_never_sent_whole(api: FlaskClient) -> None:
    stream = Stream(api, "?all=true")
    api.get(f"{ITEM}?access_token=me-with-a-long-token", headers=ME)
    assert b"long-token" not in next(stream.parts)


def test_stream_of_a_named_world_has_its_calls_alone(api: FlaskClient) -> None:
    named = {"X-Sandbox-World": "checkout"}
    stream = Stream(api, headers=named)
    call(api, "a", **ME)
    call(api, "b", **ME, **named)
    ((request_id, data),) = stream.events()
    assert request_id == "b"
    assert (data["sandbox"]["name"], data["sandbox"]["token"]) == ("checkout", None)
