"""The exceptions of the kit."""

import pytest

from protocol_sandbox import ControlError, SandboxError, StartError, UnreachableError


@pytest.mark.parametrize("kind", [ControlError, StartError, UnreachableError])
def test_all_exceptions_have_one_base(kind: type[Exception]) -> None:
    assert issubclass(kind, SandboxError)
    assert not issubclass(kind, AssertionError)


def test_error_of_the_control_api_has_its_status() -> None:
    error = ControlError(404, "There is no rule.")
    assert (error.status, str(error)) == (404, "There is no rule.")
