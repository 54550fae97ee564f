"""The content that every server serves: the scenario ``default`` in the form of this server's responses."""

import json
from typing import Any, NamedTuple

from benchmarks.calls import call
from sandbox.app import create_app
from sandbox.settings import Settings

COLLECTION = "/v1/conversations"
RETRIEVE, LIST_10, LIST_50, CREATE = OPERATIONS = ("retrieve", "list of 10", "list of 50", "create")
READS = OPERATIONS[:3]
FORM = "contact_id=WAz8eIbvDR60rouK"
"""The body of a create in the documentation of the API. All peers accept forms."""


class Content(NamedTuple):
    """The conversations in list order, the response body of each operation, and the OpenAPI document."""

    conversations: list[dict[str, Any]]
    bodies: dict[str, str]
    openapi: dict[str, Any]

    @property
    def id(self) -> str:
        """The id of the conversation that is retrieved."""
        return str(self.conversations[0]["id"])


def content() -> Content:
    """Return the content of this server, which is requested in process."""
    app = create_app(Settings())

    def get(path: str, query: str = "") -> str:
        status, body = call(app, "GET", path, query)
        assert status.startswith("200"), status
        return body.decode()

    conversations: list[dict[str, Any]] = []
    cursor, more = "", True
    while more:
        page = json.loads(get(COLLECTION, f"limit=100{cursor}"))
        conversations += page["data"]
        cursor, more = f"&starting_after={conversations[-1]['id']}", page["has_more"]
    bodies = {
        RETRIEVE: get(f"{COLLECTION}/{conversations[0]['id']}"),
        LIST_10: get(COLLECTION, "limit=10"),
        LIST_50: get(COLLECTION, "limit=50"),
        CREATE: call(app, "POST", COLLECTION, body=FORM.encode())[1].decode(),
    }
    return Content(conversations, bodies, json.loads(get("/openapi.json")))
