"""HTTP/1.1 as RFC 9112 wants it of a server, request by request on one connection."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from sandbox.http.limits import Limits
from tests.http.harness import HOST, Answer, App, Echo, answers, connection, exchange, only, request, service

BODY = "contact_id=abc"
POST = request("POST", "/a", f"Content-Length: {len(BODY)}", body=BODY)
CHUNKED_BODY = "7\r\ncontact\r\n7\r\n_id=abc\r\n0\r\nX-Trailer: dropped\r\n\r\n"
CHUNKED = request("POST", "/a", "Transfer-Encoding: chunked", body=CHUNKED_BODY)


def refusing(status: str = "404 Not Found") -> App:
    """An application that answers without reading the body."""

    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, [])
        return [b"no"]

    return app


def paths(app: Echo) -> list[str]:
    return [call["PATH_INFO"] for call in app.calls]


class TestKeepAlive:
    def test_a_connection_stays(self) -> None:
        app = Echo()
        found = answers(exchange(app, request("GET", "/1") + request("GET", "/2")))
        assert [answer.status for answer in found] == [200, 200]
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
    def test_a_client_that_says_close_anywhere_is_answered_and_the_connection_ends(
        self, headers: tuple[str, ...]
    ) -> None:
        app = Echo()
        answer = only(exchange(app, request("GET", "/1", *headers) + request("GET", "/2")))
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert paths(app) == ["/1"]

    @pytest.mark.parametrize("header", ["Connection: closed", "Connection: x-close", "Connection:"])
    def test_another_word_does_not_close(self, header: str) -> None:
        assert len(answers(exchange(Echo(), request("GET", "/1", header) + request("GET", "/2")))) == 2

    def test_http_1_0_is_closed_unless_it_asks(self) -> None:
        old = "GET /{} HTTP/1.0\r\n{}\r\n"
        asked = exchange(Echo(), old.format(1, "Connection: Keep-Alive\r\n") + old.format(2, ""))
        first, second = answers(asked)
        assert first.headers["connection"] == "keep-alive"
        assert second.headers["connection"] == "close"
        app = Echo()
        assert only(exchange(app, old.format(1, "") + old.format(2, ""))).headers["connection"] == "close"
        assert paths(app) == ["/1"]

    def test_an_application_may_end_it(self) -> None:
        def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", [("Connection", "close"), ("Content-Length", "2")])
            return [b"ok"]

        assert (
            only(exchange(app, request("GET", "/1") + request("GET", "/2"))).headers["connection"] == "close"
        )

    def test_a_server_that_ends_says_so(self) -> None:
        served, client = connection(Echo())
        served._service.is_ending = True  # noqa: SLF001  # what the worker does
        with client:
            client.sendall((request("GET", "/1") + request("GET", "/2")).encode())
            client.shutdown(1)
            served.serve()
            assert only(client.recv(65_536)).headers["connection"] == "close"


class TestPipelines:
    def test_requests_with_and_without_bodies_are_answered_in_their_order(self) -> None:
        app = Echo()
        sent = request("GET", "/1") + POST + CHUNKED + request("GET", "/2") + POST
        found = answers(exchange(app, sent))
        assert [answer.body for answer in found] == [b"", BODY.encode(), BODY.encode(), b"", BODY.encode()]

    @pytest.mark.parametrize("end", ["\r\n", "\r\n\r\n", "\r\n" * 1000])
    def test_empty_lines_before_a_request_are_ignored(self, end: str) -> None:
        assert len(answers(exchange(Echo(), end + request("GET", "/1") + end + request("GET", "/2")))) == 2

    def test_a_request_that_breaks_off_is_none(self) -> None:
        app = Echo()
        assert len(answers(exchange(app, request("GET", "/1") + request("GET", "/2")[:-2]))) == 1
        assert paths(app) == ["/1"]


class TestMethods:
    def test_head_has_no_body(self) -> None:
        found = answers(exchange(refusing(), request("HEAD", "/1") + request("HEAD", "/2")), to="HEAD")
        assert [answer.body for answer in found] == [b"", b""]

    @pytest.mark.parametrize(
        "method", ["get", "Post", "BREW", "PURGE", "PRI", "SOURCE", "M-SEARCH", "PLAY", "X!#$%&'*+-.^_`|~1"]
    )
    def test_a_method_of_any_name_reaches_the_application(self, method: str) -> None:
        app = Echo()
        sent = request(method, "/a", f"Content-Length: {len(BODY)}", body=BODY) + request("GET", "/b")
        assert [answer.body for answer in answers(exchange(app, sent))] == [BODY.encode(), b""]
        assert app.calls[0]["REQUEST_METHOD"] == method

    def test_connect_with_a_path_reaches_it_too(self) -> None:
        app = Echo()
        assert len(answers(exchange(app, request("CONNECT", "/a") + request("GET", "/b")))) == 2
        assert app.calls[0]["REQUEST_METHOD"] == "CONNECT"


class TestUpgrades:
    @pytest.mark.parametrize("body", ["", BODY])
    @pytest.mark.parametrize("to", ["websocket", "h2c"])
    def test_a_wish_to_upgrade_is_ignored(self, to: str, body: str) -> None:
        app = Echo()
        headers = ["Connection: Upgrade", f"Upgrade: {to}", f"Content-Length: {len(body)}"]
        sent = request("POST", "/1", *headers, body=body) + request("GET", "/2")
        assert [answer.status for answer in answers(exchange(app, sent))] == [200, 200]
        assert app.bodies == [body.encode(), b""]

    def test_also_with_chunks(self) -> None:
        app = Echo()
        headers = ["Connection: Upgrade", "Upgrade: h2c", "Transfer-Encoding: chunked"]
        sent = request("POST", "/1", *headers, body=CHUNKED_BODY) + request("GET", "/2")
        assert len(answers(exchange(app, sent))) == 2
        assert app.bodies == [BODY.encode(), b""]


class TestExpectations:
    EXPECTING = request("POST", "/1", "Expect: 100-Continue", "Content-Length: 3")

    def test_100_comes_when_the_body_is_read(self) -> None:
        first, last = answers(b"HTTP/1.1 100 Continue\r\n\r\n"), exchange(Echo(), self.EXPECTING)
        assert last.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert first[0].status == 100

    def test_a_refusal_that_needs_no_body_comes_alone_and_ends_the_connection(self) -> None:
        answer = only(exchange(refusing(), self.EXPECTING))
        assert (answer.status, answer.headers["connection"]) == (404, "close")

    def test_who_sent_the_body_already_is_not_told_to(self) -> None:
        sent = self.EXPECTING + "abc" + request("GET", "/2")
        assert [answer.status for answer in answers(exchange(Echo(), sent))] == [200, 200]

    def test_http_1_0_knows_no_100(self) -> None:
        sent = "POST /1 HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
        assert only(exchange(Echo(), sent)).body == b"abc"

    def test_nothing_is_said_where_there_is_no_body(self) -> None:
        assert only(exchange(Echo(), request("GET", "/1", "Expect: 100-continue"))).status == 200

    def test_another_expectation_is_not_met(self) -> None:
        sent = request("POST", "/1", "Expect: a-miracle", "Content-Length: 3", body="abc")
        assert only(exchange(Echo(), sent)).status == 417


class TestUnreadBodies:
    def test_what_is_here_already_is_skipped(self) -> None:
        for sent in (POST, CHUNKED):
            found = answers(exchange(refusing(), sent + request("GET", "/2")))
            assert [answer.status for answer in found] == [404, 404]

    @pytest.mark.parametrize(
        "sent",
        [
            request("POST", "/1", "Content-Length: 1000", body="a"),
            request("POST", "/1", "Transfer-Encoding: chunked", body="5\r\nabcde\r\n"),
        ],
    )
    def test_otherwise_the_connection_ends(self, sent: str) -> None:
        assert only(exchange(refusing(), sent)).headers["connection"] == "close"

    def test_a_body_of_which_only_a_part_is_read_is_no_beginning_of_a_request(self) -> None:
        taken = []

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            taken.append(environ["wsgi.input"].read(3))
            start_response("200 OK", [])
            return [b""]

        assert len(answers(exchange(app, POST + POST))) == 2
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

    def test_the_asterisk_is_for_options(self) -> None:
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

    def test_a_request_line_without_end(self) -> None:
        assert self.status("GET /" + "a" * 1000) == 414

    def test_the_number_of_headers(self) -> None:
        assert self.status(request("GET", "/", *["X: a"] * 4)) == 200
        assert self.status(request("GET", "/", *["X: a"] * 5)) == 431

    def test_their_bytes(self) -> None:
        spent = len(f"{HOST}\r\nX: \r\n")
        assert self.status(request("GET", "/", f"X: {'a' * (200 - spent)}")) == 200
        assert self.status(request("GET", "/", f"X: {'a' * (201 - spent)}")) == 431

    def test_headers_without_end(self) -> None:
        assert self.status("GET / HTTP/1.1\r\nX: " + "a" * 1000) == 431


class TestDefects:
    def test_what_the_application_raises_is_logged_and_answered_in_the_documented_shape(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def app(_environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
            raise ZeroDivisionError("a defect")

        with caplog.at_level(logging.ERROR):
            answer = only(
                exchange(app, request("GET", "/1", "Origin: http://a.example") + request("GET", "/2"))
            )
        assert answer.status == 500
        assert answer.headers["access-control-allow-origin"] == "http://a.example"
        assert b"api_error" in answer.body
        assert len(caplog.records) == 1

    def test_half_an_answer_is_cut(self, caplog: pytest.LogCaptureFixture) -> None:
        def app(_environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", [("Content-Length", "100")])
            yield b"half"
            raise ZeroDivisionError("a defect")

        with caplog.at_level(logging.ERROR):
            received = exchange(app, request("GET", "/1") + request("GET", "/2"))
        assert received.endswith(b"\r\n\r\nhalf")
        assert len(caplog.records) == 1

    def test_a_client_that_left_is_none(self, caplog: pytest.LogCaptureFixture) -> None:
        def app(_environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
            raise BrokenPipeError(32, "left")

        with caplog.at_level(logging.DEBUG):
            assert exchange(app, request("GET", "/1") + request("GET", "/2")) == b""
        assert caplog.records == []

    def test_the_body_of_the_application_is_closed(self) -> None:
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
    def test_they_have_the_documented_shape_and_may_be_read_by_a_page(self) -> None:
        answer = only(exchange(Echo(), "hello\r\n\r\n"))
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-request-id"]

    def test_one_to_head_has_no_body(self) -> None:
        (answer,) = answers(exchange(Echo(), request("HEAD", "/", host="")), to="HEAD")
        assert (answer.status, answer.body) == (400, b"")


def test_the_environment_offers_the_connection() -> None:
    app = Echo()
    exchange(app, request("GET", "/"))
    (call,) = app.calls
    assert call["gunicorn.socket"] is call["sandbox.client"]
    assert call["wsgi.input_terminated"] is True
    assert call["SCRIPT_NAME"] == ""
    assert service(app).is_ending is False
    assert isinstance(only(exchange(app, request("GET", "/"))), Answer)
