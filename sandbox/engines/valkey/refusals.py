"""The reasons why a store cannot be used at the start, each with what to do."""

import socket
import ssl
from typing import Final

from valkey.exceptions import InvalidResponse, ResponseError
from valkey.exceptions import TimeoutError as TimedOut

from sandbox.engines.valkey.address import Address
from sandbox.engines.valkey.failures import CommandFailed, command_error, one_line
from sandbox.world.engine import UnusableStore

_REPLICA: Final = "is a replica, which cannot be written to; name its primary"
_CODES: Final = {
    "NOAUTH": "wants a password; write it into the address, {with_user}",
    "WRONGPASS": "refuses the user or the password; check both, and percent-encode reserved characters",
    "NOPERM": "has a user who lacks a permission; give it by ACL SETUSER: {detail}",
    "READONLY": _REPLICA,
    "MASTERDOWN": _REPLICA,
    "CLUSTERDOWN": "is a node of a cluster that is down; repair it, then start again",
    "LOADING": "is still loading its data; start again when it is ready",
    "DENIED": "refuses connections of other machines (protected mode); set a password or a bind address there",
}
"""Error replies by their code."""
_TEXTS: Final = {
    "without any password configured": (
        "has no password, but the address has one; leave it out, or set one on the server (requirepass)"
    ),
    "DB index is out of range": "has no database {database}; name another one, or none",
    "SELECT is not allowed": "has no database {database}, since it is a cluster; name none",
}
"""Error replies of the code ERR, by a part of their text."""
_CAUSES: Final[list[tuple[type[BaseException], str]]] = [
    (socket.gaierror, "names a host that is unknown, {host}; check its name"),
    (
        ssl.SSLCertVerificationError,
        "has a certificate that is not trusted ({detail}); name its authority by ssl_ca_certs",
    ),
    (ssl.SSLError, "does not accept TLS ({detail}); without it, the address is {without_tls}"),
    (InvalidResponse, "does not reply as a Valkey server does; {or_tls}"),
    (TimeoutError, "does not reply in time; {or_tls}"),
    (TimedOut, "does not reply in time; {or_tls}"),
    (ConnectionResetError, "closes the connection; {or_tls}"),
    (BrokenPipeError, "closes the connection; {or_tls}"),
    (FileNotFoundError, "names a socket that is not there; check its path, and whether the server runs"),
]
"""Errors of connections; the first that matches."""


def refusal(error: Exception, address: Address) -> UnusableStore:
    """Return the error for ``error``, which a connection has raised or a server has replied."""
    if isinstance(error, ResponseError):
        error = command_error(error)
    if isinstance(error, CommandFailed):
        return UnusableStore(_filled(_of_reply(error), address, one_line(error.message)))
    # valkey-py raises its own errors instead of those of sockets.
    cause = error.__context__ if isinstance(error.__context__, OSError) else error
    detail = one_line(getattr(cause, "verify_message", "") or getattr(cause, "reason", None) or str(cause))
    return UnusableStore(_filled(_of_connection(cause), address, detail))


def _of_reply(reply: CommandFailed) -> str:
    if reply.code in _CODES:
        return _CODES[reply.code]
    for part, text in _TEXTS.items():
        if part in reply.message:
            return text
    return "replies with an error: {detail}"


def _of_connection(cause: BaseException) -> str:
    for kind, text in _CAUSES:
        if isinstance(cause, kind):
            return text
    if "closed by server" in str(cause):
        return "closes the connection; {or_tls}"
    return "cannot be reached; check whether the server runs there ({detail})"


def _filled(text: str, address: Address, detail: str) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    place = address.path or f"{host}:{address.port}"
    scheme = "unix" if address.path else "valkeys" if address.tls else "valkey"
    without_tls = f"valkey://{place}"
    if address.path:
        or_tls = "check whether the server runs there"
    elif address.tls is not None:
        or_tls = f"if it does not speak TLS, the address is {without_tls}"
    else:
        or_tls = f"if it expects TLS, the address is valkeys://{place}"
    return text.format(
        detail=detail,
        host=address.host,
        database=address.database,
        with_user=f"{scheme}://USER:PASSWORD@{place}",
        without_tls=without_tls,
        or_tls=or_tls,
    )
