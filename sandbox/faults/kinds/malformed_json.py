"""JSON that cannot be parsed."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class MalformedJson(Fault):
    """The right status and headers, and a body that is no JSON: its end is missing, and a brace too many is there."""

    type = "malformed_json"

    def send(self, wire: Wire) -> Iterable[bytes]:
        made = wire.answer()
        if not made.body:
            return wire.send(made)
        return wire.send(made._replace(body=made.body[: len(made.body) // 2] + b'}{"'))
