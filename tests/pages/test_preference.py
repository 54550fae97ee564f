"""The choice between HTML and JSON."""

import pytest
from flask import Flask

from sandbox.pages.preference import prefers_html


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html", True),
        ("text/html;q=0.9, application/json", False),
        ("application/json, text/html", False),
        ("application/json;q=0.5, text/html", True),
        ("text/html, */*;q=0.1", True),
        ("text/*", True),
        ("image/png", False),
        ("text/html;q=0", False),
        ("nonsense", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
    ],
)
def test_html_is_for_those_that_prefer_it(accept: str | None, expected: bool) -> None:
    headers = {} if accept is None else {"Accept": accept}
    with Flask(__name__).test_request_context("/", headers=headers):
        assert prefers_html() is expected
