"""One exchange on a connection: commands that are sent together, and their replies."""

from collections.abc import Iterable, Sequence
from typing import Any

from valkey.exceptions import ResponseError

from sandbox.engines.valkey.failures import FAILURES, CommandFailed, command_error
from sandbox.engines.valkey.topology import Command
from sandbox.world.errors import StoreUnavailable

Reply = Any
"""The reply to a command: bytes, int, None, a list of these, or a CommandFailed."""


def send(connection: Any, commands: Iterable[Command]) -> None:
    """Send ``commands``. Raises the errors of ``failures.FAILURES``, after which the connection is closed."""
    connection.send_packed_command(connection.pack_commands(commands), check_health=False)


def receive(connection: Any, replies: list[Reply], count: int) -> None:
    """Append replies to ``replies`` until it has ``count``.

    A greenlet that is killed while it waits leaves the connection open, and another call goes on where it has stopped.
    Raises the errors of ``failures.CONNECTION_FAILURES``, after which the caller has to close the connection.
    """
    read = connection.read_response
    while len(replies) < count:
        try:
            reply = read(disconnect_on_error=False)
        except ResponseError as error:
            reply = command_error(error)
        replies.append(reply)


def exchange(connection: Any, commands: Sequence[Command]) -> list[Reply]:
    """Send ``commands`` and return their replies. Raises what :func:`send` and :func:`receive` do."""
    replies: list[Reply] = []
    try:
        send(connection, commands)
        receive(connection, replies, len(commands))
    except BaseException:
        connection.disconnect()
        raise
    return replies


def succeeded(reply: Reply) -> Reply:
    """Return ``reply`` unless it is an error. Raises StoreUnavailable, which a caller can answer, if it is one."""
    if isinstance(reply, CommandFailed):
        raise StoreUnavailable(reply.reason)
    return reply


def is_stale(connection: Any) -> bool:
    """Return True if the server has closed the connection, or sent what nobody has asked for."""
    try:
        return bool(connection.can_read())
    except FAILURES:
        return True
