"""Ambiguous requests: they are refused, and the connection is closed without reading further."""

import json
import re
from email.utils import formatdate

import gevent
import pytest

from tests.http.harness import HOST, NOW, PATIENCE_SECONDS, Echo, connection, exchange, only, responses

HEAD = f"POST /v1/x HTTP/1.1\r\n{HOST}\r\n"
CHUNKED = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = f"GET /smuggled HTTP/1.1\r\n{HOST}\r\n\r\n"

REFUSED_HEADS = {
    "two different lengths": f"{HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "the same length twice": f"{HEAD}Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "two lengths in one header": f"{HEAD}Content-Length: 1, 1\r\n\r\na",
    "a signed length": f"{HEAD}Content-Length: +1\r\n\r\na",
    "a negative length": f"{HEAD}Content-Length: -1\r\n\r\n",
    "a hexadecimal length": f"{HEAD}Content-Length: 0x1\r\n\r\na",
    "a length with a space in it": f"{HEAD}Content-Length: 1 0\r\n\r\na",
    "a length with an underscore": f"{HEAD}Content-Length: 1_0\r\n\r\na",
    "an empty length": f"{HEAD}Content-Length:\r\n\r\n",
    "an endless length": f"{HEAD}Content-Length: {'9' * 40}\r\n\r\n",
    "a length and then chunks": f"{HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and then a length": f"{HEAD}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a coding that is not supported and a length": f"{HEAD}Transfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\na",
    "another coding and a length": f"{HEAD}Transfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
    "an empty coding beside another": f"{HEAD}Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an empty coding": f"{HEAD}Transfer-Encoding:\r\n\r\n",
    "a vertical tab before the coding": f"{HEAD}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a bare LF behind a header": f"GET / HTTP/1.1\r\n{HOST}\nX: a\r\n\r\n",
    "a bare LF behind the request line": f"GET / HTTP/1.1\n{HOST}\r\n\r\n",
    "bare LFs alone": f"GET / HTTP/1.1\n{HOST}\n\n",
    "a bare LF before the request": f"\nGET / HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a bare LF at the end": f"GET / HTTP/1.1\r\n{HOST}\r\n\n",
    "a bare CR in a header": f"{HEAD}X: a\rb\r\n\r\n",
    "a bare CR behind the request line": f"GET / HTTP/1.1\r{HOST}\r\n\r\n",
    "a bare CR before the request": f"\rGET / HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a folded line": f"{HEAD}X: a\r\n b\r\n\r\n",
    "a line folded with a tab": f"{HEAD}X: a\r\n\tb\r\n\r\n",
    "a first header that is folded": f"GET / HTTP/1.1\r\n {HOST}\r\n\r\n",
    "a space before the colon": f"{HEAD}X : a\r\n\r\n",
    "a tab before the colon": f"{HEAD}X\t: a\r\n\r\n",
    "a space before the colon of a length": f"{HEAD}Content-Length : 1\r\n\r\na",
    "a header without a name": f"{HEAD}: a\r\n\r\n",
    "a header without a colon": f"{HEAD}X\r\n\r\n",
    "a NUL in a value": f"{HEAD}X: a\0b\r\n\r\n",
    "a NUL in a name": f"{HEAD}X\0: a\r\n\r\n",
    "a NUL in the target": f"GET /\0 HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a control character in a value": f"{HEAD}X: a\x01b\r\n\r\n",
    "a DEL in a value": f"{HEAD}X: a\x7fb\r\n\r\n",
    "a control character in the target": f"GET /\x01 HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a letter beyond ASCII in a name": f"{HEAD}X\xe9: a\r\n\r\n",
    "bytes beyond ASCII in the target": f"GET /\xc3\xa9 HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a fragment in the target": f"GET /a#b HTTP/1.1\r\n{HOST}\r\n\r\n",
    "two spaces before the target": f"GET  / HTTP/1.1\r\n{HOST}\r\n\r\n",
    "two spaces before the version": f"GET /  HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a space behind the version": f"GET / HTTP/1.1 \r\n{HOST}\r\n\r\n",
    "tabs for spaces": f"GET\t/\tHTTP/1.1\r\n{HOST}\r\n\r\n",
    "a space before the method": f" GET / HTTP/1.1\r\n{HOST}\r\n\r\n",
    "no version": f"GET /\r\n{HOST}\r\n\r\n",
    "HTTP/0.9": f"GET / HTTP/0.9\r\n{HOST}\r\n\r\n",
    "HTTP/1.2": f"GET / HTTP/1.2\r\n{HOST}\r\n\r\n",
    "HTTP/2": f"GET / HTTP/2.0\r\n{HOST}\r\n\r\n",
    "the greeting of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another protocol": f"GET / RTSP/1.0\r\n{HOST}\r\n\r\n",
    "a method that is no token": f"G@T / HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a relative target": f"GET abc HTTP/1.1\r\n{HOST}\r\n\r\n",
    "an asterisk for another method": f"GET * HTTP/1.1\r\n{HOST}\r\n\r\n",
    "an asterisk with something behind it": f"OPTIONS *a HTTP/1.1\r\n{HOST}\r\n\r\n",
    "an authority for a target": f"GET a.example:443 HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a URL of another scheme": f"GET ftp://a.example/ HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a URL with a user": f"GET http://me@a.example/ HTTP/1.1\r\n{HOST}\r\n\r\n",
    "a URL without a host": f"GET http:///a HTTP/1.1\r\n{HOST}\r\n\r\n",
    "no Host": "GET / HTTP/1.1\r\n\r\n",
    "an empty Host": "GET / HTTP/1.1\r\nHost:\r\n\r\n",
    "two Hosts": f"GET / HTTP/1.1\r\n{HOST}\r\n{HOST}\r\n\r\n",
    "two Hosts in one": "GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n",
    "a Host with a path": "GET / HTTP/1.1\r\nHost: a.example/b\r\n\r\n",
    "a Host with a user": "GET / HTTP/1.1\r\nHost: me@a.example\r\n\r\n",
    "a Host with a space": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a Host with a port that is none": "GET / HTTP/1.1\r\nHost: a.example:x\r\n\r\n",
    "a Host with too high a port": "GET / HTTP/1.1\r\nHost: a.example:65536\r\n\r\n",
    "a Host that is no IPv6 address": "GET / HTTP/1.1\r\nHost: [1:2]\r\n\r\n",
    "two credentials": f"{HEAD}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
    "two types": f"{HEAD}Content-Type: text/plain\r\nContent-Type: application/json\r\n\r\n",
    "a name with _ that could be taken for a length": f"{HEAD}Content_Length: 5\r\n\r\n",
    "a name with _ that could be taken for a coding": f"{HEAD}Transfer_Encoding: chunked\r\n\r\n",
    "a name with _ that could be taken for a token": f"{HEAD}X_Admin_Token: a\r\n\r\n",
    "a name with _ beside the one with -": f"{HEAD}X-My-Own: a\r\nX_My_Own: b\r\n\r\n",
    "a name with _ before the one with -": f"{HEAD}x_my-own: a\r\nX-My-Own: b\r\n\r\n",
    "two schemes": f"{HEAD}X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n\r\n",
}
INVALID_CHUNKS = {
    "a signed size": "+5\r\nabcde\r\n0\r\n\r\n",
    "a negative size": "-5\r\nabcde\r\n0\r\n\r\n",
    "a size with 0x": "0x5\r\nabcde\r\n0\r\n\r\n",
    "a size with an underscore": "0_5\r\nabcde\r\n0\r\n\r\n",
    "a size behind a space": " 5\r\nabcde\r\n0\r\n\r\n",
    "a space behind a size": "5 \r\nabcde\r\n0\r\n\r\n",
    "no size": "\r\nabcde\r\n0\r\n\r\n",
    "a size that is no number": "g\r\nabcde\r\n0\r\n\r\n",
    "an oversized size": "10000000000000000\r\nabcde\r\n0\r\n\r\n",
    "a size with a bare LF": "5\nabcde\r\n0\r\n\r\n",
    "a size with a bare CR": "5\rabcde\r\n0\r\n\r\n",
    "a chunk longer than its size": "2\r\nabcde\r\n0\r\n\r\n",
    "a chunk that ends with a bare LF": "5\r\nabcde\n0\r\n\r\n",
    "an extension with a control character": "5;\x01\r\nabcde\r\n0\r\n\r\n",
    "an endless extension": f"5;a={'a' * 9_000}\r\nabcde\r\n0\r\n\r\n",
    "a trailer with a space before the colon": "5\r\nabcde\r\n0\r\nX : a\r\n\r\n",
    "a trailer with a length": "5\r\nabcde\r\n0\r\nContent-Length: 5\r\n\r\n",
    "an end with a bare LF": "5\r\nabcde\r\n0\r\n\n",
    "trailers without end": f"5\r\nabcde\r\n0\r\n{'X: a' * 20}\r\n" + f"Y: {'a' * 3_000}\r\n" * 3 + "\r\n",
}


