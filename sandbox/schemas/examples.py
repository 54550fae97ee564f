"""The conversations of the documentation's examples."""

from typing import Any

CREATED: dict[str, Any] = {
    "id": "xgQQXg3hrtjh7AvZ",
    "contact_id": "WAz8eIbvDR60rouK",
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": False,
    "last_active_at": None,
    "last_opened_at": None,
    "created_at": 692233200,
    "archived_at": None,
}
"""Source: the documented response of "Search"."""
RETRIEVED: dict[str, Any] = CREATED | {"last_active_at": 705103200, "last_opened_at": 705103200}
"""Source: the documented response of "Retrieve a sound"."""
