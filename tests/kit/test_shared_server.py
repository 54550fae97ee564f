"""A server that several processes share."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from protocol_sandbox import StartError
from protocol_sandbox.shared_server import LOOPBACK, Access, SharedServer, ask_for_server
from tests.live.server import TIMEOUT_SECONDS

ACCESS = Access("http://127.0.0.1:1", None)


@contextmanager
def shared(start: Callable[[], Access]) -> Iterator[SharedServer]:
    """Share what ``start`` returns."""
    server = SharedServer(start)
    try:
        yield server
    finally:
        server.close()


def test_nothing_is_started_before_somebody_asks() -> None:
    started: list[Access] = []

    def start() -> Access:
        started.append(ACCESS)
        return ACCESS

    with shared(start) as server:
        assert started == []
        assert ask_for_server(server.ticket) == ACCESS
        assert started == [ACCESS]


def test_processes_that_ask_at_once_are_answered_one_after_the_other() -> None:
    answers: list[Access] = []
    with shared(lambda: Access("http://127.0.0.1:1", "secret")) as server:
        threads = [Thread(target=lambda: answers.append(ask_for_server(server.ticket))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT_SECONDS)
    assert answers == [Access("http://127.0.0.1:1", "secret")] * 8


def test_error_of_the_start_is_passed_on_each_time() -> None:
    def start() -> Access:
        raise StartError("There is no scenario.")

    with shared(start) as server:
        for _ in range(2):
            with pytest.raises(StartError, match=r"^There is no scenario\.$"):
                ask_for_server(server.ticket)


def test_programs_without_the_key_get_nothing() -> None:
    with shared(lambda: pytest.fail("it was started")) as server:
        with pytest.raises(StartError, match="does not respond"):
            ask_for_server({"port": server.ticket["port"], "key": "guessed"})
        with socket.create_connection((LOOPBACK, server.ticket["port"]), TIMEOUT_SECONDS) as connection:
            connection.sendall(b"\xff\n")
            assert connection.recv(1) == b""


def test_closed_server_does_not_respond() -> None:
    with shared(lambda: ACCESS) as server:
        pass
    with pytest.raises(StartError, match="--sandbox-url"):
        ask_for_server(server.ticket)