@pytest.mark.parametrize("sent", REFUSED_HEADS.values(), ids=REFUSED_HEADS.keys())
def test_an_ambiguous_head_is_refused_and_closes_the_connection(sent: str) -> None:
    app = Echo()
    response = only(exchange(app, sent + SMUGGLED))
    assert response.status == 400
    assert response.headers["connection"] == "close"
    assert response.headers["date"] == formatdate(NOW, usegmt=True)
    assert json.loads(response.body)["type"] == "invalid_request"
    assert app.calls == []


def test_message_for_two_credentials_says_so() -> None:
    response = only(exchange(Echo(), REFUSED_HEADS["two credentials"]))
    message = json.loads(response.body)["message"]
    assert message == "There are two Authorization headers; send one, with one bearer token."


@pytest.mark.parametrize("sent", REFUSED_HEADS.values(), ids=REFUSED_HEADS.keys())
def test_an_ambiguous_head_that_arrives_byte_by_byte_is_refused(sent: str) -> None:
    app = Echo()
    assert _in_bytes(app, sent + SMUGGLED) == 400
    assert app.calls == []


@pytest.mark.parametrize("chunks", INVALID_CHUNKS.values(), ids=INVALID_CHUNKS.keys())
def test_reading_invalid_chunks_raises_and_closes_the_connection(chunks: str) -> None:
    paths = []

    def app(environ: dict[str, object], start_response: object) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        with pytest.raises(OSError, match="chunked body is invalid"):
            environ["wsgi.input"].read()  # type: ignore[attr-defined]
        start_response("400 Bad Request", [])  # type: ignore[operator]
        return [b"invalid"]

    response = only(exchange(app, CHUNKED + chunks + SMUGGLED))
    assert (response.status, response.body) == (400, b"invalid")
    assert response.headers["connection"] == "close"
    assert paths == ["/v1/x"]


