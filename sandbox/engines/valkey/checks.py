"""Checks of a store at the start of a server: each failure is one line that says what to do.

They use the sockets of ``concurrency``. A process that forks later must not have used gevent before, so it passes
``THREADS``.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from sandbox.engines.valkey.address import Address
from sandbox.engines.valkey.client import Client
from sandbox.engines.valkey.connection import Connector
from sandbox.engines.valkey.exchange import Reply, exchange
from sandbox.engines.valkey.failures import FAILURES, CommandFailed, one_line
from sandbox.engines.valkey.refusals import refusal
from sandbox.engines.valkey.topology import Command
from sandbox.world.concurrency import Concurrency
from sandbox.world.engine import UnusableStore
from sandbox.world.errors import StoreUnavailable

_OLDEST: Final = 7
"""The oldest major version with functions. Valkey began as 7.2, and calls that its ``redis_version`` too."""
_LOADING_SECONDS: Final = 0.1
_ACCEPTED_ERRORS: Final = ("ERR Function not found", "NOSCRIPT")


def check_store(
    address: Address,
    concurrency: Concurrency,
    *,
    timeout: float = 5.0,
    probes: Sequence[Command] = (),
    monotonic: Callable[[], float] = time.monotonic,
) -> list[str]:
    """Check whether worlds can live in the store at ``address``, and return warnings of one line each.

    A server that loads its data is waited for, at most ``timeout`` seconds, which is also the limit of every reply.
    ``probes`` are harmless commands that the user of the address must be allowed to run. Raises UnusableStore.
    """
    connector = Connector(address, concurrency, timeout)
    connection = connector.connection(connector.node)
    try:
        connection.connect()
        _wait_while_loading(connection, address, concurrency, monotonic() + timeout, monotonic)
        info = _info(_required(connection, address, ("INFO",)))
        _check_server(info, address)
        if info.get("cluster_enabled") == "1":
            _check_cluster(connection, address)
        for probe in (("FUNCTION", "LIST"), ("FCALL", "protocol_sandbox_no_such_function", 0), *probes):
            _required(connection, address, probe)
    except FAILURES as error:
        raise refusal(error, address) from None
    finally:
        connection.disconnect()
    return list(_warnings(info))


def load_library(client: Client, library: str) -> None:
    """Load a library of functions into every primary, instead of an older one of its name. Raises UnusableStore."""
    try:
        replies = client.execute_everywhere(("FUNCTION", "LOAD", "REPLACE", library))
    except StoreUnavailable as error:
        raise UnusableStore(f"cannot be reached: {error.reason}") from None
    for reply in replies:
        if not isinstance(reply, CommandFailed):
            continue
        if "engine" in reply.message.lower() and "not found" in reply.message:
            raise UnusableStore("runs no Lua, which the functions are written in; name a server with Lua")
        raise _denied(("FUNCTION", "LOAD"), reply) or UnusableStore(
            f"does not accept the functions: {one_line(str(reply))}"
        )


def _wait_while_loading(
    connection: Any,
    address: Address,
    concurrency: Concurrency,
    end: float,
    monotonic: Callable[[], float],
) -> None:
    while True:
        (reply,) = exchange(connection, [("PING",)])
        if not isinstance(reply, CommandFailed):
            return
        if reply.code != "LOADING":
            raise refusal(reply, address)
        if monotonic() >= end:
            raise UnusableStore("is still loading its data; start again when it is ready")
        concurrency.wait(concurrency.new_signal(), _LOADING_SECONDS)


def _required(connection: Any, address: Address, command: Command) -> Reply:
    """Return the reply to ``command``. Raises UnusableStore if it is refused."""
    (reply,) = exchange(connection, [command])
    if isinstance(reply, CommandFailed) and not str(reply).startswith(_ACCEPTED_ERRORS):
        raise _denied(command, reply) or refusal(reply, address)
    return reply


def _denied(command: Command, reply: CommandFailed) -> UnusableStore | None:
    """Return the error for a user that may not run ``command``, or a server that does not have it."""
    name = " ".join(str(word) for word in command[: 2 if command[0] in {"FUNCTION", "CLUSTER"} else 1])
    if reply.code == "NOPERM":
        return UnusableStore(
            f"has a user who may not run {name}; give it the permission by ACL SETUSER: {one_line(reply.message)}"
        )
    if reply.message.lower().startswith(("unknown command", "unknown subcommand")):
        return UnusableStore(
            f"has no command {name}; name a server of Valkey, or of Redis 7 or later, that has not renamed or denied it"
        )
    return None


def _info(reply: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in reply.decode(errors="replace").splitlines())
    return {name: value for name, colon, value in lines if colon}


def _check_server(info: dict[str, str], address: Address) -> None:
    version = info.get("redis_version", "")
    major = version.partition(".")[0]
    if not major.isdigit() or int(major) < _OLDEST:
        raise UnusableStore(
            f"has version {version[:20] or 'unknown'}, which has no functions; it needs Valkey, or Redis 7 or later"
        )
    if info.get("role") == "slave" and info.get("cluster_enabled") != "1":
        primary = f"{info.get('master_host', '')}:{info.get('master_port', '')}"
        raise UnusableStore(f"is a replica, which cannot be written to; name its primary, {primary}")
    if info.get("cluster_enabled") == "1" and address.path:
        raise UnusableStore("is a node of a cluster, whose nodes are reached by TCP; name its host and port")


def _check_cluster(connection: Any, address: Address) -> None:
    state = _info(_required(connection, address, ("CLUSTER", "INFO")))
    if state.get("cluster_state") != "ok":
        covered = state.get("cluster_slots_ok", "0")
        raise UnusableStore(
            f"is a node of a cluster that is down ({covered} of 16384 slots are served); "
            f"repair it (CLUSTER INFO), then start again"
        )


def _warnings(info: dict[str, str]) -> list[str]:
    policy = info.get("maxmemory_policy", "noeviction")
    if policy == "noeviction" or info.get("maxmemory", "0") == "0":
        return []
    return [f"may evict worlds when its memory is full (maxmemory-policy {policy}); set it to noeviction"]
