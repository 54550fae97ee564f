"""Detection of clients that disconnect during a delay."""

from types import SimpleNamespace

import pytest

from sandbox.edge.client import KEY, abandon, has_disconnected


@pytest.mark.parametrize("left", [True, False])
def test_a_disconnect_is_read_from_the_environment(left: bool) -> None:
    assert has_disconnected({KEY: SimpleNamespace(has_disconnected=left)}) == left


def test_a_client_of_an_unknown_server_is_connected() -> None:
    assert not has_disconnected({})


def test_abandon_raises_a_connection_error() -> None:
    with pytest.raises(BrokenPipeError):
        abandon()
