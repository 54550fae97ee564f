"""The commands of many calls at once, which travel together to the servers of a store."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Final

from sandbox.engines.valkey.client import STALE_CODES, Client
from sandbox.engines.valkey.connection import Node
from sandbox.engines.valkey.exchange import Reply
from sandbox.engines.valkey.failures import FUNCTIONS_MISSING, CommandFailed, Refused
from sandbox.engines.valkey.lane import Lane
from sandbox.engines.valkey.topology import Command
from sandbox.engines.valkey.watch import Watch
from sandbox.world.errors import StoreUnavailable

_REDIRECTIONS: Final = frozenset({"MOVED", "ASK"})
_OUTAGES: Final = frozenset({"LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "NOAUTH"})
"""Codes that a server replies to any command, so that the watch notices when they have passed."""


class Courier:
    """Carries the commands of all calls to the store, those of calls that wait at the same time in one pipeline.

    One connection per server is enough. While ``watch`` knows that the store is unavailable, asks fail at once. At most
    ``max_commands`` travel in one pipeline, unless one call has more. ``load_functions`` is called if a server has lost
    the functions, since an empty one is in its place; it raises StoreUnavailable.
    """

    def __init__(
        self,
        client: Client,
        watch: Watch,
        *,
        max_commands: int = 128,
        load_functions: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._watch = watch
        self._max_commands = max_commands
        self._load_functions = load_functions
        self._last_failure = ""
        self._lanes: dict[Node, Lane] = {}
        self._is_closed = False
        self._lock = Lock()

    @property
    def failure(self) -> str | None:
        """One line that says why the store is unavailable, or None."""
        return self._watch.reason

    @property
    def has_one_server(self) -> bool:
        """True if one server has all keys, and is not known to be unavailable. False before the first connection."""
        return self._watch.reason is None and self._client.is_one_server

    def ask(self, *commands: Command) -> list[Reply]:
        """Return the replies to ``commands``, which arrive in this order but are no transaction.

        A command that has failed has a CommandFailed as its reply. Raises StoreUnavailable if the store cannot be
        reached, does not reply in time, or refuses one of the commands for the moment; the others may be done then.
        """
        self._check_available()
        return self.ask_again(*commands)

    def ask_again(self, *commands: Command) -> list[Reply]:
        """Ask like :meth:`ask`, also if the store has just failed: another connection to it may work at once."""
        try:
            topology = self._client.topology
        except StoreUnavailable as error:
            self._watch.report(error.reason)
            raise
        if topology.is_cluster:
            parts = topology.split(commands)
            if len(parts) > 1:
                return self._ask_several(commands, parts)
            (node,) = parts
        else:
            node = topology.nodes[0]
        replies = (self._lanes.get(node) or self._lane(node)).ask(commands)
        for reply in replies:
            if isinstance(reply, CommandFailed):
                return self._after_failure(node, commands, replies)
        return replies

    def ask_apart(self, *commands: Command) -> list[Reply]:
        """Ask like :meth:`ask`, on a connection of its own, so that other calls need not wait for large commands."""
        self._check_available()
        try:
            replies = self._client.execute(commands)
        except StoreUnavailable as error:
            self._watch.report(error.reason)
            raise
        self._repeat_without_functions(commands, replies)
        for reply in replies:
            if isinstance(reply, Refused):
                raise StoreUnavailable(reply.reason, may_be_done=len(commands) > 1)
        return replies

    def close(self) -> None:
        """Close the connections: those that calls use, when these have ended. Later calls raise StoreUnavailable."""
        with self._lock:
            self._is_closed = True
            lanes = list(self._lanes.values())
            self._lanes.clear()
        for lane in lanes:
            lane.close()

    def _check_available(self) -> None:
        reason = self._watch.reason
        if reason is not None:
            raise StoreUnavailable(reason)

    def _ask_several(self, commands: Sequence[Command], parts: dict[Node, list[int]]) -> list[Reply]:
        """Ask one server of a cluster after the other."""
        replies: list[Reply] = [None] * len(commands)
        for node, positions in parts.items():
            part = [commands[at] for at in positions]
            try:
                answers = self._after_failure(node, part, self._lane(node).ask(part))
            except StoreUnavailable as error:
                # Those of the servers before this one are done.
                error.may_be_done |= positions[0] > 0
                raise
            for at, answer in zip(positions, answers, strict=True):
                replies[at] = answer
        return replies

    def _lane(self, node: Node) -> Lane:
        with self._lock:
            lane = self._lanes.get(node)
            if lane is None:
                if self._is_closed:
                    raise StoreUnavailable("its connections are closed")
                self._forget_others(self._client.topology.nodes)
                lane = self._lanes[node] = Lane(
                    partial(self._client.connection, node),
                    self._client.concurrency,
                    timeout=self._client.timeout,
                    max_commands=self._max_commands,
                    on_failure=self._watch.report,
                )
            return lane

    def _forget_others(self, nodes: Sequence[Node]) -> None:
        for node in [node for node in self._lanes if node not in nodes]:
            self._lanes.pop(node).close()

    def _after_failure(self, node: Node, commands: Sequence[Command], replies: list[Reply]) -> list[Reply]:
        """Follow redirections of a cluster. Raises StoreUnavailable if a command was refused."""
        self._repeat_without_functions(commands, replies)
        for at, reply in enumerate(replies):
            if isinstance(reply, Refused) and reply.code in _REDIRECTIONS:
                # The client finds out the servers anew, so this is rare.
                (replies[at],) = self._client.execute([commands[at]])
        for reply in replies:
            if isinstance(reply, Refused):
                if reply.code in STALE_CODES:
                    self._lane(node).close()
                if reply.code in _OUTAGES or reply.reason == FUNCTIONS_MISSING:
                    self._watch.report(reply.reason)
                raise StoreUnavailable(reply.reason, may_be_done=len(commands) > 1)
        return replies

    def _repeat_without_functions(self, commands: Sequence[Command], replies: list[Reply]) -> None:
        """Load the functions if a server has none, and ask again for what needs them. Say what else has failed."""
        lacking = [at for at, reply in enumerate(replies) if _lacks_functions(reply)]
        if lacking:
            self._load_functions()
            for at, reply in zip(
                lacking, self._client.execute([commands[at] for at in lacking]), strict=True
            ):
                replies[at] = reply
        for reply in replies:
            if type(reply) is CommandFailed and reply.reason != self._last_failure:
                self._last_failure = reply.reason
                sys.stderr.write(f"protocol-sandbox: --store: {reply.reason}\n")


def _lacks_functions(reply: Reply) -> bool:
    return isinstance(reply, Refused) and reply.reason == FUNCTIONS_MISSING
