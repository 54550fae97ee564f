"""``/docs``: the two OpenAPI documents, with a try-it-out, in Swagger UI.

Swagger UI's files come from the package flask-swagger-ui, of which nothing else is used: its page has inline scripts,
which our policy forbids. The package is found when somebody opens the page, so that it costs a start nothing.
"""

from flask import Flask

from sandbox.problems import status_line
from sandbox.web.page import Files
from sandbox.web.response import Response

PATH = "/docs"
FILES = Files("sandbox.pages", "static")
SWAGGER_UI = Files("flask_swagger_ui", "dist")
SWAGGER_UI_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
"""The files of Swagger UI that the page loads."""


def register(app: Flask) -> None:
    """Serve the page in ``app``."""
    app.add_url_rule(PATH, "docs", page, provide_automatic_options=False)
    app.add_url_rule(f"{PATH}/", "docs.redirect", redirect, provide_automatic_options=False)
    app.add_url_rule(f"{PATH}/<name>", "docs.file", file, provide_automatic_options=False)


def page() -> Response:
    """Return the page."""
    return FILES.response("docs.html")


def redirect() -> Response:
    """Redirect to the address of the page, from which its relative links work. The target is relative as well."""
    return Response(status_line(308), [("Location", f"..{PATH}"), ("Content-Length", "0")], b"")


def file(name: str) -> Response:
    """Return a file that the page loads, ours or one of Swagger UI's. Raises NotFound."""
    return (SWAGGER_UI if name in SWAGGER_UI_FILES else FILES).response(name)
