"""The gunicorn worker: the gevent worker, with connections served by :mod:`sandbox.http`."""

import gc
import resource
import signal
import socket
import sys
import time
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

import gevent
import gevent.socket
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from sandbox.http import refusals
from sandbox.http.client import Client, Disconnects
from sandbox.http.connection import Connection, Service
from sandbox.http.connections import Connections
from sandbox.http.date import DateHeader
from sandbox.http.limits import Limits
from sandbox.http.scheme import SchemeReader
from sandbox.problems import Problem
from sandbox.server.arbiter import END_SIGNALS
from sandbox.server.background_thread import SWITCH_SECONDS
from sandbox.server.balanced_server import BalancedServer
from sandbox.server.connection_counts import ConnectionCounts

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_ACCEPTED = 16
"""Number of connections that a single worker accepts in one iteration of the loop."""
CHECK_SECONDS = 0.5
"""Interval of the search for connections that have waited too long."""
GARBAGE_THRESHOLDS = 2_000, 10, 5_000
"""The thresholds of Python's garbage collector in a worker.

By default it examines all objects again and again while their number grows, which takes 0.3 seconds with 12,000 open
connections. Connections and worlds have no reference cycles, so that they are freed without it; those of an error or of
a call of Flask are found among the youngest objects.
The first threshold is low enough that a collection of the middle generation, which has ten times as many objects, takes
a few milliseconds while an import makes a hundred thousand; the last one leaves full collections as rare as possible.
"""
LAST_CALLS_SECONDS = 0.3
"""Maximum time for calls in progress when the server stops."""
LAST_CALLS_POLL_SECONDS = 0.02


class SandboxWorker(GeventWorker):  # type: ignore[misc]  # gunicorn is not typed
    """A gevent worker that serves :mod:`sandbox.http` and stops quickly.

    The application object may have an attribute ``limits``; otherwise the defaults apply. Its ``on_end``, if it has
    one, is called when the worker stops, and ends calls that would last. If it has ``connection_counts``, the worker
    shares new connections with others, and ``place`` is its number among them.
    """

    place = 0
    _is_ending = False

    def patch(self) -> None:
        """Use gevent's sockets, without monkey-patching the standard library.

        All waiting is done on sockets or on gevent's events. Patching everything takes 40 ms, and more if many packages
        are installed, as each of them is searched for plugins.
        """
        self.sockets: list[Any] = [
            gevent.socket.socket(each.FAMILY, socket.SOCK_STREAM, fileno=each.sock.detach())
            for each in self.sockets
        ]

    def init_signals(self) -> None:
        """Install the handlers, and let the signals in that were blocked when this process was forked."""
        super().init_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, END_SIGNALS)

    def run(self) -> None:
        """Serve until the worker is stopped."""
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        gc.enable()
        sys.setswitchinterval(SWITCH_SECONDS)
        limits: Limits = getattr(self.app, "limits", None) or Limits()
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files != resource.RLIM_INFINITY:
            limits = limits.within(files)
        self._connections = Connections(limits)
        self._disconnects = Disconnects()
        self._service = Service(
            self.wsgi,
            limits,
            self.log.error_log,
            DateHeader(time.time),
            SchemeReader(self.cfg.secure_scheme_headers, self.cfg.forwarded_allow_ips),
        )
        self._bases = {each: _base(each.getsockname(), self.cfg.workers > 1) for each in self.sockets}
        self._counts: ConnectionCounts | None = getattr(self.app, "connection_counts", None)
        self._count_connections()
        for each in self.sockets:
            self._server(each).start()
        while self.alive:
            self.notify()
            self._connections.interrupt_late()
            gevent.sleep(CHECK_SECONDS)
        # The greenlet that the signal started exits the process.
        gevent.sleep(self.cfg.graceful_timeout)

    def _server(self, listener: Any) -> StreamServer:
        handle = partial(self.handle, listener)
        if self._counts is not None:
            return BalancedServer(listener, handle, partial(self._counts.is_ahead, self.place))
        server = StreamServer(listener, handle, spawn=Pool())
        # Few at once, so that new connections do not delay open ones.
        server.max_accept = MAX_ACCEPTED
        return server

    def _count_connections(self) -> None:
        if self._counts is not None:
            self._counts.set(self.place, len(self._connections))

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection."""
        address, port = (addr[0], addr[1]) if addr else ("", 0)
        family, kind, protocol = client.family, client.type, client.proto
        connection = socket.socket(family, kind, protocol, fileno=client.detach())
        connection.settimeout(0)
        if family in {socket.AF_INET, socket.AF_INET6}:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Client(connection, address, self._disconnects)
        try:
            self._connections.add(peer)
        except Problem as problem:
            _reject(connection, problem, self._service.date())
            peer.close()
            return
        self._count_connections()
        try:
            base = self._bases[listener] | {"REMOTE_ADDR": address, "REMOTE_PORT": str(port)}
            Connection(peer, self._service, base).serve()
        finally:
            self._connections.remove(peer)
            self._count_connections()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGTERM like SIGINT."""
        self.handle_quit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGINT: finish the calls in progress, within a short time, and exit.

        Ctrl-C reaches this process twice, from the terminal and from gunicorn's arbiter. The second signal is ignored,
        as exiting twice would hang.
        """
        if not self._is_ending:
            self._is_ending = True
            # A signal handler may interrupt code in which waiting is not allowed.
            gevent.spawn(self._end)

    def _end(self) -> None:
        self.alive = False
        self.cfg.worker_int(self)
        if self.booted:
            self._service.is_ending = True
            getattr(self.app, "on_end", _do_nothing)()
            latest = time.monotonic() + LAST_CALLS_SECONDS
            # Requests that have arrived and are not yet read are calls, too.
            gevent.sleep(LAST_CALLS_POLL_SECONDS)
            while self._connections.in_flight and time.monotonic() < latest:
                gevent.sleep(LAST_CALLS_POLL_SECONDS)
        sys.exit(0)


def _base(address: Any, is_multiprocess: bool) -> "WSGIEnvironment":  # noqa: FBT001  # a value of WSGI
    host, port = address[:2] if isinstance(address, tuple) else (address, 0)
    return {
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": is_multiprocess,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "SERVER_SOFTWARE": "protocol-sandbox",
        "SERVER_NAME": str(host),
        "SERVER_PORT": str(port),
        # Never from a header, which could move the application to another path.
        "SCRIPT_NAME": "",
    }


def _do_nothing() -> None:
    """Stand for an attribute that an application does not have."""


def _reject(connection: socket.socket, problem: Problem, date: str) -> None:
    try:
        connection.send(refusals.error_response(problem, {}, date))
        # Closing with unread input would reset the connection, and the client might not receive the response.
        connection.recv(65_536)
    except OSError:
        return
