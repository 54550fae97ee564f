"""Messages of channels, and events of the connection: what is published while there is none is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from valkey.exceptions import TimeoutError as TimedOut

from sandbox.engines.valkey.failures import FAILURES
from sandbox.world.errors import StoreUnavailable

if TYPE_CHECKING:
    from sandbox.engines.valkey.client import Client
    from sandbox.engines.valkey.connection import Node


class Message(NamedTuple):
    """A message that was published to a channel."""

    channel: str
    data: bytes


class Link(Enum):
    """A change of the connection of a subscription."""

    LOST = "lost"
    """Messages are missed from now on."""
    ESTABLISHED = "established"
    """All channels are subscribed: the reader gets all messages that are published from now on."""


Event = Message | Link


class Subscription:
    """An iterator over the messages of channels, which blocks until there is one, and ends when it is closed.

    Between the messages it tells of the connection, :attr:`Link.ESTABLISHED` first. While there is no message, it sends
    a PING every ``client.timeout`` seconds, so a loss is noticed within twice this time. It connects again by itself,
    once in ``retry_seconds``. One call iterates; others may add and remove channels, and close it.
    """

    def __init__(self, client: Client, channels: Sequence[str], *, retry_seconds: float = 0.5) -> None:
        self._client = client
        self._channels = set(channels)
        self._retry_seconds = retry_seconds
        self._lock = Lock()
        self._connection: Any = None
        self._closing = client.concurrency.new_signal()
        self._awaited: set[str] = set()
        self._is_pinged = False
        self._iterator = self._run()

    def __iter__(self) -> Iterator[Event]:
        return self._iterator

    def __next__(self) -> Event:
        return next(self._iterator)

    def add(self, *channels: str) -> None:
        """Subscribe to further channels, soon after."""
        with self._lock:
            self._channels.update(channels)
        self._tell("SUBSCRIBE", channels)

    def remove(self, *channels: str) -> None:
        """End the subscription to channels; a few more of their messages may arrive."""
        with self._lock:
            self._channels.difference_update(channels)
        self._tell("UNSUBSCRIBE", channels)

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()
        # The call that iterates waits for a reply, and is the only one to close the connection.
        self._tell("PING", ())

    def _tell(self, command: str, arguments: Sequence[str]) -> None:
        connection = self._connection
        if connection is None or (command != "PING" and not arguments):
            return
        try:
            connection.send_beside(command, *arguments)
        except FAILURES:
            return  # The reader notices it too, and subscribes to all channels anew.

    def _run(self) -> Iterator[Event]:
        nodes: Iterator[Node] = iter(())
        while not self._closing.is_set():
            try:
                node = next(nodes, None)
                if node is None:
                    nodes = iter(self._client.refresh().nodes)
                    node = next(nodes)
                self._connect(node)
                yield from self._established()
            except (*FAILURES, StoreUnavailable):
                pass
            finally:
                self._disconnect()
            self._client.concurrency.wait(self._closing, self._retry_seconds)

    def _connect(self, node: Node) -> None:
        connection = self._client.connection(node)
        connection.connect()
        self._is_pinged = False
        with self._lock:
            channels = sorted(self._channels)
        self._awaited = set(channels)
        if channels:
            connection.send_command("SUBSCRIBE", *channels, check_health=False)
        self._connection = connection
        # What was added meanwhile; a channel may be subscribed twice.
        with self._lock:
            added = self._channels.difference(channels)
        self._tell("SUBSCRIBE", sorted(added))

    def _established(self) -> Iterator[Event]:
        """Yield what happens on the connection, from ESTABLISHED to LOST."""
        is_established = False
        try:
            while not self._closing.is_set():
                if not is_established and not self._awaited:
                    is_established = True
                    yield Link.ESTABLISHED
                message = self._read()
                if message is not None:
                    yield message
        except FAILURES:
            if is_established and not self._closing.is_set():
                yield Link.LOST
            raise

    def _read(self) -> Message | None:
        """Return the next message, or None if it was something else."""
        try:
            reply = self._connection.read_response(disconnect_on_error=False)
        except TimedOut:
            if self._is_pinged:
                raise
            self._is_pinged = True
            self._connection.send_command("PING", check_health=False)
            return None
        self._is_pinged = False
        if not isinstance(reply, list):
            return None  # PONG has another form where no channel is subscribed.
        kind, channel = reply[0], reply[1].decode() if reply[1] is not None else ""
        if kind == b"subscribe":
            self._awaited.discard(channel)
        return Message(channel, reply[2]) if kind == b"message" else None

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()
