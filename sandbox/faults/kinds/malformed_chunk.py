"""An invalid chunked body."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class MalformedChunk(Fault):
    """The right status and headers with a chunked body, whose first chunk is invalid; then the connection closes."""

    type = "MALFORMED_RESPONSE_CHUNK"
    needs_response = True
    sends_body = False

    def send(self, wire: Wire) -> Iterable[bytes]:
        response = wire.response()
        chunked = response.without_header("content-length").with_header("Transfer-Encoding", "chunked")
        # A chunk size never begins with `z`, so no client can mistake this for a chunk.
        wire.send_raw(wire.head(chunked) + b"zz no chunk size\r\n" + wire.draw_bytes(64) + b"\r\n")
