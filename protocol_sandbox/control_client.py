"""A client of the control API, with nothing but the standard library."""

import json
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from protocol_sandbox.errors import ControlError, UnreachableError

TIMEOUT_SECONDS = 60.0
_ERRORS = 400


Send = Callable[[str, str, str, str | None, Mapping[str, str]], tuple[int, bytes]]
"""Sends a request (base URL, method, path, body, headers) and returns the status and the body of the response.

Raises UnreachableError.
"""


def send_over_http(
    url: str, method: str, path: str, body: str | None, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    """Send a request on a connection of its own, so that threads and forks share none."""
    place = urlsplit(url)
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, HTTPException) as error:
        raise UnreachableError(f"{url} does not respond: {error!r}") from error
    finally:
        connection.close()


class ControlClient:
    """A client of the server at ``url``. Threads and forks may share it.

    ``headers`` are sent with every call: ``Authorization`` says which sandbox is meant, ``X-Admin-Token`` opens the
    control API of a server that requires it. ``send`` sends a request.
    """

    def __init__(self, url: str, headers: Mapping[str, str], send: Send = send_over_http) -> None:
        self.url = url.rstrip("/")
        self._headers = dict(headers)
        self._send = send

    def with_headers(self, headers: Mapping[str, str]) -> "ControlClient":
        """Return a client that sends these headers as well."""
        return ControlClient(self.url, self._headers | dict(headers), self._send)

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON values at ``path``. What is None in ``query`` is left out. Raises like :meth:`call`."""
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        return self.call("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def post(self, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """Return the response to a POST of a JSON document. Raises like :meth:`call`."""
        return self.call("POST", path, document or {})

    def put(self, path: str, document: Mapping[str, Any]) -> Any:
        """Return the response to a PUT of a JSON document. Raises like :meth:`call`."""
        return self.call("PUT", path, document)

    def delete(self, path: str) -> None:
        """Make a DELETE. Raises like :meth:`call`."""
        self.call("DELETE", path)

    def call(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON values of a response, or None for one without a body.

        Raises ControlError for an error of the server, and UnreachableError if there is no response.
        """
        body = None if document is None else json.dumps(document)
        typed = {} if body is None else {"Content-Type": "application/json"}
        status, content = self._send(self.url, method, path, body, self._headers | typed)
        if status >= _ERRORS:
            raise ControlError(status, _message(content))
        return json.loads(content) if content else None


def _message(content: bytes) -> str:
    """Return the message of a documented error, or the beginning of what a server in between has sent."""
    try:
        message: str = json.loads(content)["message"]
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")
    return message
