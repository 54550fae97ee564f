"""The errors of the domain and the HTTP errors that stand for them."""

import pytest

from sandbox.web.world_errors import PROBLEM_OF, problem_of
from sandbox.world import errors
from sandbox.world.errors import UnknownConversation, UnknownCursor, WorldError


def test_every_error_of_the_domain_has_a_problem() -> None:
    domain = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WorldError)
    }
    assert domain - {WorldError} == set(PROBLEM_OF)


@pytest.mark.parametrize(("error", "status"), [(UnknownConversation("x1"), 404), (UnknownCursor("x1"), 400)])
def test_a_problem_names_the_id(error: WorldError, status: int) -> None:
    problem = problem_of(error)
    assert problem.status == status
    assert "x1" in problem.message
