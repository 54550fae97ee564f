"""The lines in which a store is refused at the start; ``test_checks`` has those that a real server brings about."""

import socket
import ssl

import pytest
from valkey.exceptions import ConnectionError as ConnectionFailed
from valkey.exceptions import InvalidResponse, ResponseError
from valkey.exceptions import TimeoutError as TimedOut

from sandbox.engines.valkey.address import parse
from sandbox.engines.valkey.refusals import refusal


def wrapped(cause: OSError) -> ConnectionFailed:
    """Return the error that valkey-py raises for one of a socket."""
    error = ConnectionFailed("wrapped")
    error.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ResponseError("NOAUTH Authentication required."),
            "write it into the address, valkey://USER:PASSWORD@h:1",
        ),
        (
            ResponseError("MASTERDOWN Link is down"),
            "is a replica, which cannot be written to; name its primary",
        ),
        (ResponseError("DENIED protected mode"), "refuses connections of other machines (protected mode)"),
        (ResponseError("LOADING wait"), "is still loading its data; start again when it is ready"),
        (ResponseError("CLUSTERDOWN down"), "is a node of a cluster that is down"),
        (ResponseError("ERR {odd}\nlines"), "replies with an error: {odd} lines"),
        (InvalidResponse("Protocol error"), "does not reply as a Valkey server does; if it expects TLS"),
        (TimedOut("late"), "does not reply in time; if it expects TLS, the address is valkeys://h:1"),
        (wrapped(ConnectionResetError(104, "reset")), "closes the connection; if it expects TLS"),
        (ConnectionFailed("Connection closed by server."), "closes the connection; if it expects TLS"),
        (wrapped(socket.gaierror(-2, "unknown")), "names a host that is unknown, h; check its name"),
        (wrapped(OSError(113, "No route to host")), "cannot be reached; check whether the server runs there"),
    ],
)
def test_a_refusal_says_what_to_do(error: Exception, line: str) -> None:
    message = str(refusal(error, parse("valkey://me:secret@h:1")))
    assert line in message
    assert "\n" not in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("url", "line"),
    [
        (
            "valkeys://[::1]:1",
            "does not reply in time; if it does not speak TLS, the address is valkey://[::1]:1",
        ),
        ("unix:///run/s", "does not reply in time; check whether the server runs there"),
    ],
)
def test_the_advice_depends_on_the_kind_of_address(url: str, line: str) -> None:
    assert str(refusal(TimedOut("late"), parse(url))) == line


def test_a_server_that_does_not_speak_tls_is_asked_for_without() -> None:
    error = wrapped(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"))
    assert str(refusal(error, parse("valkeys://h:1"))).endswith("without it, the address is valkey://h:1")
