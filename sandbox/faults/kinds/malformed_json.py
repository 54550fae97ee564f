"""Invalid JSON."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class MalformedJson(Fault):
    """The right status and headers, and a body that is not valid JSON: cut in the middle, with an extra brace."""

    type = "malformed_json"
    needs_response = True

    def send(self, wire: Wire) -> Iterable[bytes]:
        response = wire.response()
        if not response.body:
            return wire.send(response)
        return wire.send(response.with_body(response.body[: len(response.body) // 2] + b'}{"'))
