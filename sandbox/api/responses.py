"""The successful responses of the API. A record's JSON is made when it is written; responses join it."""

from sandbox.operations import COLLECTION
from sandbox.web.response import Response, json_response
from sandbox.world.conversation import Record
from sandbox.world.paging import Page

REPLAYED = "Idempotent-Replayed"


def conversation(record: Record) -> Response:
    """Return a 200 response with one conversation."""
    return json_response(record.json + b"\n")


def created(record: Record, *, is_replay: bool = False) -> Response:
    """Return a 201 response with the conversation that was created, and its ``Location``.

    ``is_replay`` says that it was created by an earlier call, and that the response is that of this call.
    """
    headers = [("Location", f"{COLLECTION}/{record.conversation.id}")]
    if is_replay:
        headers.append((REPLAYED, "true"))
    return json_response(record.json + b"\n", 201, headers)


def page(found: Page) -> Response:
    """Return a 200 response with one page of the list, ``{"has_more": …, "data": […]}``."""
    has_more = b"true" if found.has_more else b"false"
    return json_response(b'{"has_more":%b,"data":[%b]}\n' % (has_more, found.json))
