"""The life of a conversation through a generated client: what each driver does, and what it must have seen.

A driver is called with the server's address and two tokens. With the first one, it creates a conversation, lists all to
the end, retrieves, updates and deletes that one, and causes two errors. With the second one, it repeats each of the
calls until it succeeds, and so gets every documented error. Its output is a JSON object of what the client returned.
"""

import json
from pathlib import Path
from typing import Any

import httpx

from tests.live.server import TIMEOUT_SECONDS, Server

CONTACT = "WAz8eIbvDR60rouK"
ARCHIVED_AT = 253402300799
"""The latest time, which does not fit into 32 bits."""
JSON_TYPE = "application/json"
CALLS = [
    ("createConversation", 201),
    *[("listConversations", 200)] * 3,  # 121 conversations, 50 on a page
    ("retrieveConversation", 200),
    ("updateConversation", 200),
    ("retrieveConversation", 200),
    ("updateConversation", 200),
    ("retrieveConversation", 200),
    ("deleteConversation", 204),
    ("retrieveConversation", 404),
    ("createConversation", 400),
]


class Lifecycle:
    """One run of a driver: its ``arguments``, and the check of its output.

    In the world of the second token, each operation of the OpenAPI document fails once with each documented error.
    """

    def __init__(self, server: Server, token: str, document: Path) -> None:
        self._server = server
        self._token = token
        self._errors = documented_errors(json.loads(document.read_text()))
        failing = f"{token}-failing"
        rules = [
            {
                "match": {"operation": operation},
                "times": 1,
                "fault": {"type": "status", "status": status, "message": message(operation, status)},
            }
            for operation, statuses in self._errors.items()
            for status in statuses
        ]
        self._admin("PUT", "faults", failing, json={"data": rules})
        self.arguments = (server.address, token, failing)

    def check(self, output: str) -> list[dict[str, Any]]:
        """Check the output of a driver and the journal of its calls. Return the other calls, oldest first."""
        calls: list[dict[str, Any]] = self._admin("GET", "requests", self._token)["data"][::-1]
        assert [(call["operation"], call["status"]) for call in calls[: len(CALLS)]] == CALLS
        for call in calls[: len(CALLS)]:
            if call["method"] in ("POST", "PUT"):
                assert call["headers"]["Content-Type"].startswith(JSON_TYPE)

        seen = json.loads(output)
        created = seen["created"]["id"]
        others = [each["id"] for each in self._admin("GET", "state", self._token)["conversations"]][-120:]
        assert seen == {
            "created": {"id": created, "contact_id": CONTACT, "group_id": None, "is_muted": False},
            "listed": [created, *others],
            "retrieved": {"id": created, "contact_id": CONTACT, "is_muted": False, "archived_at": None},
            "updated": {"id": created, "contact_id": CONTACT, "is_muted": True, "archived_at": ARCHIVED_AT},
            "cleared": {"id": created, "contact_id": CONTACT, "is_muted": True, "archived_at": None},
            "missing": {
                "status": 404,
                "type": "invalid_request",
                "message": f'There is no conversation with the id "{created}" in this sandbox.',
            },
            "refused": {"status": 400, "type": "invalid_request", "message": seen["refused"]["message"]},
            "errors": {
                operation: [
                    {"status": status, "type": kind(status), "message": message(operation, status)}
                    for status in statuses
                ]
                for operation, statuses in self._errors.items()
            },
        }
        assert "contact_id" in seen["refused"]["message"]
        return calls[len(CALLS) :]

    def _admin(self, method: str, resource: str, token: str, **arguments: Any) -> Any:
        url = f"{self._server.address}/__admin/{resource}"
        headers = {"Authorization": f"Bearer {token}"}
        response = httpx.request(method, url, headers=headers, timeout=TIMEOUT_SECONDS, **arguments)
        assert response.is_success, response.text
        return response.json()


def documented_errors(document: dict[str, Any]) -> dict[str, list[int]]:
    """Return the statuses of the documented errors of each operation."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    return {
        operation["operationId"]: [int(status) for status in operation["responses"] if int(status) >= 400]
        for operation in operations
    }


def kind(status: int) -> str:
    """Return the ``type`` of an error."""
    return "api_error" if status >= 500 else "invalid_request"


def message(operation: str, status: int) -> str:
    """Return the message of the error that a rule requests."""
    return f"{operation} {status}"
