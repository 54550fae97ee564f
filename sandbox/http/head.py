"""The head of a request: its request line, and its limits while it arrives."""

import re
from typing import NamedTuple

from sandbox.http import refusals
from sandbox.http.limits import Limits

END = b"\r\n\r\n"

# One space between the parts, and a supported version. Many clients send UTF-8 in a query that should be
# percent-encoded. In a path it is refused, as servers and proxies differ in their understanding of it.
_LINE = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^\x00-\x20\x7f-\xff#?]*(?:\?[^\x00-\x20\x7f#]*)?) HTTP/1\.([01])\r\n"
)
_RAW_PATH = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [^\x00-\x20\x7f#?]*[\x80-\xff]")
_BEGINNING = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: |\Z)")
_BARE = re.compile(rb"(?<!\r)\n|\r[^\n]|\x00")
_EMPTY_LINES = re.compile(rb"(?:\r\n)*")


class RequestLine(NamedTuple):
    """A request line of ``size`` bytes. ``minor`` is 1 for HTTP/1.1 and 0 for HTTP/1.0."""

    method: str
    target: str
    minor: int
    size: int


def parse_line(head: bytes, limits: Limits) -> RequestLine:
    """Return the request line of ``head``, which ends with its empty line. Raises Problem 400, 414 or 431."""
    line = _LINE.match(head)
    _check_sizes(head, limits)
    if line is None:
        if _RAW_PATH.match(head):
            raise refusals.unreadable("characters beyond ASCII must be percent-encoded in a path")
        raise refusals.unreadable(
            "its first line is not a method, a target, and HTTP/1.1 or HTTP/1.0, with one space between them"
        )
    method, target, minor = line.groups()
    return RequestLine(method.decode(), target.decode("latin-1"), int(minor), line.end())


def check_beginning(beginning: bytes, checked: int, limits: Limits) -> None:
    """Raise Problem 400, 414 or 431 if an incomplete head cannot become a valid one.

    The first ``checked`` bytes were checked before.
    """
    _check_sizes(beginning, limits)
    if not _BEGINNING.match(beginning) or _BARE.search(beginning, max(checked - 1, 0)):
        raise refusals.unreadable("it does not begin with a method, or a line does not end with CR LF")


def without_empty_lines(data: bytes) -> bytes:
    """Return ``data`` without the empty lines that some clients send after a body (RFC 9112, section 2.2)."""
    found = _EMPTY_LINES.match(data)
    return data[found.end() :] if found else data


def _check_sizes(head: bytes, limits: Limits) -> None:
    if len(head) <= limits.max_request_line_bytes and len(head) <= limits.max_header_bytes:
        return
    length = head.find(b"\r\n")
    if length > limits.max_request_line_bytes or length < 0:
        raise refusals.target_too_long(limits.max_request_line_bytes)
    if len(head) - length - len(b"\r\n") - len(END) // 2 > limits.max_header_bytes:
        raise refusals.headers_too_large(limits.max_header_bytes)
