"""The mapping of domain errors to HTTP errors."""

import pytest

from sandbox.web.world_errors import PROBLEM_OF, problem_of
from sandbox.world import errors
from sandbox.world.errors import MissingParticipant, UnknownConversation, UnknownCursor, WorldError


def test_every_domain_error_has_a_problem() -> None:
    domain = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WorldError)
    }
    assert domain - {WorldError} == set(PROBLEM_OF)


@pytest.mark.parametrize(
    ("error", "status"), [(UnknownConversation("x1"), 404), (UnknownCursor("starting_after", "x1"), 400)]
)
def test_problem_names_the_id(error: WorldError, status: int) -> None:
    problem = problem_of(error)
    assert problem.status == status
    assert "x1" in problem.message


def test_problem_for_a_missing_participant() -> None:
    problem = problem_of(MissingParticipant())
    assert (problem.status, problem.message) == (
        400,
        "A conversation needs a contact_id or a group_id (or both).",
    )
