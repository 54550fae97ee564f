"""Clients over socket pairs, closed when the test is over."""

import socket
from collections.abc import Callable, Iterator

import pytest

from sandbox.http.client import Client, Departures, Phase

ClientWith = Callable[..., tuple[Client, socket.socket]]


@pytest.fixture
def client_with() -> Iterator[ClientWith]:
    """``client_with(b"sent")``: a client whose call is under way, and its other end, which may have ``ended``."""
    opened: list[Client | socket.socket] = []

    def make(sent: bytes = b"", *, ended: bool = False) -> tuple[Client, socket.socket]:
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        client = Client(ours, "here", Departures())
        client.phase = Phase.CALL
        opened.extend((client, theirs))
        theirs.sendall(sent)
        if ended:
            theirs.shutdown(socket.SHUT_WR)
        return client, theirs

    yield make
    for each in opened:
        each.close()
