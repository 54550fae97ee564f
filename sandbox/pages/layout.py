"""The frame of our pages."""

from html import escape

_DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/page.css">
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def document(title: str, body: str) -> bytes:
    """Return an HTML document. ``title`` is text, and ``body`` is HTML, in which the caller has escaped all text."""
    return _DOCUMENT.format(title=escape(title), body=body).encode()
