"""All connections of a server, with limits on their number and on the time that each may wait for its client."""

import math
from collections import Counter
from time import monotonic

from sandbox.http import refusals
from sandbox.http.client import Client, Closed, Phase, disconnected
from sandbox.http.limits import Limits
from sandbox.problems import Problem

DRAIN_SECONDS = 2.0
"""Maximum time for which input is discarded after the last response."""


class Connections:
    """The open connections.

    When a limit is reached, connections that wait for their clients are closed to make room: incomplete requests
    before idle connections, and the longest waiting first. A client that opens many connections therefore cannot block
    the others.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: set[Client] = set()
        self._closing: set[Client] = set()
        self._by_address: Counter[str] = Counter()
        seconds = {
            Phase.IDLE: limits.keep_alive_seconds,
            Phase.HEAD: limits.head_seconds,
            Phase.BODY: limits.body_seconds,
            Phase.WRITE: limits.answer_seconds,
            Phase.DRAIN: DRAIN_SECONDS,
            Phase.CALL: math.inf,
        }
        self._seconds = [seconds[phase] for phase in sorted(Phase)]

    def __len__(self) -> int:
        return len(self._open)

    @property
    def in_flight(self) -> int:
        """The number of calls in progress: those of the application, and those whose clients receive the response."""
        return sum(client.phase in {Phase.CALL, Phase.WRITE} for client in self._open)

    def add(self, client: Client) -> None:
        """Add a connection. Raises Problem 503 if a limit is reached and no other connection can be closed for it."""
        limits = self._limits
        if self._by_address[client.address] >= limits.max_connections_per_address:
            self._make_room([each for each in self._open if each.address == client.address])
            if self._by_address[client.address] >= limits.max_connections_per_address:
                raise refusals.too_many_connections(
                    limits.max_connections_per_address, "--max-connections-per-address"
                )
        if len(self._open) >= limits.max_connections:
            self._make_room(list(self._open))
            if len(self._open) >= limits.max_connections:
                raise refusals.too_many_connections(limits.max_connections, "--max-connections")
        self._open.add(client)
        self._by_address[client.address] += 1

    def remove(self, client: Client) -> None:
        """Remove a connection that has ended."""
        self._closing.discard(client)
        self._discard(client)

    def interrupt_late(self) -> None:
        """Interrupt the connections that have waited too long for their clients."""
        now = monotonic()
        for client in (*self._open, *self._closing):
            if now - client.since > self._seconds[client.phase]:
                client.interrupt(self._timeout_of(client))

    def _timeout_of(self, client: Client) -> Exception:
        if client.phase is Phase.HEAD:
            return refusals.head_timeout(self._limits.head_seconds)
        if client.phase is Phase.BODY:
            return refusals.body_timeout(self._limits.body_seconds)
        return _end_of(client)

    def _make_room(self, among: list[Client]) -> None:
        """Interrupt one in fifty of the waiting connections, as it would be slow to sort them for each new one."""
        waiting = [each for each in among if each.phase is not Phase.CALL]
        waiting.sort(key=lambda each: (each.phase, each.since))
        for client in waiting[: max(len(among) // 50, 1)]:
            client.interrupt(
                refusals.evicted() if client.phase in {Phase.HEAD, Phase.BODY} else _end_of(client)
            )
            self._discard(client)
            self._closing.add(client)

    def _discard(self, client: Client) -> None:
        if client in self._open:
            self._open.remove(client)
            self._by_address[client.address] -= 1
            if not self._by_address[client.address]:
                del self._by_address[client.address]


def _end_of(client: Client) -> Problem | Closed | OSError:
    if client.phase is Phase.WRITE:
        client.reset_on_close()
        return disconnected()
    return Closed()
