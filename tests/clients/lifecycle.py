"""The life of a conversation through a generated client: what each driver does, and what it must have seen.

A driver is called with the server's address and a token. It creates a conversation, lists all to the end, retrieves,
updates and deletes that one, and causes two errors. Its output is a JSON object of what the client returned.
"""

import json
from typing import Any

import httpx

from tests.live.server import TIMEOUT_SECONDS, Server

CONTACT = "WAz8eIbvDR60rouK"
ARCHIVED_AT = 692233200
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


def check(output: str, server: Server, token: str) -> list[dict[str, Any]]:
    """Check the output of a driver and the journal of its calls. Return the calls after those above, oldest first."""
    headers = {"Authorization": f"Bearer {token}"}
    journal = httpx.get(f"{server.address}/__admin/requests", headers=headers, timeout=TIMEOUT_SECONDS)
    state = httpx.get(f"{server.address}/__admin/state", headers=headers, timeout=TIMEOUT_SECONDS)
    calls: list[dict[str, Any]] = journal.json()["data"][::-1]
    assert [(call["operation"], call["status"]) for call in calls[: len(CALLS)]] == CALLS
    for call in calls[: len(CALLS)]:
        if call["method"] in ("POST", "PUT"):
            assert call["headers"]["Content-Type"].startswith(JSON_TYPE)

    seen = json.loads(output)
    created = seen["created"]["id"]
    others = [each["id"] for each in state.json()["conversations"]][-120:]
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
    }
    assert "contact_id" in seen["refused"]["message"]
    return calls[len(CALLS) :]
