"""An answer that says it is something else."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class WrongContentType(Fault):
    """The right answer, called ``text/html``, as proxies and captive portals send it."""

    type = "wrong_content_type"

    def send(self, wire: Wire) -> Iterable[bytes]:
        made = wire.answer()
        headers = [(name, value) for name, value in made.headers if name.lower() != "content-type"]
        return wire.send(made._replace(headers=[*headers, ("Content-Type", "text/html; charset=utf-8")]))
