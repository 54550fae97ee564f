"""The servers of a store, and which of them has the keys of a command."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from valkey.crc import VALKEY_CLUSTER_HASH_SLOTS, key_slot

from sandbox.engines.valkey.connection import Node

Command = tuple[str | bytes | int | float, ...]
"""A command: its name and arguments, as in ``("FCALL", "append", 1, key, entry)``. The name is in capitals."""

_KEY_AFTER_COUNT: Final = frozenset({"FCALL", "FCALL_RO", "EVAL", "EVAL_RO", "EVALSHA", "EVALSHA_RO"})
"""Commands of which the second argument is a number of keys, which follow."""
_WITHOUT_KEY: Final = frozenset(
    {
        *(
            "ACL",
            "CLIENT",
            "CLUSTER",
            "COMMAND",
            "CONFIG",
            "DBSIZE",
            "ECHO",
            "FLUSHALL",
            "FLUSHDB",
            "FUNCTION",
            "INFO",
        ),
        *(
            "LATENCY",
            "MEMORY",
            "PING",
            "PUBLISH",
            "RANDOMKEY",
            "REPLICAOF",
            "ROLE",
            "SCAN",
            "SCRIPT",
            "SLOWLOG",
            "TIME",
        ),
        *("WAIT", "WAITAOF"),
    }
)


class Topology:
    """The primaries of a store, in a fixed order, and the server of each slot; None if it is no cluster."""

    __slots__ = ("_owners", "nodes")

    def __init__(self, nodes: Sequence[Node], owners: Sequence[Node | None] | None = None) -> None:
        self.nodes = tuple(nodes)
        self._owners = owners

    @property
    def is_cluster(self) -> bool:
        """True if each key has a server of its own."""
        return self._owners is not None

    def node_of(self, command: Command, before: Node | None = None) -> Node:
        """Return the server that has the first key of ``command``.

        A command without a key goes to ``before``, the server of the command before it, as WAIT must.
        """
        if self._owners is None:
            return self.nodes[0]
        key = first_key(command)
        owner = None if key is None else self._owners[key_slot(key)]
        return owner or before or self.nodes[0]

    def split(self, commands: Iterable[Command]) -> dict[Node, list[int]]:
        """Return the positions of the commands for each server."""
        parts: dict[Node, list[int]] = {}
        node = None
        for position, command in enumerate(commands):
            node = self.node_of(command, node)
            parts.setdefault(node, []).append(position)
        return parts


def first_key(command: Command) -> bytes | None:
    """Return the first key of ``command``, or None if it has none."""
    name = command[0]
    at = 1
    if name in _KEY_AFTER_COUNT:
        at = 3 if len(command) > 3 and int(command[2]) else 0
    elif name in _WITHOUT_KEY:
        at = 0
    if not at or len(command) <= at:
        return None
    key = command[at]
    return key if isinstance(key, bytes) else str(key).encode()


def cluster(slots: Sequence[Any], asked: Node) -> Topology:
    """Return the topology that ``slots`` describes, the reply of ``asked`` to CLUSTER SLOTS."""
    owners: list[Node | None] = [None] * VALKEY_CLUSTER_HASH_SLOTS
    for first, last, primary, *_ in slots:
        owner = Node((primary[0] or b"").decode() or asked.host, primary[1])
        owners[first : last + 1] = [owner] * (last - first + 1)
    nodes = sorted({owner for owner in owners if owner is not None})
    return Topology(nodes or [asked], owners)
