"""The response to every exception that a view raises."""

import logging

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from sandbox import problems
from sandbox.operations import methods_of
from sandbox.problems import Problem, status_line
from sandbox.web.response import Response, problem_response
from sandbox.web.world_errors import problem_of
from sandbox.world.errors import WorldError

_LOG = logging.getLogger("sandbox")


def error_response(error: Exception, method: str, path: str) -> Response:
    """Return the response to ``error`` in the documented shape. An unexpected error is logged and answered with 500."""
    if isinstance(error, Problem):
        return problem_response(error)
    if isinstance(error, WorldError):
        return problem_response(problem_of(error))
    if isinstance(error, HTTPException):
        return problem_response(_http_problem(error, method, path))
    _LOG.error("%s %s failed", method, path, exc_info=error)
    return problem_response(problems.internal())


def _http_problem(error: HTTPException, method: str, path: str) -> Problem:
    if isinstance(error, NotFound):
        return problems.unknown_path(method, path)
    if isinstance(error, MethodNotAllowed):
        return problems.method_not_allowed(
            method, path, methods_of(path) or sorted(error.valid_methods or ())
        )
    # The texts of the framework are about the framework.
    status = error.code or 500
    return Problem(status, f"The request was refused with {status_line(status)}.")
