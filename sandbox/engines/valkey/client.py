"""A client of a store: pipelines of commands, to its one server or to the nodes of its cluster."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from sandbox.engines.valkey.address import Address
from sandbox.engines.valkey.connection import Connector, Node
from sandbox.engines.valkey.exchange import Reply, exchange, succeeded
from sandbox.engines.valkey.failures import FAILURES, CommandFailed, Refused, reason_of
from sandbox.engines.valkey.pool import Pool
from sandbox.engines.valkey.subscription import Subscription
from sandbox.engines.valkey.topology import Command, Topology, cluster
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable

_MAX_REDIRECTIONS: Final = 3
STALE_CODES: Final = frozenset({"READONLY", "MASTERDOWN", "LOADING"})
"""Codes that a server replies when it is no longer the one to ask; behind the address may be another one by now."""


class Client:
    """A client of the store at ``address``, which connects when it is first used, so a process may fork before that.

    Each server has at most ``max_connections`` connections, for which calls wait. Connecting, waiting for a connection
    and each wait for more of a reply take at most ``timeout`` seconds. Nothing is sent twice, except commands that a
    node of a cluster has redirected.
    """

    def __init__(
        self, address: Address, concurrency: Concurrency, *, timeout: float = 2.0, max_connections: int = 16
    ) -> None:
        self.concurrency = concurrency
        self.timeout = timeout
        self._connector = Connector(address, concurrency, timeout)
        self._max_connections = max_connections
        self._pools: dict[Node, Pool] = {}
        self._is_closed = False
        self._topology: Topology | None = None
        self._is_suspect = False
        self._lock = Lock()

    @property
    def topology(self) -> Topology:
        """The servers of the store. Raises StoreUnavailable if they are not known, and cannot be found out."""
        return self._topology or self.refresh()

    @property
    def is_one_server(self) -> bool:
        """True if the store is known to be one server, and no cluster."""
        return self._topology is not None and not self._topology.is_cluster

    def refresh(self) -> Topology:
        """Find out the servers of the store. Raises StoreUnavailable."""
        known = self._topology.nodes if self._topology is not None else ()
        unavailable = StoreUnavailable("its cluster has no nodes")
        for node in dict.fromkeys([*known, self._connector.node]):
            try:
                topology = self._asked(node)
            except StoreUnavailable as error:
                unavailable = error
                continue
            self._topology = topology
            self._forget_others(topology.nodes)
            return topology
        raise unavailable

    def execute(self, commands: Sequence[Command]) -> list[Reply]:
        """Return the replies to ``commands``, which each server gets in one pipeline, and in their order.

        They are no transaction. A command that has failed has a CommandFailed as its reply, or a Refused, which is one,
        if it may succeed later. Raises StoreUnavailable if a connection has failed.
        """
        replies: list[Reply] = [None] * len(commands)
        pending: Sequence[int] = range(len(commands))
        for _ in range(_MAX_REDIRECTIONS):
            pending = self._attempt(commands, pending, replies)
            if not pending:
                break
            self.refresh()
        return replies

    def execute_everywhere(self, command: Command) -> list[Reply]:
        """Return the replies of all primaries to ``command``. Raises StoreUnavailable."""
        return [self._exchange(node, [command])[0] for node in self.topology.nodes]

    def ping(self) -> None:
        """Return if all primaries answer, and all slots of a cluster have one. Raises StoreUnavailable.

        After a failure, the next ping finds out the servers of a cluster anew.
        """
        is_cluster = self.topology.is_cluster
        if is_cluster and self._is_suspect:
            self.refresh()
        self._is_suspect = True
        replies = self.execute_everywhere(("PING",))
        if is_cluster:
            replies += self.execute_everywhere(("CLUSTER", "INFO"))
        for reply in replies:
            if isinstance(reply, CommandFailed):
                raise StoreUnavailable(reply.reason)
            if b"cluster_state:fail" in reply:
                raise StoreUnavailable("its cluster is down")
        self._is_suspect = False

    def connection(self, node: Node) -> Any:
        """Return a new connection to ``node``, outside of the pool, which connects when it is first used.

        Raises StoreUnavailable if the client is closed.
        """
        self._check_open()
        return self._connector.connection(node)

    def subscribe(self, channels: Sequence[str]) -> Subscription:
        """Return an iterator over the messages of ``channels`` from now on."""
        return Subscription(self, channels)

    def close(self) -> None:
        """Close the connections: those that calls use, when these have ended. Later calls raise StoreUnavailable."""
        with self._lock:
            self._is_closed = True
            pools = list(self._pools.values())
            self._pools.clear()
        for pool in pools:
            pool.retire()

    def _attempt(
        self, commands: Sequence[Command], pending: Sequence[int], replies: list[Reply]
    ) -> Sequence[int]:
        """Execute the commands at the positions ``pending``, and return the positions of those that have moved."""
        moved: list[int] = []
        for node, part in self.topology.split([commands[at] for at in pending]).items():
            positions = [pending[at] for at in part]
            answers = self._exchange(node, [commands[at] for at in positions])
            for at, answer in zip(positions, answers, strict=True):
                replies[at] = answer
                if isinstance(answer, Refused) and answer.code == "ASK":
                    replies[at] = self._exchange(_target(answer, node), [("ASKING",), commands[at]])[1]
                elif isinstance(answer, Refused) and answer.code == "MOVED":
                    moved.append(at)
        return moved

    def _exchange(self, node: Node, commands: Sequence[Command]) -> list[Reply]:
        with self._connected(node) as connection:
            replies = exchange(connection, commands)
            if any(isinstance(reply, Refused) and reply.code in STALE_CODES for reply in replies):
                connection.disconnect()
            return replies

    @contextmanager
    def _connected(self, node: Node) -> Iterator[Any]:
        """Lend a connection to ``node``. Raises StoreUnavailable for what fails in the block."""
        pool = self._pool(node)
        is_connected = False
        try:
            with pool.connection() as connection:
                is_connected = True
                yield connection
        except FAILURES as error:
            raise StoreUnavailable(reason_of(error), may_be_done=is_connected) from None

    def _pool(self, node: Node) -> Pool:
        with self._lock:
            self._check_open()
            pool = self._pools.get(node)
            if pool is None:
                pool = self._pools[node] = Pool(self._connector.pool(node, self._max_connections))
            return pool

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable("its connections are closed")

    def _asked(self, node: Node) -> Topology:
        """Return the topology as ``node`` tells it. Raises StoreUnavailable."""
        (info,) = map(succeeded, self._exchange(node, [("INFO", "cluster")]))
        if b"cluster_enabled:1" not in info:
            return Topology([self._connector.node])
        (slots,) = map(succeeded, self._exchange(node, [("CLUSTER", "SLOTS")]))
        return cluster(slots, node)

    def _forget_others(self, nodes: Sequence[Node]) -> None:
        """Close the connections to servers that are not among ``nodes``, save the one that the address names."""
        kept = {*nodes, self._connector.node}
        with self._lock:
            others = [self._pools.pop(node) for node in list(self._pools) if node not in kept]
        for pool in others:
            pool.retire()


def _target(redirection: Refused, asked: Node) -> Node:
    """Return the server that a redirection names, as in ``ASK 3999 127.0.0.1:6381``."""
    host, _, port = redirection.message.split(" ")[1].rpartition(":")
    return Node(host or asked.host, int(port))
