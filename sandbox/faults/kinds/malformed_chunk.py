"""A chunked body that breaks."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class MalformedChunk(Fault):
    """The right status and headers with a chunked body, whose first chunk is garbage; then the connection closes."""

    type = "MALFORMED_RESPONSE_CHUNK"
    sends_body = False

    def send(self, wire: Wire) -> Iterable[bytes]:
        made = wire.answer()
        headers = [(name, value) for name, value in made.headers if name.lower() != "content-length"]
        chunked = made._replace(headers=[*headers, ("Transfer-Encoding", "chunked")])
        # No chunk size begins with a `z`, so no client can take this for a chunk.
        wire.raw(wire.head(chunked) + b"zz no chunk size\r\n" + wire.draw_bytes(64) + b"\r\n")
