"""A client of the control API, with nothing but the standard library."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from protocol_sandbox.errors import ControlError, UnreachableError

TIMEOUT_SECONDS = 60.0
_ERRORS = 400


class ControlClient:
    """A client of the server at ``url``. It holds no connection, so threads and forks may share it.

    ``headers`` are sent with every call: ``Authorization`` says which sandbox is meant, ``X-Admin-Token`` opens the
    control API of a server that requires it.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url.rstrip("/")
        self._headers = dict(headers)

    def with_headers(self, headers: Mapping[str, str]) -> "ControlClient":
        """Return a client that sends these headers as well."""
        return ControlClient(self.url, self._headers | dict(headers))

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
        connection = self._connection()
        try:
            connection.request(method, path, body, {**self._headers, **typed, "Connection": "close"})
            response = connection.getresponse()
            content = response.read()
        except (OSError, HTTPException) as error:
            raise UnreachableError(f"{self.url} does not respond: {error!r}") from error
        finally:
            connection.close()
        if response.status >= _ERRORS:
            raise ControlError(response.status, _message(content))
        return json.loads(content) if content else None

    def _connection(self) -> HTTPConnection:
        place = urlsplit(self.url)
        kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
        return kind(place.hostname or "", place.port, timeout=TIMEOUT_SECONDS)


def _message(content: bytes) -> str:
    """Return the message of a documented error, or the beginning of what a server in between has sent."""
    try:
        message: str = json.loads(content)["message"]
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace")
    return message
