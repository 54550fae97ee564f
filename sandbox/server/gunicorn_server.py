"""How the server is run: gunicorn with one gevent worker, the same from the command line and a Procfile."""

import errno
import gc
import resource
import socket
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config

from sandbox.banner import banner
from sandbox.server.greenlet_event import GreenletEvent
from sandbox.settings import Settings, SettingsError
from sandbox.version import __version__

SPARE_CONNECTIONS = 1_000
"""So many connections more than calls may sleep: whoever wants to know, or to wake them, gets through."""
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn is not typed
    """Gunicorn around ``app``, on a socket that listens already."""

    def __init__(
        self,
        app: Any,
        listener: socket.socket,
        ready: Callable[[], None],
        connections: int = SPARE_CONNECTIONS,
    ) -> None:
        self._app = app
        self._connections = connections
        self._listener = listener
        self._ready = ready
        super().__init__()

    def load_default_config(self) -> None:
        """What :meth:`load_config` changes."""
        self.cfg = ReadOnce(self.usage, prog=self.prog)

    def load_config(self) -> None:
        """The whole configuration: none of gunicorn's own files and flags are read."""
        options: dict[str, Any] = {
            "bind": [f"fd://{self._listener.fileno()}"],
            "workers": 1,
            "worker_class": "sandbox.server.worker.SandboxWorker",
            "worker_connections": self._connections,
            # No watchdog: a worker that takes its time over a large import would lose all that it holds.
            "timeout": 0,
            "preload_app": True,
            "keepalive": KEEP_ALIVE_SECONDS,
            # It ends within half a second; a machine under load may need more until it is killed.
            "graceful_timeout": 5,
            "loglevel": "warning",
            # Its compiled parser, where that is installed, is no faster here and refuses with other statuses.
            "http_parser": "python",
            # A proxy may say that its client spoke TLS, and nothing else. Whoever says so gains nothing by it, so
            # nobody's address is looked up at each request.
            "forwarded_allow_ips": "*",
            "forwarder_headers": "",
            "control_socket_disable": True,
            # Only now does a signal end the worker cleanly, so only now is it said that it runs.
            "post_worker_init": self._say_ready,
            # Python's own end must find what was set aside, or it says that it failed.
            "worker_exit": lambda _arbiter, _worker: gc.unfreeze(),
            "on_exit": lambda _arbiter: gc.unfreeze(),
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def _say_ready(self, worker: Any) -> None:
        if worker.age == 1:
            self._ready()
        else:
            worker.log.warning("The worker died and was started again: what the sandboxes held is lost.")

    def load(self) -> Any:
        return self._app

    def run(self) -> None:
        """Serve until a signal ends it."""
        OneWorker(self).run()


class ReadOnce(Config):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn's settings as plain attributes, once they were read: each request asks for two dozen of them."""

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        self.__dict__[name] = value
        return value

    def set(self, name: str, value: Any) -> None:
        """Change a setting."""
        super().set(name, value)
        self.__dict__.pop(name, None)


class OneWorker(Arbiter):  # type: ignore[misc]  # gunicorn is not typed
    """An arbiter that never replaces or multiplies the worker, which holds all that there is."""

    def handle_hup(self) -> None:
        """A terminal that closes ends what runs in it."""
        self.handle_term()

    def handle_ttin(self) -> None:
        """Asks for one worker more, which would hold conversations of its own."""

    def handle_ttou(self) -> None:
        """Asks for one worker less."""

    def handle_usr2(self) -> None:
        """Asks for a second server beside this one."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host`` and ``port``. Raises SettingsError in words."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except (socket.gaierror, UnicodeError):
        raise SettingsError(f'--host must be an address of this machine, not "{host}".') from None
    except OSError as error:
        raise SettingsError(_refused(host, port, error)) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """``http://127.0.0.1:8000``: where a client on this machine finds ``listener``."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # compared, not bound
    return f"http://{reachable}:{port}"


def serve(settings: Settings) -> None:
    """Run until a signal ends it. Raises SettingsError before anything is served."""
    from sandbox.app import create_app, scenario_of  # noqa: PLC0415  # a port in use need not wait for it

    listener = listen(settings.host, settings.port)
    scenario = scenario_of(settings)
    app = create_app(settings, scenario=scenario, new_event=GreenletEvent)
    said = banner(settings, scenario, address_of(listener), __version__)

    # What is alive now stays alive. The collector need not look at it again and again, however large the scenario
    # is, and the worker goes on sharing its memory with the process that it was forked from.
    gc.freeze()

    def ready() -> None:
        if not settings.quiet:
            print(said, flush=True)

    connections = settings.max_sleepers + SPARE_CONNECTIONS
    _allow_files(connections + SPARE_CONNECTIONS)
    Server(app, listener, ready, connections).run()


def _allow_files(count: int) -> None:
    """Let this process have so many connections open, or as many as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use; stop what uses it, or choose another with --port "
            f"(0 picks a free one)."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is not allowed to this user; choose one from 1024 on."
    if error.errno == errno.EADDRNOTAVAIL:
        return f'--host must be an address of this machine, not "{host}".'
    return f"Cannot listen on {host}, port {port}: {error.strerror}."
