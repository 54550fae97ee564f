"""The headers that a server provides as it parsed them."""

from sandbox.edge.sent_headers import KEY, sent_headers
from sandbox.http.headers import Headers


def test_headers_are_found_where_the_server_provides_them() -> None:
    headers = Headers({"HTTP_HOST": "a"}, keeps_alive=True)
    assert sent_headers({KEY: headers}) is headers
    assert sent_headers({}) is None
