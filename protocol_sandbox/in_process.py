"""A server without a process and a socket: the application itself, called as WSGI prescribes."""

import io
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit
from wsgiref.util import setup_testing_defaults

from protocol_sandbox.control_client import ControlClient
from protocol_sandbox.running_server import RunningServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

URL = "http://localhost"


class InProcess(RunningServer):
    """The sandboxes of ``app``, which ``sandbox.create_app()`` returns; nothing listens.

    The client under test calls the same application: by Flask's test client, or by the WSGI transport of httpx with
    ``url`` as its base URL. Faults of the connection need a socket: they respond with 500 and the reason, or raise the
    exception that ends a connection.
    """

    def __init__(self, app: "WSGIApplication", admin_token: str | None = None) -> None:
        self._app = app
        super().__init__(URL, admin_token)

    def _client(self, url: str, headers: Mapping[str, str]) -> ControlClient:
        return ControlClient(url, headers, partial(_send, self._app))


def _send(
    app: "WSGIApplication", url: str, method: str, path: str, body: str | None, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    place, _, query = path.partition("?")
    content = (body or "").encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        # WSGI passes the bytes of a path on as if they were Latin-1.
        "PATH_INFO": unquote_to_bytes(place).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": urlsplit(url).hostname,
        "HTTP_HOST": urlsplit(url).netloc,
        "wsgi.input": io.BytesIO(content),
        "CONTENT_LENGTH": str(len(content)),
    }
    names = {name: name.upper().replace("-", "_") for name in headers}
    environ |= {
        name if name == "CONTENT_TYPE" else f"HTTP_{name}": headers[header] for header, name in names.items()
    }
    setup_testing_defaults(environ)
    statuses: list[str] = []

    def start_response(status: str, _headers: Any, _exc_info: Any = None) -> Any:
        statuses[:] = [status]

    response = app(environ, start_response)
    try:
        sent = b"".join(response)
    finally:
        if hasattr(response, "close"):
            response.close()
    return int(statuses[0][:3]), sent
