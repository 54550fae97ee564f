"""The listening socket, opened before anything else is done, and its address."""

import errno
import socket

from sandbox.settings import SettingsError

BACKLOG = 2048
"""Connections that may wait to be accepted."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``host`` and ``port``; port 0 picks a free one. Raises SettingsError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise SettingsError(_foreign(host)) from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(_explain(host, port, error)) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the base URL of ``listener`` for clients on this machine, like ``http://127.0.0.1:8000``."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # compared, not bound
    return f"http://{reachable}:{port}"


def _explain(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use; stop what uses it, or choose another with --port "
            f"(0 picks a free one)."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is not allowed to this user; choose one from 1024 on."
    if error.errno == errno.EADDRNOTAVAIL:
        return _foreign(host)
    return f"Cannot listen on {host}, port {port}: {error.strerror}."


def _foreign(host: str) -> str:
    return f'--host must be an address of this machine, not "{host}".'