@pytest.mark.parametrize("chunks", INVALID_CHUNKS.values(), ids=INVALID_CHUNKS.keys())
def test_unread_invalid_chunks_close_the_connection(chunks: str) -> None:
    paths = []

    def app(environ: dict[str, object], start_response: object) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        start_response("200 OK", [])  # type: ignore[operator]
        return [b""]

    assert only(exchange(app, CHUNKED + chunks + SMUGGLED)).headers["connection"] == "close"
    assert paths == ["/v1/x"]


@pytest.mark.parametrize("target", ["a.example:443", "a.example", "[::1]:443", "*", "http://a.example/"])
def test_connect_is_not_allowed_and_closes_the_connection(target: str) -> None:
    app = Echo()
    response = only(exchange(app, f"CONNECT {target} HTTP/1.1\r\n{HOST}\r\n\r\n{SMUGGLED}"))
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD, POST, PUT, DELETE, OPTIONS")
    assert "proxies" in json.loads(response.body)["message"]
    assert response.headers["connection"] == "close"
    assert app.calls == []


REPEATED = {
    "two credentials": "There are two Authorization headers; send one, with one bearer token.",
    "two Hosts": "The header Host is repeated; send it once.",
    "two types": "The header Content-Type is repeated; send it once.",
}


@pytest.mark.parametrize(("name", "message"), REPEATED.items())
def test_header_that_is_repeated_is_named_as_that(name: str, message: str) -> None:
    assert json.loads(only(exchange(Echo(), REFUSED_HEADS[name])).body)["message"] == message


