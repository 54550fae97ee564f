"""Work that another thread could do."""

import pytest

from sandbox.world.offload import run_here


def test_work_is_done_at_once_and_its_result_returned() -> None:
    assert run_here(lambda: 5) == 5


def test_error_of_the_work_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run_here(lambda: 1 / 0)
