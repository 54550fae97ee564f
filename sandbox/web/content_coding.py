"""Content codings of request bodies (RFC 9110, section 8.4): ``gzip`` and ``deflate`` are decoded."""

import zlib
from collections.abc import Callable, Generator, Iterator, Sequence

from sandbox import problems
from sandbox.web.body_limit import BodyLimit
from sandbox.web.text import text_of

MAX_CODINGS = 5
"""Maximum number of codings of one body; each costs a pass over it."""
MAX_MEMBERS = 10_000
"""Maximum number of members of a gzip body, as each of them may be empty."""
PIECE_BYTES = 65_536
"""Number of bytes that are decoded at a time."""

Pause = Callable[[], object]

_GZIP = zlib.MAX_WBITS | 16
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_NONE = ("", "identity")


def codings_of(header: str) -> Sequence[str]:
    """Return the codings of ``Content-Encoding`` in the order in which they were applied, without ``identity``.

    Raises Problem 415 if one of them is not supported, and 400 if there are too many.
    """
    codings = [
        coding for each in text_of(header).lower().split(",") if (coding := each.strip(" \t")) not in _NONE
    ]
    for coding in codings:
        if coding not in _DECODERS:
            raise problems.unsupported_coding(coding)
    if len(codings) > MAX_CODINGS:
        raise problems.invalid(f"Content-Encoding names more than {MAX_CODINGS} codings.")
    return codings


def decode(body: bytes, codings: Sequence[str], limit: BodyLimit, pause: Pause | None = None) -> bytes:
    """Return ``body`` without its codings.

    It is decoded in pieces, and not beyond ``limit``; ``pause``, which lets others run, is called after each
    piece. Raises Problem 413 if it is larger after decoding, and 400 if it is truncated or invalid.
    """
    for coding in reversed(codings):
        body = _without(coding, body, limit, pause)
    return body


def _without(coding: str, body: bytes, limit: BodyLimit, pause: Pause | None) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in _DECODERS[coding](memoryview(body)):
            size += len(piece)
            if size > limit.size:
                raise limit.problem("decoded body")
            pieces.append(piece)
            if pause is not None:
                pause()
    except EOFError:
        raise problems.invalid(f"The body ends before its {coding} data is complete.") from None
    except zlib.error:
        raise problems.invalid(
            f"The body is not valid {coding} data, as its Content-Encoding says."
        ) from None
    return b"".join(pieces)


def _gunzipped(data: memoryview) -> Iterator[bytes]:
    """Yield the decoded members of ``data`` (RFC 1952, section 2.2) in pieces."""
    for _ in range(MAX_MEMBERS):
        data = yield from _inflated(data, _GZIP)
        if not data:
            return
    raise zlib.error


def _deflated(data: memoryview) -> Iterator[bytes]:
    """Yield the decoded pieces of ``data``: with the header of zlib, as in HTTP, or without, as some clients send it.

    A stream without the header does not begin like one: its first block would be stored, with a bit set in its padding.
    """
    has_header = len(data) > 1 and data[0] & 0x0F == zlib.DEFLATED and (data[0] << 8 | data[1]) % 31 == 0
    if (yield from _inflated(data, _ZLIB if has_header else _RAW)):
        raise zlib.error


def _inflated(data: memoryview, window_bits: int) -> Generator[bytes, None, memoryview]:
    """Yield the decoded pieces of the stream that ``data`` begins with; return the data behind it.

    Raises zlib.error, and EOFError if the stream is incomplete.
    """
    inflater = zlib.decompressobj(window_bits)
    at = 0
    while not inflater.eof:
        encoded = data[at : at + PIECE_BYTES]
        if not encoded:
            raise EOFError
        at += len(encoded)
        piece = inflater.decompress(encoded, PIECE_BYTES)
        yield piece
        # A full piece may leave more inside, even if all input was consumed.
        while inflater.unconsumed_tail or len(piece) == PIECE_BYTES:
            piece = inflater.decompress(inflater.unconsumed_tail, PIECE_BYTES)
            yield piece
    return data[at - len(inflater.unused_data) :]


_DECODERS: dict[str, Callable[[memoryview], Iterator[bytes]]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,  # the same (RFC 9110, section 8.4.1.3)
    "deflate": _deflated,
}
