"""The calls that sleep in one sandbox. A reset or the end of a rule wakes them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from sandbox.world.rule_life import RuleLife


class Event(Protocol):
    """Wakes one sleeping call: a ``threading.Event``, or its replacement where calls are not threads."""

    def set(self) -> None: ...
    def is_set(self) -> bool: ...
    def wait(self, timeout: float, /) -> object: ...


NewEvent = Callable[[], Event]
Wait = Callable[[Event, float], object]
"""Waits until the event is set, at most for a number of seconds."""


def wait(event: Event, seconds: float) -> object:
    """Wait for real."""
    return event.wait(seconds)


def new_event() -> Event:
    """Return an event of the class that this process waits on now.

    A server may replace ``threading.Event`` after this module was imported. On Python's own event over gevent's locks,
    all sleeping calls would wake only when the last one has fallen asleep.
    """
    return threading.Event()


@dataclass(slots=True, eq=False)
class _Sleeper:
    generation: int
    life: RuleLife | None
    event: Event

    @property
    def may_sleep(self) -> bool:
        return self.life is None or self.life.delays_calls


class RuleSleepers:
    """The calls of all sandboxes that sleep because of a rule, by its life.

    The end of a server-wide rule wakes them, and need not ask every sandbox for its own.
    """

    __slots__ = ("_lock", "_sleeping")

    def __init__(self) -> None:
        self._lock = Lock()
        self._sleeping: dict[RuleLife, set[_Sleeper]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._sleeping.values()))

    def add(self, life: RuleLife, sleeper: _Sleeper) -> None:
        """Add a call that begins to sleep."""
        with self._lock:
            self._sleeping.setdefault(life, set()).add(sleeper)

    def discard(self, life: RuleLife, sleeper: _Sleeper) -> None:
        """Forget a call that no longer sleeps."""
        with self._lock:
            sleeping = self._sleeping[life]
            sleeping.discard(sleeper)
            if not sleeping:
                del self._sleeping[life]

    def wake(self) -> None:
        """Wake the calls that sleep because of a rule that has ended or is switched off."""
        with self._lock:
            idle = [sleeping for life, sleeping in self._sleeping.items() if not life.delays_calls]
            woken = [sleeper for sleeping in idle for sleeper in sleeping]
        _wake(woken)


class Sleepers:
    """The sleeping calls of one sandbox. Those of an earlier generation do not sleep.

    ``rule_sleepers`` are those of all sandboxes.
    """

    __slots__ = ("_generation", "_lock", "_new_event", "_rule_sleepers", "_sleeping", "_wait")

    def __init__(
        self,
        generation: int,
        wait: Wait = wait,
        new_event: NewEvent = new_event,
        rule_sleepers: RuleSleepers | None = None,
    ) -> None:
        self._generation = generation
        self._wait = wait
        self._new_event = new_event
        self._rule_sleepers = RuleSleepers() if rule_sleepers is None else rule_sleepers
        self._lock = Lock()
        self._sleeping: set[_Sleeper] = set()

    def __len__(self) -> int:
        return len(self._sleeping)

    def sleep(self, generation: int, seconds: float, life: RuleLife | None) -> bool:
        """Sleep for ``seconds``, or until the rule or the generation ends. Return whether the call was woken.

        ``life`` is that of the rule because of which the call sleeps, if there is one.
        """
        sleeper = _Sleeper(generation, life, self._new_event())
        with self._lock:
            if generation < self._generation:
                return True
            self._sleeping.add(sleeper)
        if life is not None:
            self._rule_sleepers.add(life, sleeper)
        try:
            # Only now: a rule that ends from here on finds the sleeper, and one that has ended is seen here.
            if sleeper.may_sleep:
                self._wait(sleeper.event, seconds)
            return sleeper.event.is_set() or not sleeper.may_sleep
        finally:
            with self._lock:
                self._sleeping.discard(sleeper)
            if life is not None:
                self._rule_sleepers.discard(life, sleeper)

    def wake(self) -> None:
        """Wake the calls that sleep because of a rule that has ended or is switched off."""
        if not self._sleeping:
            return
        with self._lock:
            woken = [sleeper for sleeper in self._sleeping if not sleeper.may_sleep]
        _wake(woken)

    def begin_generation(self, generation: int) -> None:
        """Wake the calls of earlier generations, which do not sleep any more.

        Calls of ``generation`` may sleep already, and generations that begin at the same time may arrive in any order.
        """
        with self._lock:
            self._generation = max(self._generation, generation)
            woken = [sleeper for sleeper in self._sleeping if sleeper.generation < generation]
        _wake(woken)


def _wake(sleepers: list[_Sleeper]) -> None:
    """Set the events, never under the lock: a greenlet that is woken may run at once, and needs the lock itself."""
    for sleeper in sleepers:
        sleeper.event.set()
