"""The one exit for everything that goes wrong behind the edge."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from sandbox import problems
from sandbox.api.answers import Answer, problem_answer
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

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_LOG = logging.getLogger("sandbox")

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


def answer_to(error: Exception, environ: "WSGIEnvironment") -> Answer:
    """What the client is told of ``error``, in the documented shape. What nobody expected is logged."""
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if isinstance(error, Problem):
        return problem_answer(error)
    if isinstance(error, WorldError):
        return problem_answer(PROBLEM_OF[type(error)](error))
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
