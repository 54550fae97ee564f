"""Reading a request body: completely, once, up to a limit."""

from typing import TYPE_CHECKING

from sandbox import problems
from sandbox.web.body_limit import BodyLimit
from sandbox.web.content_coding import Pause, codings_of, decode

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGE_BYTES = 65_536
"""Size above which a body takes milliseconds to decode: others run meanwhile."""
_MAX_DIGITS = 30


def read_body(environ: "WSGIEnvironment", limit: BodyLimit, pause: Pause | None = None) -> bytes:
    """Return the complete body without its content codings, not larger than ``limit`` before and after decoding.

    ``pause`` lets others run while a large body is decoded.
    Raises Problem 413 if it is larger, 415 if its coding is not supported, and 400 if it cannot be decoded or ended
    early: an incomplete body is never taken for a complete one.
    """
    announced = announced_length(environ, limit)
    if announced == 0:
        return b""
    coding = environ.get("HTTP_CONTENT_ENCODING")
    codings = codings_of(coding) if coding and announced != 0 else ()
    try:
        body: bytes = environ["wsgi.input"].read(limit.size + 1 if announced is None else announced)
    except OSError as error:  # servers raise it for a broken chunk and for a client that went away
        raise problems.invalid("The body could not be read to its end.") from error
    if len(body) > limit.size:
        raise limit.problem()
    if announced is not None and len(body) < announced:
        raise problems.invalid(f"The body ended after {len(body)} of the announced {announced} bytes.")
    return decode(body, codings, limit, pause) if codings and body else body


def announced_length(environ: "WSGIEnvironment", limit: BodyLimit) -> int | None:
    """Return the length of the body, 0 if there is none, None if its end tells it. Raises Problem 413."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        announced = _announced(length)
        if announced > limit.size:
            raise limit.problem()
        return announced
    is_chunked = environ.get("wsgi.input_terminated") and environ.get("HTTP_TRANSFER_ENCODING")
    return None if is_chunked else 0


def is_awaited(environ: "WSGIEnvironment") -> bool:
    """Return True if the request has a body that the client sends only after ``100 Continue``."""
    expectation: str | None = environ.get("HTTP_EXPECT")
    if expectation is None or expectation.lower() != "100-continue":
        return False
    return environ.get("CONTENT_LENGTH", "0") != "0" or bool(environ.get("HTTP_TRANSFER_ENCODING"))


def _announced(length: str) -> int:
    if not length.isascii() or not length.isdigit():
        raise problems.invalid("Content-Length must be a number of bytes.")
    return int(length) if len(length) <= _MAX_DIGITS else 10**_MAX_DIGITS
