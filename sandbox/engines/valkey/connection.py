"""Connections of valkey-py over the sockets on which calls wait: Python's, or gevent's where calls are greenlets."""

import socket
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import valkey
from libvalkey import pack_command
from valkey.connection import BlockingConnectionPool, DefaultParser
from valkey.exceptions import ConnectionError as ConnectionFailed

from sandbox.engines.valkey.address import Address, Tls
from sandbox.world.concurrency import Concurrency
from sandbox.world.engine import UnusableStore

if TYPE_CHECKING:
    from ssl import SSLContext


class Node(NamedTuple):
    """The address of one server of a store: host and port, or the path of its Unix socket as host and port 0."""

    host: str
    port: int


class _PlainErrors(DefaultParser):  # type: ignore[misc, valid-type]  # the class depends on what is installed
    """A parser whose error replies are all ResponseErrors with their code; ``failures`` tells them apart."""

    EXCEPTION_CLASSES: dict[str, Any] = {}


class _Sending:
    """Sends commands whose names are one word. valkey-py looks for more words in each, which takes a third longer."""

    _sock: Any

    def pack_commands(self, commands: Iterable[tuple[Any, ...]]) -> tuple[bytes]:
        return (b"".join(map(pack_command, commands)),)

    def send_beside(self, *command: Any) -> None:
        """Send a command from another call than the one that reads the replies, and may close the connection.

        Unlike ``send_command``, it neither opens nor closes it. Raises the errors of ``failures.CONNECTION_FAILURES``.
        """
        sock = self._sock
        if sock is None:
            raise ConnectionFailed("it is closed")
        try:
            sock.sendall(pack_command(command))
        except AttributeError:
            # A TLS socket loses its parts while it is closed by another thread.
            raise ConnectionFailed("it is closed") from None


class TcpConnection(_Sending, valkey.Connection):
    """A TCP connection, whose ``sockets`` are those of the module. Connecting takes ``socket_connect_timeout``."""

    def __init__(self, sockets: ModuleType, **options: Any) -> None:
        self._sockets = sockets
        super().__init__(**options)  # type: ignore[no-untyped-call]  # valkey-py is typed in part

    def _connect(self) -> Any:
        with _limit(self._sockets, self.socket_connect_timeout):
            return self._opened()

    def _opened(self) -> Any:
        opened = self._sockets.create_connection((self.host, self.port), self.socket_connect_timeout)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(self.socket_timeout)
        return opened


class TlsConnection(TcpConnection):
    """A TCP connection with TLS."""

    def __init__(self, context: "SSLContext", **options: Any) -> None:
        self._context = context
        super().__init__(**options)

    def _opened(self) -> Any:
        opened = super()._opened()
        try:
            return self._context.wrap_socket(opened, server_hostname=self.host)
        except BaseException:
            opened.close()
            raise


class UnixConnection(_Sending, valkey.UnixDomainSocketConnection):
    """A connection to a Unix socket, whose ``sockets`` are those of the module."""

    def __init__(self, sockets: ModuleType, **options: Any) -> None:
        self._sockets = sockets
        super().__init__(**options)  # type: ignore[no-untyped-call]  # valkey-py is typed in part

    def _connect(self) -> Any:
        opened = self._sockets.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.settimeout(self.socket_connect_timeout)
            opened.connect(self.path)
            opened.settimeout(self.socket_timeout)
        except BaseException:
            opened.close()
            raise
        return opened


class Connector:
    """Opens connections to the servers of a store.

    Connecting and each wait for more of a reply take at most ``timeout`` seconds. Where calls are threads, finding the
    address of a host may take longer, since a thread cannot be interrupted. Raises UnusableStore if the files of TLS
    cannot be read.
    """

    def __init__(self, address: Address, concurrency: Concurrency, timeout: float) -> None:
        self.address = address
        self.timeout = timeout
        self._sockets = concurrency.socket
        self._options: dict[str, Any] = {
            "sockets": concurrency.socket,
            "username": address.username or None,
            "password": address.password or None,
            "db": address.database,
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "parser_class": _PlainErrors,
        }
        self._class: type[valkey.connection.AbstractConnection] = TcpConnection
        if address.path:
            self._class = UnixConnection
        elif address.tls is not None:
            self._class = TlsConnection
            self._options["context"] = _tls_context(address.tls, self._sockets)

    @property
    def node(self) -> Node:
        """The server that the address names."""
        return Node(self.address.path, 0) if self.address.path else Node(self.address.host, self.address.port)

    def connection(self, node: Node) -> Any:
        """Return a new connection to ``node``, which connects when it is first used."""
        return self._class(**self._options, **_place(node))

    def pool(self, node: Node, max_connections: int) -> BlockingConnectionPool:
        """Return a pool of connections to ``node``; calls wait for one at most ``timeout`` seconds."""
        return BlockingConnectionPool(
            max_connections=max_connections,
            timeout=self.timeout,
            connection_class=self._class,
            queue_class=_lifo_queue(self._sockets),
            **self._options,
            **_place(node),
        )


def _place(node: Node) -> dict[str, Any]:
    return {"host": node.host, "port": node.port} if node.port else {"path": node.host}


def _lifo_queue(sockets: ModuleType) -> Any:
    """Return the class of a queue for the calls that use ``sockets``: threads or greenlets."""
    if sockets is socket:
        from queue import LifoQueue  # noqa: PLC0415  # one of two

        return LifoQueue
    import gevent.queue  # noqa: PLC0415  # only where calls are greenlets

    return gevent.queue.LifoQueue


def _limit(sockets: ModuleType, seconds: float | None) -> AbstractContextManager[object]:
    """Limit the time of a block where that is possible. Raises TimeoutError in it, as a socket does."""
    if sockets is socket:
        return nullcontext()
    import gevent  # noqa: PLC0415  # only where calls are greenlets

    return gevent.Timeout(seconds, TimeoutError("timed out"))


def _tls_context(tls: Tls, sockets: ModuleType) -> "SSLContext":
    import ssl  # noqa: PLC0415  # few addresses need it

    kind: type[SSLContext] = ssl.SSLContext
    if sockets is not socket:
        import gevent.ssl  # noqa: PLC0415  # only where calls are greenlets

        kind = gevent.ssl.SSLContext
    context = kind(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = tls.check_hostname
    context.verify_mode = ssl.VerifyMode[f"CERT_{tls.cert_reqs.upper()}"]
    try:
        if tls.ca_certs:
            context.load_verify_locations(tls.ca_certs)
        else:
            context.load_default_certs()
        if tls.certfile:
            # With an empty password, OpenSSL does not ask for that of an encrypted key on the terminal.
            context.load_cert_chain(tls.certfile, tls.keyfile or None, password="")
    except OSError as error:
        file = "ssl_ca_certs" if not tls.certfile else "ssl_ca_certs, ssl_certfile or ssl_keyfile"
        raise UnusableStore(
            f"names a file as {file} that cannot be used: {error.strerror or error}"
        ) from None
    return context
