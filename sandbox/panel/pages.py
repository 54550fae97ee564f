"""Serving the panel: the page at ``/__admin/`` and its files at ``/__admin/panel/``."""

from flask import Flask

from sandbox.control.guard import PANEL, PANEL_FILES
from sandbox.problems import status_line
from sandbox.web.page import Files
from sandbox.web.response import Response

FILES = Files("sandbox.panel", "static")
INDEX = "index.html"


def register(app: Flask) -> None:
    """Serve the panel in ``app``."""
    app.add_url_rule(PANEL, "panel", index, provide_automatic_options=False)
    app.add_url_rule(PANEL.rstrip("/"), "panel.redirect", redirect, provide_automatic_options=False)
    app.add_url_rule(PANEL_FILES + "<name>", "panel.file", FILES.response, provide_automatic_options=False)


def index() -> Response:
    """Return the page."""
    return FILES.response(INDEX)


def redirect() -> Response:
    """Redirect to the address of the page, from which its relative links work.

    The target is relative as well, so that it holds under any prefix that a proxy or a world's URL adds.
    """
    return Response(status_line(308), [("Location", PANEL[1:]), ("Content-Length", "0")], b"")
