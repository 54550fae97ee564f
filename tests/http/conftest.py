"""Clients over socket pairs, closed after the test."""

import socket
from collections.abc import Callable, Iterator

import pytest

from sandbox.http.client import Client, Disconnects, Phase

ClientWith = Callable[..., tuple[Client, socket.socket]]


@pytest.fixture
def client_with() -> Iterator[ClientWith]:
    """Return ``client_with(b"sent")``: it makes a client with a call in progress, and the other end of its socket."""
    opened: list[Client | socket.socket] = []

    def make(sent: bytes = b"", *, ended: bool = False) -> tuple[Client, socket.socket]:
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        client = Client(ours, "here", Disconnects())
        client.phase = Phase.CALL
        opened.extend((client, theirs))
        theirs.sendall(sent)
        if ended:
            theirs.shutdown(socket.SHUT_WR)
        return client, theirs

    yield make
    for each in opened:
        each.close()
