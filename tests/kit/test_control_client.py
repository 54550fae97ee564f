"""The client of the control API, with the standard library alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from protocol_sandbox import ControlError, Server, UnreachableError
from protocol_sandbox.control_client import ControlClient


@contextmanager
def gateway(response: bytes) -> Iterator[str]:
    """Run a server that sends ``response`` to one request, and yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(response)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        thread.join()


def test_headers_and_queries_are_sent(kit_server: Server) -> None:
    client = ControlClient(kit_server.url, {}).with_headers({"Authorization": "Bearer é"})
    query = {"status": 200, "operation": None}
    assert client.get("/__admin/requests/count", query) == {"count": 0}


def test_response_without_a_body_is_none(kit_server: Server) -> None:
    assert (
        ControlClient(kit_server.url, {"Authorization": "Bearer a"}).call("DELETE", "/__admin/faults") is None
    )


def test_error_has_status_and_message(kit_server: Server) -> None:
    with pytest.raises(ControlError, match="Authorization") as refused:
        ControlClient(kit_server.url, {}).get("/__admin/clock")
    assert refused.value.status == 400


def test_error_of_a_gateway_has_its_text() -> None:
    page = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 11\r\n\r\n<h1>no</h1>"
    with gateway(page) as url, pytest.raises(ControlError, match="<h1>no</h1>") as refused:
        ControlClient(url, {}).get("/")
    assert refused.value.status == 502


def test_response_that_is_not_http_is_an_error() -> None:
    with (
        gateway(b"SSH-2.0\r\n") as url,
        pytest.raises(UnreachableError, match=f"^{url} does not respond: Bad"),
    ):
        ControlClient(url, {}).get("/")


def test_https_is_spoken_where_the_url_says_so(kit_server: Server) -> None:
    with pytest.raises(UnreachableError, match="SSL"):
        ControlClient(kit_server.url.replace("http:", "https:"), {}).get("/")
