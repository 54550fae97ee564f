"""A chunked body. llhttp judges it; where it ends is counted here, as llhttp would read on into the next request."""

import errno

from httptools import HttpParserError, HttpRequestParser

from sandbox.http.body import RequestBody
from sandbox.http.client import Client, give_way

MAX_LINE_BYTES = 4096
"""More than any size with its extensions, and any trailer, has."""
CHUNKS_PER_TURN = 64
"""So many chunks are read before other connections have their turn: a chunk may be as small as a byte."""

_HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


class ChunkedBody(RequestBody):
    """A body in chunks. Extensions and trailers are read and dropped, at most ``max_trailer_bytes`` of the latter."""

    def __init__(self, client: Client, max_trailer_bytes: int, *, expects_continue: bool = False) -> None:
        super().__init__(client, expects_continue=expects_continue)
        self._parser = HttpRequestParser(self)
        self._parser.feed_data(_HEAD)
        self._input = b""
        self._at = 0
        self._decoded = b""
        self._chunk_left = 0
        self._trailer_left = max_trailer_bytes
        self._in_trailers = False
        self._parts = 0
        self._has_ended = False

    def on_body(self, data: bytes) -> None:
        """Keep what llhttp took out of a chunk."""
        self._decoded = data

    def on_message_complete(self) -> None:
        """Note the end. What is behind it belongs to the next request."""
        self._has_ended = True
        self._client.buffer = self._input[self._at :] + self._client.buffer

    @property
    def is_at_end(self) -> bool:
        return self._has_ended and not self._decoded

    def skip_buffered(self) -> bool:
        try:
            for _ in range(CHUNKS_PER_TURN):
                if not self._advance():
                    break
        except OSError:
            return False
        self._decoded = b""
        return self.is_at_end

    def _take(self, most: int) -> bytes:
        while not self._decoded:
            if not self._advance():
                return b""
            self._parts += 1
            if self._parts % CHUNKS_PER_TURN == 0:
                give_way()
        data, self._decoded = self._decoded[:most], self._decoded[most:]
        return data

    def _cut_short(self) -> int:
        raise _broken("they end before the last one")

    def _advance(self) -> bool:
        """Read the next part of what is here; False where more must arrive first, or where there is no more."""
        return not self._has_ended and (self._step() or (self._refill() and self._step()))

    def _refill(self) -> bool:
        """Take over what arrived meanwhile: one slice for many chunks, which may be as small as a byte."""
        arrived, self._client.buffer = self._client.buffer, b""
        self._input, self._at = self._input[self._at :] + arrived, 0
        return bool(arrived)

    def _step(self) -> bool:
        if self._chunk_left:
            return self._data()
        line = self._line()
        if self._in_trailers:
            self._trailer_left -= len(line)
            if self._trailer_left < 0:
                raise _broken("the trailers are too long")
        elif line:
            # llhttp has let nothing but hexadecimal digits through.
            size = int(line.partition(b";")[0], 16)
            self._chunk_left = size + len(b"\r\n") if size else 0
            self._in_trailers = not size
        return bool(line)

    def _data(self) -> bool:
        data = self._input[self._at : self._at + self._chunk_left]
        self._feed(data)
        self._chunk_left -= len(data)
        return bool(data)

    def _line(self) -> bytes:
        """Read a line; none where it has not wholly arrived."""
        end = self._input.find(b"\n", self._at, self._at + MAX_LINE_BYTES) + 1
        if not end:
            if len(self._input) - self._at >= MAX_LINE_BYTES:
                raise _broken("a line is too long")
            return b""
        line = self._input[self._at : end]
        self._feed(line)
        return line

    def _feed(self, data: bytes) -> None:
        self._at += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            raise _broken(str(error)) from None


def _broken(reason: str) -> OSError:
    return OSError(errno.EBADMSG, f"The chunks of the body are broken: {reason}")
