"""Calls of the whole application in process, without a socket."""

from collections.abc import Callable
from io import BytesIO
from statistics import median
from time import process_time
from typing import Any

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def call(
    app: Any,
    method: str,
    path: str,
    query: str = "",
    body: bytes = b"",
    kind: str = FORM,
    token: str = "bench",
) -> tuple[str, bytes]:
    """Make a call, and return the status line and the body."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
    }
    if body:
        environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": kind}
    statuses: list[str] = []
    answer = app(environ, lambda status, _headers, _exc_info=None: statuses.append(status))
    return statuses[0], b"".join(answer)


def microseconds(repeat: Callable[[], object], times: int) -> float:
    """Return the CPU microseconds of ``repeat``, averaged over ``times`` repetitions."""
    begun = process_time()
    for _ in range(times):
        repeat()
    return (process_time() - begun) / times * 1e6


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure over all rounds."""
    return {name: median(each[name] for each in rounds) for name in rounds[0]}
