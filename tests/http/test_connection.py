"""HTTP/1.1 as RFC 9112 requires it of a server, with several requests on one connection."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from sandbox.http.limits import Limits
from tests.garbage import garbage_of
from tests.http.harness import (
    HOST,
    App,
    Echo,
    Received,
    connection,
    exchange,
    only,
    request,
    responses,
    service,
)

BODY = "contact_id=abc"
POST = request("POST", "/a", f"Content-Length: {len(BODY)}", body=BODY)
CHUNKED_BODY = "7\r\ncontact\r\n7\r\n_id=abc\r\n0\r\nX-Trailer: dropped\r\n\r\n"
CHUNKED = request("POST", "/a", "Transfer-Encoding: chunked", body=CHUNKED_BODY)


def refusing(status: str = "404 Not Found") -> App:
    """An application that responds without reading the body."""

    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, [])
        return [b"no"]

    return app


def paths(app: Echo) -> list[str]:
    return [call["PATH_INFO"] for call in app.calls]


class TestKeepAlive:
    def test_a_connection_stays_open(self) -> None:
        app = Echo()
        found = responses(exchange(app, request("GET", "/1") + request("GET", "/2")))
        assert [response.status for response in found] == [200, 200]
        assert "connection" not in found[0].headers
        assert paths(app) == ["/1", "/2"]

    @pytest.mark.parametrize(
        "headers",
        [
            ("Connection: close",),
            ("Connection: CLOSE",),
            ("Connection: keep-alive, close",),
            ("Connection: x,close ,y",),
            ("Connection: keep-alive", "Connection: close"),
            ("Connection: close", "Connection: keep-alive"),
        ],
    )
    def test_connection_close_closes_after_the_response(self, headers: tuple[str, ...]) -> None:
        app = Echo()
        response = only(exchange(app, request("GET", "/1", *headers) + request("GET", "/2")))
        assert (response.status, response.headers["connection"]) == (200, "close")
        assert paths(app) == ["/1"]

    @pytest.mark.parametrize("header", ["Connection: closed", "Connection: x-close", "Connection:"])
    def test_another_connection_option_does_not_close(self, header: str) -> None:
        assert len(responses(exchange(Echo(), request("GET", "/1", header) + request("GET", "/2")))) == 2

    def test_http_1_0_is_closed_without_keep_alive(self) -> None:
        old = "GET /{} HTTP/1.0\r\n{}\r\n"
        asked = exchange(Echo(), old.format(1, "Connection: Keep-Alive\r\n") + old.format(2, ""))
        first, second = responses(asked)
        assert first.headers["connection"] == "keep-alive"
        assert second.headers["connection"] == "close"
        app = Echo()
        assert only(exchange(app, old.format(1, "") + old.format(2, ""))).headers["connection"] == "close"
        assert paths(app) == ["/1"]

    def test_an_application_may_close_the_connection(self) -> None:
        def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [("Connection", "close"), ("Content-Length", "2")])
            return [b"ok"]

        assert (
            only(exchange(app, request("GET", "/1") + request("GET", "/2"))).headers["connection"] == "close"
        )

    def test_a_stopping_server_closes_connections(self) -> None:
        served, client = connection(Echo())
        served._service.is_ending = True  # noqa: SLF001  # what the worker does
        with client:
            client.sendall((request("GET", "/1") + request("GET", "/2")).encode())
            client.shutdown(1)
            served.serve()
            assert only(client.recv(65_536)).headers["connection"] == "close"


class TestPipelines:
    def test_requests_with_and_without_bodies_are_answered_in_order(self) -> None:
        app = Echo()
        sent = request("GET", "/1") + POST + CHUNKED + request("GET", "/2") + POST
        found = responses(exchange(app, sent))
        assert [response.body for response in found] == [
            b"",
            BODY.encode(),
            BODY.encode(),
            b"",
            BODY.encode(),
        ]

    @pytest.mark.parametrize("end", ["\r\n", "\r\n\r\n", "\r\n" * 1000])
    def test_empty_lines_before_a_request_are_ignored(self, end: str) -> None:
        assert len(responses(exchange(Echo(), end + request("GET", "/1") + end + request("GET", "/2")))) == 2

    def test_an_incomplete_request_is_ignored(self) -> None:
        app = Echo()
        assert len(responses(exchange(app, request("GET", "/1") + request("GET", "/2")[:-2]))) == 1
        assert paths(app) == ["/1"]


class TestMethods:
    def test_head_has_no_body(self) -> None:
        found = responses(exchange(refusing(), request("HEAD", "/1") + request("HEAD", "/2")), to="HEAD")
        assert [response.body for response in found] == [b"", b""]

    @pytest.mark.parametrize(
        "method", ["get", "Post", "BREW", "PURGE", "PRI", "SOURCE", "M-SEARCH", "PLAY", "X!#$%&'*+-.^_`|~1"]
    )
    def test_any_method_reaches_the_application(self, method: str) -> None:
        app = Echo()
        sent = request(method, "/a", f"Content-Length: {len(BODY)}", body=BODY) + request("GET", "/b")
        assert [response.body for response in responses(exchange(app, sent))] == [BODY.encode(), b""]
        assert app.calls[0]["REQUEST_METHOD"] == method

    def test_connect_with_a_path_reaches_the_application(self) -> None:
        app = Echo()
        assert len(responses(exchange(app, request("CONNECT", "/a") + request("GET", "/b")))) == 2
        assert app.calls[0]["REQUEST_METHOD"] == "CONNECT"


class TestUpgrades:
    @pytest.mark.parametrize("body", ["", BODY])
    @pytest.mark.parametrize("to", ["websocket", "h2c"])
    def test_an_upgrade_is_ignored(self, to: str, body: str) -> None:
        app = Echo()
        headers = ["Connection: Upgrade", f"Upgrade: {to}", f"Content-Length: {len(body)}"]
        sent = request("POST", "/1", *headers, body=body) + request("GET", "/2")
        assert [response.status for response in responses(exchange(app, sent))] == [200, 200]
        assert app.bodies == [body.encode(), b""]

    def test_an_upgrade_with_chunks_is_ignored(self) -> None:
        app = Echo()
        headers = ["Connection: Upgrade", "Upgrade: h2c", "Transfer-Encoding: chunked"]
        sent = request("POST", "/1", *headers, body=CHUNKED_BODY) + request("GET", "/2")
        assert len(responses(exchange(app, sent))) == 2
        assert app.bodies == [BODY.encode(), b""]


class TestExpectations:
    EXPECTING = request("POST", "/1", "Expect: 100-Continue", "Content-Length: 3")

    def test_100_is_sent_when_the_body_is_read(self) -> None:
        first, last = responses(b"HTTP/1.1 100 Continue\r\n\r\n"), exchange(Echo(), self.EXPECTING)
        assert last.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert first[0].status == 100

    def test_a_refusal_without_the_body_closes_the_connection(self) -> None:
        response = only(exchange(refusing(), self.EXPECTING))
        assert (response.status, response.headers["connection"]) == (404, "close")

    def test_100_is_not_sent_if_the_body_has_arrived(self) -> None:
        sent = self.EXPECTING + "abc" + request("GET", "/2")
        assert [response.status for response in responses(exchange(Echo(), sent))] == [200, 200]

    def test_100_is_not_sent_to_http_1_0(self) -> None:
        sent = "POST /1 HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
        assert only(exchange(Echo(), sent)).body == b"abc"

    def test_100_is_not_sent_without_a_body(self) -> None:
        assert only(exchange(Echo(), request("GET", "/1", "Expect: 100-continue"))).status == 200

    def test_another_expectation_is_refused(self) -> None:
        sent = request("POST", "/1", "Expect: a-miracle", "Content-Length: 3", body="abc")
        assert only(exchange(Echo(), sent)).status == 417


class TestUnreadBodies:
    def test_a_buffered_body_is_skipped(self) -> None:
        for sent in (POST, CHUNKED):
            found = responses(exchange(refusing(), sent + request("GET", "/2")))
            assert [response.status for response in found] == [404, 404]

    @pytest.mark.parametrize(
        "sent",
        [
            request("POST", "/1", "Content-Length: 1000", body="a"),
            request("POST", "/1", "Transfer-Encoding: chunked", body="5\r\nabcde\r\n"),
        ],
    )
    def test_an_incomplete_body_closes_the_connection(self, sent: str) -> None:
        assert only(exchange(refusing(), sent)).headers["connection"] == "close"

    def test_the_rest_of_a_partly_read_body_is_not_a_request(self) -> None:
        taken = []

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            taken.append(environ["wsgi.input"].read(3))
            start_response("200 OK", [])
            return [b""]

        assert len(responses(exchange(app, POST + POST))) == 2
        assert taken == [b"con", b"con"]


class TestTargets:
    @pytest.mark.parametrize(
        ("target", "path", "query", "host"),
        [
            ("/", "/", "", "127.0.0.1"),
            ("/a/b?c=d?e", "/a/b", "c=d?e", "127.0.0.1"),
            ("/a%20b%2F%C3%A9?x=%20", "/a b/\xc3\xa9", "x=%20", "127.0.0.1"),
            ("//a", "//a", "", "127.0.0.1"),
            ("http://a.example", "/", "", "a.example"),
            ("http://a.example?x=1", "/", "x=1", "a.example"),
            ("HTTP://a.example:80/b?c", "/b", "c", "a.example:80"),
            ("https://[::1]:8000/b", "/b", "", "[::1]:8000"),
        ],
    )
    def test_path_query_and_host(self, target: str, path: str, query: str, host: str) -> None:
        app = Echo()
        assert only(exchange(app, request("GET", target))).status == 200
        (call,) = app.calls
        assert (call["PATH_INFO"], call["QUERY_STRING"], call["HTTP_HOST"]) == (path, query, host)
        assert call["RAW_URI"] == target

    def test_options_accepts_an_asterisk(self) -> None:
        app = Echo()
        assert only(exchange(app, request("OPTIONS", "*"))).status == 200
        assert paths(app) == ["*"]


class TestLimits:
    LIMITS = Limits(max_request_line_bytes=100, max_headers=5, max_header_bytes=200)

    def status(self, sent: str, *, byte_by_byte: bool = False) -> int:
        del byte_by_byte
        return only(exchange(Echo(), sent, self.LIMITS)).status

    def test_the_request_line(self) -> None:
        fits = "/" + "a" * (100 - len("GET / HTTP/1.1"))
        assert self.status(request("GET", fits)) == 200
        assert self.status(request("GET", fits + "a")) == 414

    def test_an_endless_request_line(self) -> None:
        assert self.status("GET /" + "a" * 1000) == 414

    def test_the_number_of_headers(self) -> None:
        assert self.status(request("GET", "/", *["X: a"] * 4)) == 200
        assert self.status(request("GET", "/", *["X: a"] * 5)) == 431

    def test_the_size_of_the_headers(self) -> None:
        spent = len(f"{HOST}\r\nX: \r\n")
        assert self.status(request("GET", "/", f"X: {'a' * (200 - spent)}")) == 200
        assert self.status(request("GET", "/", f"X: {'a' * (201 - spent)}")) == 431

    def test_endless_headers(self) -> None:
        assert self.status("GET / HTTP/1.1\r\nX: " + "a" * 1000) == 431


class TestDefects:
    def test_an_exception_is_logged_and_answered_with_the_documented_error(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def app(_environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
            raise ZeroDivisionError("a defect")

        with caplog.at_level(logging.ERROR):
            response = only(
                exchange(app, request("GET", "/1", "Origin: http://a.example") + request("GET", "/2"))
            )
        assert response.status == 500
        assert response.headers["access-control-allow-origin"] == "http://a.example"
        assert b"api_error" in response.body
        assert len(caplog.records) == 1

    def test_an_exception_in_a_response_ends_it(self, caplog: pytest.LogCaptureFixture) -> None:
        def app(_environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", [("Content-Length", "100")])
            yield b"half"
            raise ZeroDivisionError("a defect")

        with caplog.at_level(logging.ERROR):
            received = exchange(app, request("GET", "/1") + request("GET", "/2"))
        assert received.endswith(b"\r\n\r\nhalf")
        assert len(caplog.records) == 1

    def test_a_disconnect_is_not_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        def app(_environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
            raise BrokenPipeError(32, "left")

        with caplog.at_level(logging.DEBUG):
            assert exchange(app, request("GET", "/1") + request("GET", "/2")) == b""
        assert caplog.records == []

    def test_the_response_iterable_is_closed(self) -> None:
        closed = []

        class Body:
            def __iter__(self) -> Iterator[bytes]:
                yield b"a"

            def close(self) -> None:
                closed.append(True)

        def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [])
            return Body()

        exchange(app, request("GET", "/1"))
        assert closed == [True]


class TestRefusals:
    def test_refusals_have_the_documented_format_and_cors_headers(self) -> None:
        response = only(exchange(Echo(), "hello\r\n\r\n"))
        assert response.headers["content-type"] == "application/json"
        assert response.headers["access-control-allow-origin"] == "*"
        assert response.headers["x-request-id"]

    @pytest.mark.parametrize(
        ("text", "status"),
        [
            (request("GET", "/", "Origin: http://a.example", host="a b"), 400),
            (request("GET", "/", "Origin: http://a.example", "No colon"), 400),
            (request("GET", "/", "ORIGIN:http://a.example\t", "Authorization: a", "Authorization: b"), 400),
            (request("GET", "/", "Origin: http://a.example", "Transfer-Encoding: gzip"), 501),
            (request("GET", "/", "Origin: http://a.example", *["X: a"] * 5000), 431),
            (request("CONNECT", "a:1", "Origin: http://a.example"), 405),
            ("hello\r\nOrigin: http://a.example\r\n\r\n", 400),
        ],
    )
    def test_refusals_of_a_complete_head_name_its_origin(self, text: str, status: int) -> None:
        response = only(exchange(Echo(), text))
        assert response.status == status
        assert response.headers["access-control-allow-origin"] == "http://a.example"
        assert response.headers["access-control-allow-credentials"] == "true"
        assert response.headers["vary"] == "Origin"

    def test_an_origin_is_not_taken_over_by_the_next_request(self) -> None:
        first = request("GET", "/1", "Origin: http://a.example")
        refused = responses(exchange(Echo(), first + "hello\r\n\r\n"))[-1]
        assert refused.headers["access-control-allow-origin"] == "*"

    def test_a_refusal_of_head_has_no_body(self) -> None:
        (response,) = responses(exchange(Echo(), request("HEAD", "/", host="")), to="HEAD")
        assert (response.status, response.body) == (400, b"")


def test_the_environment_contains_the_connection() -> None:
    app = Echo()
    exchange(app, request("GET", "/"))
    (call,) = app.calls
    assert call["gunicorn.socket"] is call["sandbox.client"]
    assert call["wsgi.input_terminated"] is True
    assert call["SCRIPT_NAME"] == ""
    assert service(app).is_ending is False
    assert isinstance(only(exchange(app, request("GET", "/"))), Received)


def test_a_served_connection_leaves_nothing_to_the_garbage_collector() -> None:
    sent = f"GET / HTTP/1.1\r\n{HOST}\r\n\r\n" + f"POST / HTTP/1.1\r\n{HOST}\r\nContent-Length: 3\r\n\r\nabc"
    assert garbage_of(lambda: exchange(Echo(), sent)) == 0
