"""gunicorn's settings: those that differ from its defaults."""

import gc
from collections.abc import Callable
from typing import Any

from gunicorn.workers.base import Worker

from sandbox.server.worker import SandboxWorker


def gunicorn_settings(
    descriptor: int, workers: int, on_worker_ready: Callable[[Worker], None]
) -> dict[str, Any]:
    """Return gunicorn's settings by name. Each must exist: gunicorn refuses to start with one that it does not know.

    ``descriptor`` is that of the listening socket, which all ``workers`` share, and ``on_worker_ready`` is called in
    each of them when it is ready. The limits on connections are the worker's own.
    """
    return {
        "bind": [f"fd://{descriptor}"],
        "workers": workers,
        "worker_class": SandboxWorker,
        # No watchdog: a worker that takes its time over a large import would lose all that it holds, or all its calls.
        "timeout": 0,
        "preload_app": True,
        # It ends within half a second; a machine under load may need more until it is killed.
        "graceful_timeout": 5,
        "loglevel": "warning",
        # A proxy may say that its client used TLS, and nothing else. Nobody gains anything by claiming it, so no
        # peer's address is checked at each request.
        "forwarded_allow_ips": "*",
        "control_socket_disable": True,
        "pre_fork": lambda arbiter, worker: arbiter.assign_place(worker),
        "post_worker_init": on_worker_ready,
        # Python's shutdown, after a refusal, must find the frozen objects, or it reports a failure.
        "on_exit": lambda _arbiter: gc.unfreeze(),
    }
