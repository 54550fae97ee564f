"""The listening socket, its address, and errors on opening it."""

import errno
import os
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.server.listener import address_of, listen
from sandbox.settings import SettingsError


def test_client_can_connect() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert address_of(listener) == f"http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            accepted, address = listener.accept()
            with accepted:
                assert address == client.getsockname()


def test_host_name_is_resolved() -> None:
    with listen("localhost", 0) as listener:
        assert listener.getsockname()[0] in {"127.0.0.1", "::1"}


def test_port_can_be_reused_at_once() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            first.accept()[0].close()  # the side that closes first enters TIME_WAIT
    with listen("127.0.0.1", port) as second:
        assert second.getsockname()[1] == port


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (("0.0.0.0", 8000), "http://127.0.0.1:8000"),
        (("192.0.2.1", 8000), "http://192.0.2.1:8000"),
        (("::", 8000, 0, 0), "http://[::1]:8000"),
        (("::1", 8000, 0, 0), "http://[::1]:8000"),
    ],
)
def test_address_is_usable_on_this_machine(name: Any, address: str) -> None:
    listener: Any = SimpleNamespace(getsockname=lambda: name)
    assert address_of(listener) == address


def test_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError) as refusal:
            listen("127.0.0.1", port)
    assert refusal.value.message == (
        f"Port {port} on 127.0.0.1 is in use; stop what uses it, or choose another with --port (0 picks a free one)."
    )


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.name.invalid", "a" * 70, "127.0.0.1.1"])
def test_foreign_host_is_refused(host: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        listen(host, 0)
    assert refusal.value.message == f'--host must be an address of this machine, not "{host}".'


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EACCES, "Port 80 on 127.0.0.1 is not allowed to this user; choose one from 1024 on."),
        (errno.ENOBUFS, f"Cannot listen on 127.0.0.1, port 80: {os.strerror(errno.ENOBUFS)}."),
    ],
)
def test_system_error_is_reported_and_the_socket_closed(
    monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    made: list[socket.socket] = []

    class Refusing(socket.socket):
        def bind(self, address: object, /) -> None:
            made.append(self)
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(SettingsError) as refusal:
        listen("127.0.0.1", 80)
    assert refusal.value.message == message
    assert [each.fileno() for each in made] == [-1]
