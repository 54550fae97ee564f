"""gunicorn's settings: those that differ from its defaults, and an object that reads them fast."""

import gc
from collections.abc import Callable
from typing import Any

from gunicorn.config import Config
from gunicorn.workers.base import Worker

from sandbox.server.worker import SandboxWorker

SPARE_CONNECTIONS = 1_000
"""Connections beyond one for each call that may be delayed, so that other clients can still connect."""
KEEP_ALIVE_SECONDS = 75


def gunicorn_settings(
    descriptor: int, max_connections: int, on_worker_ready: Callable[[Worker], None]
) -> dict[str, Any]:
    """Return gunicorn's settings by name. Each must exist: gunicorn refuses to start with one that it does not know.

    ``descriptor`` is that of the listening socket, ``max_connections`` is the limit on open connections, and
    ``on_worker_ready`` is called in the worker when it is ready: only then does a signal end it cleanly.
    """
    return {
        "bind": [f"fd://{descriptor}"],
        "workers": 1,
        "worker_class": SandboxWorker,
        "worker_connections": max_connections,
        # No watchdog: a worker that takes its time over a large import would lose all that it holds.
        "timeout": 0,
        "preload_app": True,
        "keepalive": KEEP_ALIVE_SECONDS,
        # It ends within half a second; a machine under load may need more until it is killed.
        "graceful_timeout": 5,
        "loglevel": "warning",
        # Its compiled parser, where that is installed, is no faster here and refuses with other statuses.
        "http_parser": "python",
        # A proxy may say that its client used TLS, and nothing else. Nobody gains anything by claiming it, so no
        # peer's address is checked at each request.
        "forwarded_allow_ips": "*",
        "forwarder_headers": "",
        "control_socket_disable": True,
        "post_worker_init": on_worker_ready,
        # Python's shutdown must find the frozen objects, or it reports a failure.
        "worker_exit": lambda _arbiter, _worker: gc.unfreeze(),
        "on_exit": lambda _arbiter: gc.unfreeze(),
    }


class CachedConfig(Config):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn's configuration with each setting as a plain attribute once it was read.

    Each request reads two dozen of them.
    """

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        self.__dict__[name] = value
        return value

    def set(self, name: str, value: Any) -> None:
        """Change a setting. Raises AttributeError where gunicorn has none of this name."""
        super().set(name, value)
        self.__dict__.pop(name, None)
