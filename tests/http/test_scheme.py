"""The URL scheme as reported by a proxy."""

import pytest

from sandbox.http.scheme import SchemeReader
from sandbox.problems import Problem

SCHEMES = {"X-FORWARDED-PROTO": "https", "X-FORWARDED-SSL": "on"}


@pytest.mark.parametrize(
    ("environ", "scheme"),
    [
        ({}, "http"),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, "https"),
        ({"HTTP_X_FORWARDED_PROTO": "http"}, "http"),
        ({"HTTP_X_FORWARDED_SSL": "on"}, "https"),
        ({"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_SSL": "on"}, "https"),
    ],
)
def test_headers_select_the_scheme(environ: dict[str, str], scheme: str) -> None:
    assert SchemeReader(SCHEMES, ["*"])(environ) == scheme


def test_contradicting_headers_are_refused() -> None:
    with pytest.raises(Problem):
        SchemeReader(SCHEMES, ["*"])({"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_SSL": "off"})


def test_headers_of_untrusted_proxies_are_ignored() -> None:
    reader = SchemeReader(SCHEMES, ["10.0.0.1"])
    assert reader({"HTTP_X_FORWARDED_PROTO": "https", "REMOTE_ADDR": "10.0.0.1"}) == "https"
    assert reader({"HTTP_X_FORWARDED_PROTO": "https", "REMOTE_ADDR": "10.0.0.2"}) == "http"
