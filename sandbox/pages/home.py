"""``/``: where things are, for a person as a page, for a client as JSON."""

import json
from html import escape

import flask
from flask import Flask

from sandbox.control.guard import HEALTH, PANEL
from sandbox.pages.documentation import PATH as DOCS
from sandbox.pages.layout import document
from sandbox.pages.preference import prefers_html
from sandbox.problems import JSON_TYPE
from sandbox.version import __version__
from sandbox.web.page import HTML_TYPE, file_response
from sandbox.web.response import Response
from sandbox.web.world_prefix import root_path

PLACES = {
    "api": ("/v1/conversations", "The Conversations API. Each bearer token has a world of its own."),
    "panel": (PANEL, "The panel: calls as they arrive, faults, data and time."),
    "docs": (DOCS, "The documentation of both APIs; every call can be tried there."),
    "openapi": ("/openapi.json", "The OpenAPI document of the Conversations API."),
    "control_openapi": ("/__admin/openapi.json", "The OpenAPI document of the control API."),
    "health": (HEALTH, "The status of the server, and what is switched on."),
}


def register(app: Flask) -> None:
    """Serve the page in ``app``."""
    app.add_url_rule("/", "home", home, provide_automatic_options=False)


def home() -> Response:
    """Return the page, or its content as JSON, by the client's ``Accept``."""
    # With the prefix of a world, if the request has one: what is found here then acts on that world.
    root = root_path(flask.request.environ)
    address = f"{flask.request.host_url.rstrip('/')}{root}"
    example = f"curl -G {address}/v1/conversations -H 'Authorization: Bearer me' -d limit=1"
    if prefers_html():
        response = file_response(_page(example, root), HTML_TYPE)
    else:
        content = {
            "name": "protocol-sandbox",
            "version": __version__,
            "example": example,
            **{name: root + path for name, (path, _) in PLACES.items()},
        }
        response = file_response(json.dumps(content).encode() + b"\n", JSON_TYPE)
    return response.with_header("Vary", "Accept")


def _page(example: str, root: str) -> bytes:
    places = "\n".join(
        f'<dt><a href="{escape(root + path)}">{escape(root + path)}</a></dt>\n<dd>{escape(meaning)}</dd>'
        for path, meaning in PLACES.values()
    )
    return document(
        "protocol-sandbox",
        f"<p>Version {escape(__version__)}. Any non-empty bearer token is accepted:</p>\n"
        f"<pre><code>{escape(example)}</code></pre>\n<dl>\n{places}\n</dl>",
    )
