"""A response with the wrong content type."""

from collections.abc import Iterable

from sandbox.faults.fault import Fault, Wire


class WrongContentType(Fault):
    """The right response, but with the content type ``text/html``, as proxies and captive portals send it."""

    type = "wrong_content_type"
    needs_response = True

    def send(self, wire: Wire) -> Iterable[bytes]:
        response = wire.response()
        html = response.without_header("content-type").with_header("Content-Type", "text/html; charset=utf-8")
        return wire.send(html)
