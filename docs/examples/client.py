"""The code under test: a client that tries again when the API is not available."""

import json
import os
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

RETRIED = (502, 503)


class Conversations:
    """A client of the Conversations API. ``base_url`` ends with ``/v1``."""

    def __init__(self, token: str, base_url: str = os.environ.get("PROTOCOL_API_BASE", "")) -> None:
        self._token = token
        self._base_url = base_url

    def create(self, contact_id: str) -> dict[str, object]:
        """Create a conversation, in at most three attempts, which have the same idempotency key."""
        body = urlencode({"contact_id": contact_id}).encode()
        return self._call("/conversations", body, {"Idempotency-Key": str(uuid4())})

    def list(self) -> list[dict[str, object]]:
        """Return the first page of conversations."""
        return self._call("/conversations")["data"]  # type: ignore[return-value]  # as documented

    def _call(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, attempts: int = 3
    ) -> dict[str, object]:
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        try:
            with urlopen(Request(self._base_url + path, body, sent)) as response:
                return json.load(response)  # type: ignore[no-any-return]  # as documented
        except HTTPError as error:
            if error.code not in RETRIED or attempts == 1:
                raise
        except ConnectionError:
            if attempts == 1:
                raise
        return self._call(path, body, headers, attempts - 1)
