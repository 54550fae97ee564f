"""Errors as a browser shows them: a page for an unknown path, where a client gets the documented shape."""

from html import escape

import flask
from flask import Flask
from werkzeug.exceptions import NotFound

from sandbox import problems
from sandbox.operations import PREFIX
from sandbox.pages.layout import document
from sandbox.pages.preference import prefers_html
from sandbox.problems import status_line
from sandbox.web.page import HTML_TYPE, SECURITY_HEADERS
from sandbox.web.response import Response, problem_response
from sandbox.web.world_prefix import root_path

_APIS = (PREFIX, "/__admin")


def register(app: Flask) -> None:
    """Answer unknown paths of ``app``."""
    app.register_error_handler(NotFound, not_found)


def not_found(_error: NotFound) -> Response:
    """Return the response to a request for an unknown path. The two APIs answer in their own shape, whoever asks."""
    method, path = flask.request.method, flask.request.path
    problem = problems.unknown_path(method, path)
    if _is_of_an_api(path):
        return problem_response(problem)
    response = (
        _page(problem.message, root_path(flask.request.environ))
        if prefers_html()
        else problem_response(problem)
    )
    return response.with_header("Vary", "Accept")


def _is_of_an_api(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _APIS)


def _page(message: str, root: str) -> Response:
    body = document(
        "404 Not Found",
        f'<p>{escape(message)}</p>\n<p><a href="{escape(root)}/">The start page</a> lists all pages.</p>',
    )
    described = [("Content-Type", HTML_TYPE), ("Content-Length", str(len(body)))]
    return Response(status_line(404), described + SECURITY_HEADERS, body)
