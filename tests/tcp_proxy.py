"""A TCP proxy that misbehaves as a network does: it cuts connections, delays, or leads to another server."""

import socket
import ssl
import threading
from contextlib import suppress
from typing import Self

_CHUNK_BYTES = 65_536


class TcpProxy:
    """Forwards connections to ``target``, a port of 127.0.0.1, which may be changed for later connections.

    With ``tls``, it takes connections with TLS and forwards what they carry.
    """

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        self.target = target
        self.delay = 0.0
        """Seconds for which each part of a reply is held back."""
        self.rewrites = (b"", b"")
        """Bytes in replies that are replaced, and those that replace them, of the same length."""
        self._tls = tls
        self._reply_bytes_left: int | None = None
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut all open connections."""
        with self._lock:
            cut, self._open = self._open, []
        for each in cut:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def cut_after(self, reply_bytes: int) -> None:
        """Cut the connection on which this many further bytes of replies have passed."""
        self._reply_bytes_left = reply_bytes

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        with self._lock:
            self._open += [client, server]
        threading.Thread(target=self._forward, args=(client, server, False), daemon=True).start()
        self._forward(server, client, True)

    def _forward(self, source: socket.socket, sink: socket.socket, is_reply: bool) -> None:
        with suppress(OSError, ValueError):
            while part := source.recv(_CHUNK_BYTES):
                if is_reply and self.delay:
                    self._ended.wait(self.delay)
                if is_reply and self.rewrites[0]:
                    part = part.replace(*self.rewrites)  # it is what is forwarded
                left = self._reply_bytes_left
                if is_reply and left is not None:
                    sink.sendall(part[:left])
                    self._reply_bytes_left = left - len(part)
                    if len(part) >= left:
                        self._reply_bytes_left = None
                        break
                else:
                    sink.sendall(part)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        with self._lock:
            self._open = [each for each in self._open if each not in (source, sink)]
