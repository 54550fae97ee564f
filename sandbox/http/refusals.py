"""Errors that are answered without the application: what is not HTTP, what is too large, what comes too late."""

from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.edge.cors import cors_headers
from sandbox.edge.request_id import REQUEST_ID
from sandbox.problems import JSON_TYPE, Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def unreadable(reason: str) -> Problem:
    """400: the bytes are not an HTTP request, or one that two readers could understand in two ways."""
    return Problem(400, f"This is not an HTTP request that can be read: {reason}.")


def unknown_coding(coding: str) -> Problem:
    """501: a transfer coding other than ``chunked`` alone."""
    return Problem(501, f"The only transfer coding that this server reads is chunked, not {coding}.")


def unknown_expectation() -> Problem:
    """417: an expectation other than ``100-continue``."""
    return Problem(417, "The only expectation that this server meets is 100-continue.")


def target_too_long(limit: int) -> Problem:
    """414: the request line is longer than the server reads."""
    return Problem(
        414, f"The request line is longer than {limit} bytes; start the server with --max-request-line-bytes."
    )


def too_many_headers(limit: int) -> Problem:
    """431: there are more header fields than the server reads."""
    return Problem(431, f"There are more than {limit} headers; start the server with a higher --max-headers.")


def headers_too_large(limit: int) -> Problem:
    """431: the header fields are together larger than the server reads."""
    return Problem(
        431,
        f"The headers are larger than {limit} bytes together; start the server with a higher --max-header-bytes.",
    )


def head_timeout(seconds: float) -> Problem:
    """408: the request line and the headers did not arrive in time."""
    return Problem(408, f"The request line and the headers did not arrive within {seconds:g} seconds.")


def body_timeout(seconds: float) -> Problem:
    """408: nothing more of the body arrived for too long."""
    return Problem(408, f"Nothing more of the body arrived for {seconds:g} seconds.")


def evicted() -> Problem:
    """503: the connection made room for another one before its request had arrived."""
    return Problem(
        503,
        "There are as many connections as there may be, and this request took the longest to arrive.",
        [("Retry-After", "1")],
    )


def too_many_connections(limit: int, flag: str) -> Problem:
    """503: there are as many connections as there may be, and each has a call under way."""
    return Problem(
        503,
        f"There are {limit} connections, the most that may be; start the server with a higher {flag}.",
        [("Retry-After", "1")],
    )


def refusal(problem: Problem, environ: "WSGIEnvironment", *, sends_body: bool = True) -> bytes:
    """Return ``problem`` as a whole answer that ends the connection, in the shape of every other error.

    ``environ`` is empty where the request could not be read: then nobody knows which origin it named.
    """
    body = problem.body
    lines = [
        ("Connection", "close"),
        ("Content-Type", JSON_TYPE),
        ("Content-Length", str(len(body))),
        *problem.headers,
        (REQUEST_ID, uuid4().hex),
        *cors_headers(environ),
    ]
    head = f"HTTP/1.1 {problem.status_line}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"{head}\r\n".encode("latin-1") + (body if sends_body else b"")
