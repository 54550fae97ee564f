"""The one exit for everything that goes wrong behind the edge."""

import logging
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from sandbox import problems
from sandbox.api.answers import Answer, problem_answer
from sandbox.operations import methods_of
from sandbox.problems import Problem
from sandbox.web.world_errors import problem_of
from sandbox.world.errors import WorldError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LOG = logging.getLogger("sandbox")


def answer_to(error: Exception, environ: "WSGIEnvironment") -> Answer:
    """What the client is told of ``error``, in the documented shape. What nobody expected is logged."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if isinstance(error, Problem):
        return problem_answer(error)
    if isinstance(error, WorldError):
        return problem_answer(problem_of(error))
    if isinstance(error, HTTPException):
        return problem_answer(_problem_of(error, method, path))
    _LOG.error("%s %s failed", method, path, exc_info=error)
    return problem_answer(problems.internal())


def _problem_of(error: HTTPException, method: str, path: str) -> Problem:
    if isinstance(error, NotFound):
        return problems.unknown_path(method, path)
    if isinstance(error, MethodNotAllowed):
        return problems.method_not_allowed(
            method, path, methods_of(path) or sorted(error.valid_methods or ())
        )
    return Problem(error.code or 500, error.description or error.name)
