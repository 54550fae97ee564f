"""The client of a call that is held back."""

from types import SimpleNamespace

import pytest

from sandbox.edge.client import KEY, abandon, has_left


@pytest.mark.parametrize("left", [True, False])
def test_the_server_says_whether_it_left(left: bool) -> None:
    assert has_left({KEY: SimpleNamespace(has_left=left)}) == left


def test_a_server_that_says_nothing_has_clients_that_stay() -> None:
    assert not has_left({})


def test_the_call_of_a_client_that_left_ends_with_an_error_that_servers_know() -> None:
    with pytest.raises(BrokenPipeError):
        abandon()
