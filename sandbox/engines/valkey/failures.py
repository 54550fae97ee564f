"""The errors of a store: which of them are temporary, and their texts."""

import re
from typing import Final

from valkey.exceptions import ConnectionError as ConnectionFailed
from valkey.exceptions import InvalidResponse, ResponseError, ValkeyError
from valkey.exceptions import TimeoutError as TimedOut

CONNECTION_FAILURES: Final = (ConnectionFailed, TimedOut, InvalidResponse, OSError)
"""A connection that could not be opened, or has ended, or on which something invalid arrived."""
FAILURES: Final = (ValkeyError, OSError)
"""The same, and what a server answers to a new connection: that the password is wrong, for example."""

TEMPORARY: Final = {
    "LOADING": "it is loading its data",
    "READONLY": "it is a read-only replica",
    "MASTERDOWN": "it is a replica that has lost its primary",
    "CLUSTERDOWN": "its cluster is down",
    "TRYAGAIN": "its cluster is moving the keys",
    "MOVED": "its cluster has moved the keys",
    "ASK": "its cluster is moving the keys",
    "NOREPLICAS": "it has too few replicas in sync",
    "BUSY": "it is busy with a script",
    "OOM": "its memory is full (maxmemory)",
    "MISCONF": "it cannot save its data",
    "NOAUTH": "it wants a password",
    "WRONGPASS": "it refuses the password",
    "NOPERM": "its user lacks a permission",
    "UNKILLABLE": "it is busy with a script",
}
"""Codes of replies that mean that the store is unavailable for the moment, until something passes or is repaired."""
FUNCTIONS_MISSING: Final = "it has lost its functions"
_NO_FUNCTION: Final = "Function not found"
_TOO_MANY_CLIENTS: Final = "max number of clients reached"
_MAX_SHOWN: Final = 200


class CommandFailed(Exception):
    """A command that the server has answered with an error: ``code`` is its first word, ``ERR`` for example.

    ``reason`` is one line that says so.
    """

    def __init__(self, code: str, message: str, reason: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.reason = reason or one_line(str(self))

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class Refused(CommandFailed):
    """A command that the server refuses for the moment, and has not carried out."""


def command_error(error: ResponseError) -> CommandFailed:
    """Return the error for the error reply ``error``, whose text begins with its code."""
    code, _, message = str(error).partition(" ")
    if code in TEMPORARY:
        return Refused(code, message, TEMPORARY[code])
    if code == "ERR" and message.startswith(_TOO_MANY_CLIENTS):
        return Refused(code, message, "it has too many clients (maxclients)")
    if code == "ERR" and message.startswith(_NO_FUNCTION):
        return Refused(code, message, FUNCTIONS_MISSING)
    return CommandFailed(code, message)


def reason_of(error: Exception) -> str:
    """Return one line that says why the store is unavailable."""
    if isinstance(error, ResponseError):
        return command_error(error).reason
    return one_line(str(error) or type(error).__name__)


def one_line(text: str) -> str:
    """Return ``text`` in one line of limited length."""
    return re.sub(r"\s+", " ", text).strip()[:_MAX_SHOWN]
