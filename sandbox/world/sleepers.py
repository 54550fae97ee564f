"""The calls that sleep in one sandbox: who they are, so that a reset or the end of a rule can wake them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol


class Event(Protocol):
    """Wakes one sleeper: ``threading.Event``, or what takes its place where calls are no threads."""

    def set(self) -> None: ...
    def is_set(self) -> bool: ...
    def wait(self, timeout: float, /) -> object: ...


NewEvent = Callable[[], Event]
Wait = Callable[[Event, float], object]
"""Waits until the event is set, at most so many seconds."""


def wait(event: Event, seconds: float) -> object:
    """Really wait."""
    return event.wait(seconds)


def new_event() -> Event:
    """An event of the kind that this process waits on now.

    A server that puts another class in its place does so after this module was imported, and on Python's own one over
    gevent's locks all sleepers wake only when the last one fell asleep.
    """
    return threading.Event()


@dataclass(slots=True, eq=False)
class Sleeper:
    """One sleeping call. ``rule_id`` is the rule that made it sleep, if one did."""

    rule_id: str | None
    woken: Event


class Sleepers:
    """The sleeping calls of one sandbox."""

    __slots__ = ("_ended", "_lock", "_sleeping")

    def __init__(self) -> None:
        self._lock = Lock()
        self._sleeping: set[Sleeper] = set()
        self._ended = False

    def __len__(self) -> int:
        return len(self._sleeping)

    @property
    def ended(self) -> bool:
        """Whether the sandbox has come to its end: a reset put another one in its place."""
        return self._ended

    def sleep(self, seconds: float, rule_id: str | None, wait: Wait, event: NewEvent = new_event) -> bool:
        """Sleep until the time is over or somebody wakes the call. Answers whether somebody did."""
        sleeper = Sleeper(rule_id, event())
        with self._lock:
            if self._ended:
                return True
            self._sleeping.add(sleeper)
        try:
            wait(sleeper.woken, seconds)
            return sleeper.woken.is_set()
        finally:
            with self._lock:
                self._sleeping.discard(sleeper)

    def wake(self, rule_id: str) -> None:
        """Wake the calls that a rule made sleep."""
        with self._lock:
            meant = [sleeper for sleeper in self._sleeping if sleeper.rule_id == rule_id]
        _wake(meant)

    def end(self) -> None:
        """Wake all, and let nobody sleep here any more."""
        with self._lock:
            self._ended = True
            meant = list(self._sleeping)
        _wake(meant)


def _wake(sleepers: list[Sleeper]) -> None:
    """Never under the lock: whoever wakes runs at once where calls are greenlets, and wants the lock itself."""
    for sleeper in sleepers:
        sleeper.woken.set()
