"""The frame of the pages."""

from sandbox.pages.layout import document


def test_title_is_escaped_and_body_is_html() -> None:
    text = document("a < b", "<p>c</p>").decode()
    assert text.startswith("<!doctype html>")
    assert "<title>a &lt; b</title>" in text
    assert "<h1>a &lt; b</h1>\n<p>c</p>" in text
