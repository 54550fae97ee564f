"""Several workers that write to one world, simulated: how often a write is decided again, and how long it takes."""

import heapq
from collections import deque
from collections.abc import Callable
from itertools import count
from random import Random
from statistics import median, quantiles
from typing import NamedTuple


class HotWorld(NamedTuple):
    """The writes of one world: those per second, attempts of each, and its milliseconds from beginning to end."""

    rate: float
    attempts: float
    median: float
    slow: float


class _Write:
    """A write: when it has begun, in which worker, and how often it was tried."""

    def __init__(self, begun: float, worker: int) -> None:
        self.begun = begun
        self.worker = worker
        self.attempts = 0


class _Log:
    """Workers that write to one log. Times are seconds; ``events`` are what happens when, to which write, and where."""

    def __init__(self, workers: int, decide: float, server: float, trip: float) -> None:
        self.done: list[tuple[_Write, float]] = []
        self._decide, self._server, self._half = decide, server, trip / 2
        self._tail, self._free_at = 0, 0.0
        self._known = [0] * workers
        self._turns: list[deque[_Write]] = [deque() for _ in range(workers)]
        self._order = count()
        self._events: list[tuple[float, int, Callable[[float, _Write, int], None], _Write, int]] = []

    def begin(self, write: _Write) -> None:
        """Let a write begin at its time."""
        self._at(write.begun + self._half, self._follow, write)

    def run(self) -> float:
        """Run until all writes are done, and return the time."""
        now = 0.0
        while self._events:
            now, _, happen, write, number = heapq.heappop(self._events)
            happen(now, write, number)
        return now

    def _at(
        self, time: float, happen: Callable[[float, _Write, int], None], write: _Write, number: int = 0
    ) -> None:
        heapq.heappush(self._events, (time, next(self._order), happen, write, number))

    def _replied(self, now: float) -> float:
        """Return when the reply to a command arrives that Valkey gets now."""
        self._free_at = max(now, self._free_at) + self._server
        return self._free_at + self._half

    def _follow(self, now: float, write: _Write, _: int) -> None:
        self._at(self._replied(now), self._followed, write, self._tail)

    def _followed(self, now: float, write: _Write, number: int) -> None:
        self._learn(write, number)
        turn = self._turns[write.worker]
        turn.append(write)
        if len(turn) == 1:
            self._decided(now, write)

    def _decided(self, now: float, write: _Write) -> None:
        write.attempts += 1
        self._at(now + self._decide + self._half, self._append, write, self._known[write.worker])

    def _append(self, now: float, write: _Write, number: int) -> None:
        if number == self._tail:
            self._tail += 1
            self._at(self._replied(now), self._appended, write, self._tail)
        else:
            self._at(self._replied(now), self._refused, write, self._tail)

    def _refused(self, now: float, write: _Write, number: int) -> None:
        self._learn(write, number)
        self._decided(now, write)

    def _appended(self, now: float, write: _Write, number: int) -> None:
        self._learn(write, number)
        self.done.append((write, now))
        turn = self._turns[write.worker]
        turn.popleft()
        if turn:
            self._decided(now, turn[0])

    def _learn(self, write: _Write, number: int) -> None:
        self._known[write.worker] = max(self._known[write.worker], number)


def hot_world(
    workers: int, rate: float, writes: int, decide: float, server: float, trip: float, seed: int
) -> HotWorld:
    """Simulate ``writes`` to one world, which come at random times, ``rate`` per second, to any of ``workers``.

    A write follows the log (a trip), decides (``decide`` seconds of its worker), and appends (a trip). Valkey takes
    ``server`` seconds for each. If the log has changed since, the worker learns what has, and decides again.
    Writes of one worker take turns.
    """
    random = Random(seed)  # noqa: S311  # a simulation
    log = _Log(workers, decide, server, trip)
    begun = 0.0
    for _ in range(writes):
        begun += random.expovariate(rate)
        log.begin(_Write(begun, random.randrange(workers)))
    ended = log.run()
    took = [(at - write.begun) * 1e3 for write, at in log.done]
    attempts = sum(write.attempts for write, _ in log.done)
    return HotWorld(writes / ended, attempts / writes, median(took), quantiles(took, n=100)[-1])
