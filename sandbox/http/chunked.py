"""A chunked request body. llhttp validates it; its end is found here, as llhttp would read on into the next request."""

import errno

from httptools import HttpParserError, HttpRequestParser

from sandbox.http.body import RequestBody
from sandbox.http.client import Client, yield_to_others

MAX_LINE_BYTES = 4096
"""Maximum length of a line: a chunk size with its extensions, or a trailer."""
CHUNKS_PER_TURN = 64
"""Number of chunks that are read before other greenlets run; a chunk may be as small as one byte."""

_HEAD = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


class ChunkedBody(RequestBody):
    """A chunked body. Extensions and trailers are discarded; trailers have at most ``max_trailer_bytes``."""

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
        """Store the data of a chunk."""
        self._decoded = data

    def on_message_complete(self) -> None:
        """Record the end, and give the rest of the input back to the next request."""
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
                yield_to_others()
        data, self._decoded = self._decoded[:most], self._decoded[most:]
        return data

    def _incomplete(self) -> int:
        raise _invalid("the last chunk is missing")

    def _advance(self) -> bool:
        """Parse the next part of the input; return False if more must arrive first, or at the end."""
        return not self._has_ended and (self._step() or (self._refill() and self._step()))

    def _refill(self) -> bool:
        """Append the data that arrived: one slice for many chunks, as a chunk may be as small as one byte."""
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
                raise _invalid("the trailers are too long")
        elif line:
            # llhttp accepts only hexadecimal digits here.
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
        """Parse and return a line; empty if it is incomplete."""
        end = self._input.find(b"\n", self._at, self._at + MAX_LINE_BYTES) + 1
        if not end:
            if len(self._input) - self._at >= MAX_LINE_BYTES:
                raise _invalid("a line is too long")
            return b""
        line = self._input[self._at : end]
        self._feed(line)
        return line

    def _feed(self, data: bytes) -> None:
        self._at += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            raise _invalid(str(error)) from None


def _invalid(reason: str) -> OSError:
    return OSError(errno.EBADMSG, f"The chunked body is invalid: {reason}")
