"""gunicorn's application: the WSGI application with its socket and its configuration."""

import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import gevent
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker

from sandbox.http.limits import Limits
from sandbox.server.arbiter import SingleWorkerArbiter
from sandbox.server.configuration import gunicorn_settings
from sandbox.server.parent_pipe import end_with_parent
from sandbox.settings import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class StandaloneApplication(BaseApplication):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn around ``app``, on ``listener``, which it takes over.

    ``on_boot`` is called in each worker before it answers, ``on_ready`` once, when requests are answered and a signal
    ends the server cleanly, and ``on_end`` in a worker that stops, before it waits for its calls. If ``on_boot`` raises
    SettingsError, the server ends. The worker reads ``limits``. ``parent_pipe`` is a descriptor: the server ends when
    the pipe is closed. ``keeps_worlds`` says that the sandboxes outlast a worker.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        listener: socket.socket,
        on_ready: Callable[[], None],
        limits: Limits | None = None,
        on_boot: Callable[[], None] = lambda: None,
        parent_pipe: int | None = None,
        on_end: Callable[[], None] = lambda: None,
        *,
        keeps_worlds: bool = False,
    ) -> None:
        self._app = app
        # gunicorn closes the descriptor after it has duplicated it: it must not be closed here a second time.
        self._descriptor = listener.detach()
        self._on_boot = on_boot
        self._on_ready = on_ready
        self._parent_pipe = parent_pipe
        self._keeps_worlds = keeps_worlds
        self.limits = limits or Limits()
        self.on_end = on_end
        super().__init__()

    def load_config(self) -> None:
        """Set the whole configuration: none of gunicorn's own files, flags and variables is read."""
        settings = gunicorn_settings(self._descriptor, self._worker_ready)
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        """Return the WSGI application."""
        return self._app

    def run(self) -> None:
        """Serve until a signal ends it, by SystemExit."""
        SingleWorkerArbiter(self).run()

    def _worker_ready(self, worker: Worker) -> None:
        try:
            self._on_boot()
        except SettingsError as error:
            worker.log.critical("%s", error)
            sys.exit(SingleWorkerArbiter.WORKER_BOOT_ERROR)
        if self._parent_pipe is not None:
            gevent.spawn(end_with_parent, self._parent_pipe, worker.ppid)
        if worker.age == 1:
            self._on_ready()
        elif self._keeps_worlds:
            worker.log.warning("The worker died and was started again, with the sandboxes of --persist.")
        else:
            worker.log.warning("The worker died and was started again: what the sandboxes held is lost.")
