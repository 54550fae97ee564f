"""Errors that are sent without calling the application: invalid HTTP, exceeded limits and timeouts."""

from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.edge.cors import cors_headers
from sandbox.edge.request_id import REQUEST_ID
from sandbox.problems import JSON_TYPE, Problem, counted, quoted
from sandbox.web.text import text_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def unreadable(reason: str) -> Problem:
    """Return Problem 400 for a request that is not valid HTTP or is ambiguous."""
    return Problem(400, f"This is not an HTTP request that can be read: {reason}.")


def repeated_authorization() -> Problem:
    """Return Problem 400 for two ``Authorization`` headers, which might select two sandboxes."""
    return Problem(400, "There are two Authorization headers; send one, with one bearer token.")


def repeated(name: str) -> Problem:
    """Return Problem 400 for a header that is sent twice and might be understood in two ways."""
    return Problem(400, f"The header {name} is repeated; send it once.")


def not_a_proxy() -> Problem:
    """Return Problem 405 for ``CONNECT``, whose target is the address that a proxy is to connect to."""
    allowed = "GET, HEAD, POST, PUT, DELETE, OPTIONS"
    return Problem(
        405,
        f"CONNECT is for proxies, and this server is not one; it supports {allowed}.",
        [("Allow", allowed)],
    )


def unknown_coding(coding: str) -> Problem:
    """Return Problem 501 for a transfer coding other than ``chunked`` alone."""
    return Problem(501, f"The transfer coding {quoted(text_of(coding))} is not supported; use chunked alone.")


def unknown_expectation() -> Problem:
    """Return Problem 417 for an expectation other than ``100-continue``."""
    return Problem(417, "The only supported expectation is 100-continue.")


def target_too_long(limit: int) -> Problem:
    """Return Problem 414 for a request line that is longer than ``limit`` bytes."""
    return Problem(
        414,
        f"The request line is longer than {limit} bytes; start the server with a higher --max-request-line-bytes.",
    )


def too_many_headers(limit: int) -> Problem:
    """Return Problem 431 for more than ``limit`` headers."""
    return Problem(431, f"There are more than {limit} headers; start the server with a higher --max-headers.")


def headers_too_large(limit: int) -> Problem:
    """Return Problem 431 for headers that are larger than ``limit`` bytes in total."""
    return Problem(
        431,
        f"The headers are larger than {limit} bytes in total; start the server with a higher --max-header-bytes.",
    )


def head_timeout(seconds: float) -> Problem:
    """Return Problem 408 for a head that did not arrive within ``seconds``."""
    return Problem(
        408, f"The request line and the headers did not arrive within {counted(f'{seconds:g}', 'second')}."
    )


def body_timeout(seconds: float) -> Problem:
    """Return Problem 408 for a body of which nothing arrived for ``seconds``."""
    return Problem(408, f"No more of the body arrived for {counted(f'{seconds:g}', 'second')}.")


def evicted() -> Problem:
    """Return Problem 503 for an incomplete request whose connection is closed to make room for another one."""
    return Problem(
        503,
        "There are too many connections, and this request has taken the longest to arrive.",
        [("Retry-After", "1")],
    )


def too_many_connections(limit: int, flag: str) -> Problem:
    """Return Problem 503 for a new connection when ``limit`` are open, and each of them has a call in progress."""
    return Problem(
        503,
        f"The limit of {limit} connections is reached; start the server with a higher {flag}.",
        [("Retry-After", "1")],
    )


def error_response(
    problem: Problem, environ: "WSGIEnvironment", date: str, *, sends_body: bool = True
) -> bytes:
    """Return ``problem`` as a complete response that ends the connection, in the format of all other errors.

    ``environ`` has what is known of the request; any origin may read the response if its own is unknown. ``date`` is
    the current date in the format of HTTP: a server with a clock sends it (RFC 9110, section 6.6.1).
    """
    body = problem.body
    lines = [
        ("Date", date),
        ("Connection", "close"),
        ("Content-Type", JSON_TYPE),
        ("Content-Length", str(len(body))),
        *problem.headers,
        (REQUEST_ID, uuid4().hex),
        *cors_headers(environ),
    ]
    head = f"HTTP/1.1 {problem.status_line}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"{head}\r\n".encode("latin-1") + (body if sends_body else b"")
