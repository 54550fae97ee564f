"""The journal as it grows, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    : the calls as they are answered
    retry: 1000

    id: 5f2b7c1e-1
    data: {"id": "5f2b7c1e-1", …, "sandbox": {"id": "b7e23ec29af22b0b", "name": null, "token": "work…"}}

The stream of a sandbox goes on when the sandbox is reset or dropped. It does not keep the sandbox from expiring.
"""

import json
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

import flask

from sandbox.control.context import ControlContext
from sandbox.edge.client import has_disconnected
from sandbox.edge.journal_entry import entry_document
from sandbox.operations import Operation
from sandbox.schemas.control import StreamQuery
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.world.interface import Lease, NumberedEntry, SandboxSlot
from sandbox.world.journal import Key, selects
from sandbox.world.journal_feed import JournalFeed, Listener, Update

PATH = "/__admin/requests/stream"
EVENT_STREAM = "text/event-stream"
BEAT_SECONDS = 5.0
"""The longest silence. A client whose connection was lost without a word is noticed by then."""
MAX_UPDATES = 100
"""The largest number of updates that are sent at once: encoding more would delay other calls."""
BEGINNING = b": the calls as they are answered\nretry: 1000\n\n"
BEAT = b": still here\n\n"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # or nginx would hold events back
}
EXAMPLE = """\
: the calls as they are answered
retry: 1000

id: 5f2b7c1e-1
data: {"id": "5f2b7c1e-1", "method": "GET", "path": "/v1/conversations", "status": 200, "sandbox": null}

event: dropped
data: {"count": 12}

event: cleared
data: {"sandbox": null}

: still here

"""


class EventStream:
    """The body of the response: an iterator of events, which ends when the server does or its client has left.

    ``missed`` are the updates before those of ``listener``, and ``is_gap`` is true if calls before them are unknown.
    ``sandbox_of`` returns what identifies the sandbox of a token. Leaves ``feed`` when it ends or is closed.
    """

    def __init__(
        self,
        feed: JournalFeed,
        listener: Listener,
        missed: list[Update],
        sandbox_of: Callable[[str], dict[str, str | None] | None],
        has_left: Callable[[], bool],
        *,
        is_gap: bool = False,
    ) -> None:
        self._feed = feed
        self._listener = listener
        # What was recorded while the journal was read is in the queue as well.
        self._both = {update[:2] for update in missed if update.number > listener.since}
        self._sandbox_of = sandbox_of
        self._has_left = has_left
        self._parts = self._events(missed, is_gap=is_gap)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Leave the feed. A server calls it when the response has ended in whatever way."""
        self._parts.close()
        self._feed.leave(self._listener)

    def _events(self, missed: list[Update], *, is_gap: bool) -> Generator[bytes]:
        yield BEGINNING
        if is_gap:
            yield _event("dropped", {"count": None})
        for at in range(0, len(missed), MAX_UPDATES):
            yield self._encoded(missed[at : at + MAX_UPDATES])
        while not self._has_left():
            batch = self._listener.take(BEAT_SECONDS, MAX_UPDATES)
            text = self._encoded(update for update in batch.updates if update[:2] not in self._both)
            if batch.dropped != 0:
                text += _event("dropped", {"count": batch.dropped})
            if text:
                yield text
            elif self._listener.is_closed:
                break
            elif not batch.updates and not self._has_left():
                yield BEAT
        self._feed.leave(self._listener)

    def _encoded(self, updates: Iterable[Update]) -> bytes:
        return b"".join(self._event_of(update) for update in updates)

    def _event_of(self, update: Update) -> bytes:
        sandbox = self._sandbox_of(update.token)
        if update.entry is None:
            return _event("cleared", {"sandbox": sandbox})
        document = entry_document(update.entry) | {"sandbox": sandbox}
        return f"id: {update.entry.id}\ndata: {json.dumps(document)}\n\n".encode()


def show(context: ControlContext, lease: Lease | None, query: dict[str, Any]) -> flask.Response:
    """Return the calls as server-sent events, as they are answered; without a token, the calls that had none.

    Each event is an entry of the journal and its sandbox. A client that reconnects sends the id of the last one as
    Last-Event-ID. The event "dropped" tells how many calls a client missed because it was too slow (null: unknown,
    since its last one is not in the journal any more, or the server has lost its connection to the store for a while),
    and "cleared" that the journal was emptied.
    """
    environ = flask.request.environ
    if flask.request.method == "HEAD":
        return flask.Response(iter(()), headers=HEADERS, content_type=EVENT_STREAM)
    token = None if query["all"] else context.fleet.text_of(_slot(context, lease))
    wanted = Key(query.get("operation"), query.get("method"), query.get("status"))
    listener = context.feed.listen(lambda update: _is_wanted(update, token, wanted))
    try:
        after = environ.get("HTTP_LAST_EVENT_ID") or query.get("after")
        missed, is_gap = _missed(_journals(context, lease, everybody=token is None), after)
    except BaseException:
        context.feed.leave(listener)
        raise
    stream = EventStream(
        context.feed,
        listener,
        [update for update in missed if _is_wanted(update, token, wanted)],
        lambda token: _sandbox(context, token),
        lambda: has_disconnected(environ),
        is_gap=is_gap,
    )
    return flask.Response(stream, headers=HEADERS, content_type=EVENT_STREAM)


def _slot(context: ControlContext, lease: Lease | None) -> SandboxSlot:
    return context.fleet.anonymous if lease is None else lease.slot


def _journals(
    context: ControlContext, lease: Lease | None, *, everybody: bool
) -> Iterable[tuple[str, list[NumberedEntry]]]:
    if everybody:
        return context.fleet.journals()
    slot = _slot(context, lease)
    return [(context.fleet.text_of(slot), slot.world.numbered_entries())]


def _missed(
    journals: Iterable[tuple[str, list[NumberedEntry]]], after: str | None
) -> tuple[list[Update], bool]:
    """Return the calls after the one with the id ``after``, and whether there may have been others before them.

    With an empty ``after``, all calls in the journals; with None, none.
    """
    if after is None:
        return [], False
    updates = [Update(number, token, entry) for token, entries in journals for number, entry in entries]
    updates.sort(key=lambda update: update.number)
    if not after:
        return updates, False
    for index in range(len(updates) - 1, -1, -1):
        entry = updates[index].entry
        if entry is not None and entry.id == after:
            return updates[index + 1 :], False
    return updates, True


def _is_wanted(update: Update, token: str | None, wanted: Key) -> bool:
    """Return whether a stream has this update; it is of one token, or, with None, of all."""
    if token is not None and token != update.token:
        return False
    return update.entry is None or selects(wanted, update.entry)


def _sandbox(context: ControlContext, text: str) -> dict[str, str | None] | None:
    label = context.fleet.label_of(text)
    return None if label is None else label._asdict()


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


ENDPOINTS = (
    Endpoint(
        Operation("streamRequests", "GET", PATH),
        show,
        Scope.EITHER,
        query=StreamQuery(),
        media_type=EVENT_STREAM,
        example=EXAMPLE,
    ),
)
