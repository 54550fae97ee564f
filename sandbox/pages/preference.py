"""The client's preference between HTML and JSON."""

import flask

JSON = "application/json"
HTML = "text/html"


def prefers_html() -> bool:
    """Return True if the current request accepts HTML rather than JSON, as that of a browser that opens a page does.

    A client that accepts anything, like curl, gets JSON.
    """
    return flask.request.accept_mimetypes.best_match([JSON, HTML]) == HTML
