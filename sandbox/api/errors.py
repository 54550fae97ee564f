"""The one exit for everything that goes wrong inside Flask."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from sandbox import problems
from sandbox.api.answers import problem_answer
from sandbox.operations import methods_of
from sandbox.problems import Problem
from sandbox.world.errors import (
    FleetFull,
    RulesFull,
    SnapshotsFull,
    StoreFull,
    UnknownConversation,
    UnknownCursor,
    UnknownRule,
    UnknownSandbox,
    UnknownSnapshot,
    WorldError,
)

PROBLEM_OF: dict[type[WorldError], Callable[[Any], Problem]] = {
    UnknownConversation: lambda error: problems.unknown_conversation(error.conversation_id),
    UnknownCursor: lambda error: problems.invalid(
        f"starting_after and ending_before must be the id of a conversation that this sandbox has or had, "
        f"not {problems.quoted(error.conversation_id)}."
    ),
    StoreFull: lambda error: problems.store_full(error.capacity),
    FleetFull: lambda error: problems.fleet_full(error.capacity),
    UnknownSandbox: lambda error: problems.unknown_sandbox(error.sandbox_id),
    UnknownSnapshot: lambda error: problems.unknown_snapshot(error.snapshot_id),
    SnapshotsFull: lambda error: problems.snapshots_full(error.capacity),
    UnknownRule: lambda error: problems.unknown_rule(error.rule_id),
    RulesFull: lambda error: problems.rules_full(error.capacity),
}
"""What the domain refuses, as the client is told."""


def register(app: Flask) -> None:
    """Answer every error of ``app`` in the documented shape."""
    app.register_error_handler(Problem, problem_answer)
    app.register_error_handler(WorldError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _defect)


def _refused(error: WorldError) -> Response:
    return problem_answer(PROBLEM_OF[type(error)](error))


def _http(error: HTTPException) -> Response:
    if isinstance(error, NotFound):
        return problem_answer(problems.unknown_path(request.method, request.path))
    if isinstance(error, MethodNotAllowed):
        allowed = methods_of(request.path) or sorted(error.valid_methods or ())
        return problem_answer(problems.method_not_allowed(request.method, request.path, allowed))
    return problem_answer(Problem(error.code or 500, error.description or error.name))


def _defect(error: Exception) -> Response:
    current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem_answer(problems.internal())
