"""The process that starts the workers, restarts those that die, and passes signals on."""

import signal
import time
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from sandbox.server.refusals import Refusals
from sandbox.settings import SettingsError

END_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})
"""Signals that end a worker. They are blocked while it is forked; it unblocks them when it can handle them."""
POLL_SECONDS = 0.01
"""Interval at which the end of the workers is looked for."""


class SandboxArbiter(Arbiter):  # type: ignore[misc]  # gunicorn is not typed
    """An arbiter that keeps the number of workers: no signal replaces, adds or removes one.

    A worker that cannot begin sends a line by ``refusals``; then all workers end, and :meth:`run` raises SettingsError
    with this line.
    """

    def __init__(self, app: Any, refusals: Refusals) -> None:
        self._refusals = refusals
        self._refusal: str | None = None
        self._is_ending = False
        super().__init__(app)

    def spawn_workers(self) -> None:
        """Fork the workers that are missing: at the start without gunicorn's random pauses between them."""
        if self.worker_age:
            super().spawn_workers()
        else:
            for _ in range(self.num_workers):
                self.spawn_worker()

    def spawn_worker(self) -> None:
        """Fork a worker. A signal that the arbiter passes on at once waits until the worker has its handlers."""
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
        try:
            super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def assign_place(self, worker: Any) -> None:
        """Give a worker that will be forked a number from 0 on that no other has: that of a dead one, or a new one."""
        taken = {each.place for each in self.WORKERS.values()}
        worker.place = min(set(range(self.num_workers)) - taken)

    def reap_workers(self) -> None:
        """Forget the workers that have exited. Raises HaltServer, once, if one of them could not begin."""
        try:
            super().reap_workers()
        except HaltServer:
            # Others may fail in the same way while the server waits for their end.
            if not self._is_ending:
                raise
        if self._refusal is None:
            self._refusal = self._refusals.receive()
            if self._refusal is not None and not self._is_ending:
                raise HaltServer(self._refusal)

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001, FBT002  # gunicorn's signature
        """End the workers, and wait for their end at shorter intervals than gunicorn does.

        Those that have not ended after ``graceful_timeout`` seconds, or when the server is told once more to end, are
        killed.
        """
        self._is_ending = True
        self.kill_workers(signal.SIGTERM if graceful else signal.SIGQUIT)
        latest = time.monotonic() + self.cfg.graceful_timeout
        self.reap_workers()
        # A second signal, which gunicorn sends, would end a worker that is about to exit by itself.
        while self.WORKERS and time.monotonic() < latest and not self._is_told_again():
            time.sleep(POLL_SECONDS)
            self.reap_workers()
        # gunicorn would wait once more before it kills those that are left.
        self.cfg.set("graceful_timeout", 0)
        super().stop(graceful)

    def _is_told_again(self) -> bool:
        """Return True if a second Ctrl-C has arrived."""
        while not self.SIG_QUEUE.empty():
            if self.SIG_QUEUE.get_nowait() in {signal.SIGINT, signal.SIGQUIT}:
                return True
        return False

    def halt(self, reason: str | None = None, exit_status: int = 0) -> None:
        """End the workers and the server, by SystemExit or SettingsError."""
        if self._refusal is None:
            super().halt(reason, exit_status)
        try:
            super().halt()
        except SystemExit:
            raise SettingsError(str(self._refusal)) from None

    def handle_hup(self) -> None:
        """End the server, as a terminal that closes expects, where gunicorn would replace the workers."""
        self.handle_term()

    def handle_ttin(self) -> None:
        """Ignore the request for one worker more, whose conversations might be its own."""

    def handle_ttou(self) -> None:
        """Ignore the request for one worker less."""

    def handle_usr2(self) -> None:
        """Ignore the request for a second server beside this one."""
