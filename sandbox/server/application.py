"""gunicorn's application: the WSGI application with its socket and its configuration."""

import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gevent
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker

from sandbox.http.limits import Limits
from sandbox.server.arbiter import SandboxArbiter
from sandbox.server.configuration import gunicorn_settings
from sandbox.server.connection_counts import ConnectionCounts
from sandbox.server.countdown import Countdown
from sandbox.server.parent_pipe import end_with_parent
from sandbox.server.refusals import Refusals
from sandbox.settings import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def _do_nothing() -> None:
    """Stand for a hook that is not needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Functions that are called in a worker, in this order.

    ``on_boot`` is called in each worker before it answers. If it raises SettingsError, the server ends with its line.
    ``on_ready`` is called once, in the worker that is the last to be ready: all have booted, requests are answered, and
    a signal ends the server cleanly. ``on_end`` is called in each worker that stops, before it waits for its calls.
    """

    on_boot: Callable[[], None] = _do_nothing
    on_ready: Callable[[], None] = _do_nothing
    on_end: Callable[[], None] = _do_nothing


class StandaloneApplication(BaseApplication):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn around ``app``, on ``listener``, which it takes over, with a fixed number of ``workers``.

    The workers read ``limits``, which hold for each of them. ``parent_pipe`` is a descriptor: the server ends when the
    pipe is closed. ``kept_by`` is the flag of the setting by which sandboxes outlast a worker, if they do.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        listener: socket.socket,
        hooks: Hooks,
        limits: Limits | None = None,
        parent_pipe: int | None = None,
        *,
        workers: int = 1,
        kept_by: str | None = None,
    ) -> None:
        self._app = app
        # gunicorn closes the descriptor after it has duplicated it: it must not be closed here a second time.
        self._descriptor = listener.detach()
        self._hooks = hooks
        self._parent_pipe = parent_pipe
        self._workers = workers
        self._kept_by = kept_by
        self._countdown = Countdown(workers)
        self.refusals = Refusals()
        self.limits = limits or Limits()
        self.connection_counts = ConnectionCounts(workers) if workers > 1 else None
        self.on_end = hooks.on_end
        super().__init__()

    def load_config(self) -> None:
        """Set the whole configuration: none of gunicorn's own files, flags and variables is read."""
        settings = gunicorn_settings(self._descriptor, self._workers, self._worker_ready)
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        """Return the WSGI application."""
        return self._app

    def run(self) -> None:
        """Serve until a signal ends it, by SystemExit. Raises SettingsError if a worker could not begin."""
        try:
            SandboxArbiter(self, self.refusals).run()
        finally:
            self.close()

    def close(self) -> None:
        """Close the pipes between the processes, in this one."""
        self._countdown.close()
        self.refusals.close()

    def _worker_ready(self, worker: Worker) -> None:
        try:
            self._hooks.on_boot()
        except SettingsError as error:
            self.refusals.send(error.format_message())
            # Not gunicorn's status for this, which it would explain in further lines.
            sys.exit(0)
        if self._parent_pipe is not None:
            gevent.spawn(end_with_parent, self._parent_pipe, worker.ppid)
        if worker.age > self._workers:
            worker.log.warning("%s", self._restarted())
        if self._countdown.arrive():
            self._hooks.on_ready()

    def _restarted(self) -> str:
        if self._kept_by is None:
            return "The worker died and was started again: what the sandboxes held is lost."
        worker = "The worker" if self._workers == 1 else "A worker"
        return f"{worker} died and was started again, with the sandboxes of {self._kept_by}."