@pytest.mark.parametrize("name", sorted(REFUSED_HEADS.keys() - REPEATED.keys()))
def test_reason_is_in_the_words_of_this_server(name: str) -> None:
    message = json.loads(only(exchange(Echo(), REFUSED_HEADS[name])).body)["message"]
    start, reason = message.split(": ", 1)
    assert start == "This is not an HTTP request that can be read"
    assert "grammar" not in reason  # each has its own
    assert not re.search(r"`|\bchar\b|token|Unexpected|Missing", reason)
    assert not re.match("(?!Content-|Host|Auth|X_|CONTENT|TRANSFER)[A-Z]", reason)


CODINGS = [
    "snail",
    "gzip",
    "GZIP",
    "identity",
    "Identity",
    "gzip, chunked",
    "identity, chunked",
    "chunked, gzip",
    "Chunked, identity",
    "chunked, chunked",
    "chunked gzip",
    "xchunked",
    "chunkedx",
    '"chunked"',
    "chunked;a=b",
    "chunked; q=1",
    ",chunked",
    "chunked,",
    "trailers",
    "caf\xc3\xa9",
]


@pytest.mark.parametrize("coding", CODINGS)
def test_other_transfer_codings_are_not_implemented(coding: str) -> None:
    app = Echo()
    response = only(exchange(app, f"{HEAD}Transfer-Encoding: {coding}\r\n\r\n0\r\n\r\n{SMUGGLED}"))
    assert response.status == 501
    assert app.calls == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("gzip", "chunked"),
        ("chunked", "gzip"),
        ("chunked", "chunked"),
        ("identity", "chunked"),
        ("gzip", "br"),
    ],
)
def test_repeated_transfer_codings_are_not_implemented(first: str, second: str) -> None:
    sent = f"{HEAD}Transfer-Encoding: {first}\r\nTransfer-Encoding: {second}\r\n\r\n0\r\n\r\n"
    response = only(exchange(Echo(), sent + SMUGGLED))
    assert response.status == 501
    assert f'"{first},{second}"' in json.loads(response.body)["message"]


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "CHUNKED", " chunked ", "\tchunked"])
def test_chunked_is_read_in_any_case(coding: str) -> None:
    app = Echo()
    sent = f"{HEAD}Transfer-Encoding:{coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n{SMUGGLED}"
    assert [each.body for each in responses(exchange(app, sent))] == [b"abc", b""]


@pytest.mark.parametrize("query", ["caf\xc3\xa9", "a=\xff", "%C3\xa9", "\xf0\x9f\x98\x80", "a=b?\xc3\xa9"])
def test_bytes_beyond_ascii_in_a_query_reach_the_application(query: str) -> None:
    app = Echo()
    first, second = responses(exchange(app, f"BREW /a?{query} HTTP/1.1\r\n{HOST}\r\n\r\n{SMUGGLED}"))
    assert (first.status, second.status) == (200, 200)
    assert [(call["PATH_INFO"], call["QUERY_STRING"]) for call in app.calls] == [
        ("/a", query),
        ("/smuggled", ""),
    ]
    assert app.calls[0]["RAW_URI"] == f"/a?{query}"


def _in_bytes(app: Echo, sent: str) -> int:
    served, client = connection(app)
    with client, gevent.Timeout(PATIENCE_SECONDS):
        greenlet = gevent.spawn(served.serve)
        for byte in sent.encode("latin-1"):
            try:
                client.send(bytes([byte]))
            except OSError:
                break
            gevent.sleep(0)
            if greenlet.ready():
                break
        client.setblocking(False)
        received = b""
        while b"\r\n\r\n" not in received:
            gevent.sleep(0)
            try:
                received += client.recv(65_536)
            except BlockingIOError:
                continue
        greenlet.kill()
    (response, *_) = responses(received)
    return response.status
