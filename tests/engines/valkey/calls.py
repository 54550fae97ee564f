"""Calls of one function beside a test, as threads or as greenlets."""

from collections.abc import Callable
from typing import Any

from sandbox.world.concurrency import Concurrency
from tests.valkey_server import ValkeyServer


class Call:
    """A call of ``work`` in the background; ``end`` waits for it, and returns its result or the error it has raised."""

    def __init__(self, concurrency: Concurrency, work: Callable[[], Any]) -> None:
        self._concurrency = concurrency
        self._work = work
        self._result: Any = None
        self._ended = concurrency.new_signal()
        concurrency.background(self._run)

    def end(self) -> Any:
        self._concurrency.wait(self._ended, 60.0)
        assert self._ended.is_set()
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._work()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            self._result = error
        self._ended.set()


def let_run(concurrency: Concurrency) -> None:
    """Let the other calls go on, if they are greenlets."""
    concurrency.wait(concurrency.new_signal(), 0.0)


def await_blocked(valkey: ValkeyServer, number: int, concurrency: Concurrency) -> None:
    """Return when ``number`` clients of the server wait for the reply to a command that blocks."""
    while valkey.run("INFO", "clients")["blocked_clients"] != number:
        let_run(concurrency)


def await_clients(valkey: ValkeyServer, number: int, concurrency: Concurrency) -> None:
    """Return when the server has ``number`` clients besides the one that asks."""
    while valkey.run("INFO", "clients")["connected_clients"] != number + 1:
        let_run(concurrency)
