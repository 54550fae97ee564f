"""Valkey servers for tests: real ones, each with a free port and a directory of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.tools import find

TIMEOUT_SECONDS = 30.0
_SLOTS = 16384
_OF_TWO_WORDS = {"replicaof", "rename_command"}
"""Options that have two values."""
_READY = (b"+PONG", b"-NOAUTH")


def free_port() -> int:
    """Return a port on which nothing listens at the moment."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class ValkeyServer:
    """A server of 127.0.0.1, or of a Unix socket. ``options`` are those of its command line, without the dashes.

    ``ValkeyServer(folder, requirepass="secret", appendonly="yes")`` starts one; underscores stand for hyphens. With
    ``unix=True`` it has no port. It raises FileNotFoundError, which says what to install, if there is no server.
    """

    def __init__(self, folder: Path, *, unix: bool = False, **options: str) -> None:
        self.port = 0 if unix else free_port()
        # A path of a socket has at most 107 characters.
        self.path = Path(os.path.relpath(folder / "socket")) if unix else None
        self._folder = folder
        self._options = options
        self.password = options.get("requirepass", "")
        self._process = self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def url(self) -> str:
        """The address for ``--store``."""
        user = f":{self.password}@" if self.password else ""
        return f"unix://{user}{self.path.resolve()}" if self.path else f"valkey://{user}127.0.0.1:{self.port}"

    def client(self) -> Any:
        """Return a client of valkey-py, which the test closes."""
        import valkey  # noqa: PLC0415  # most tests do not need it

        return valkey.Valkey(
            port=self.port,
            unix_socket_path=str(self.path) if self.path else None,
            password=self.password or None,
            socket_timeout=TIMEOUT_SECONDS,
        )

    def run(self, *command: str | int | bytes) -> Any:
        """Return the reply to one command."""
        with closing(self.client()) as client:
            return client.execute_command(*command)

    def stop(self) -> None:
        """Stop it by SIGSTOP: its connections stay, but it does nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def cont(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it by SIGKILL."""
        self._process.kill()
        self._process.wait(TIMEOUT_SECONDS)

    def restart(self, *, is_loading: bool = False, **options: str) -> None:
        """Start it again after :meth:`kill`, at the same address, in the same directory.

        With ``is_loading`` it has not loaded its data yet.
        """
        self._options |= options
        self._process = self._start((*_READY, b"-LOADING") if is_loading else _READY)

    def end(self) -> None:
        """End it, if it runs. Its directory remains."""
        if self._process.poll() is None:
            self.kill()

    def _start(self, ready: tuple[bytes, ...] = _READY) -> "subprocess.Popen[bytes]":
        self._folder.mkdir(parents=True, exist_ok=True)
        defaults = {"bind": "127.0.0.1", "port": str(self.port), "save": "", "dir": str(self._folder)}
        if self.path is not None:
            defaults["unixsocket"] = "socket"
        words = [find("valkey-server")]
        for name, value in (defaults | self._options).items():
            words += [
                f"--{name.replace('_', '-')}",
                *(value.split(" ") if name in _OF_TWO_WORDS else [value]),
            ]
        if setpriv := shutil.which("setpriv"):
            # It ends with the process of the tests, even if that is killed.
            words = [setpriv, "--pdeathsig", "KILL", *words]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._wait_until_it_answers(process, ready)
        return process

    def _wait_until_it_answers(self, process: "subprocess.Popen[bytes]", ready: tuple[bytes, ...]) -> None:
        end = time.monotonic() + TIMEOUT_SECONDS
        while not self._answers(ready):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                process.wait()
                raise RuntimeError(
                    f"the server has not started: {(self._folder / 'log').read_text()[-2000:]}"
                )
            time.sleep(0.01)

    def _answers(self, ready: tuple[bytes, ...]) -> bool:
        family = socket.AF_UNIX if self.path else socket.AF_INET
        with closing(socket.socket(family, socket.SOCK_STREAM)) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.path) if self.path else ("127.0.0.1", self.port))
                connection.sendall(b"PING\r\n")
                reply = connection.recv(64)
            except OSError:
                return False
        return reply.startswith(ready)


class ValkeyCluster:
    """A cluster of three primaries, among which the slots are distributed evenly."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.servers: list[ValkeyServer] = []
        self._bus_ports = [free_port() for _ in range(3)]
        try:
            for number, bus_port in enumerate(self._bus_ports):
                self.servers.append(
                    ValkeyServer(
                        folder / str(number),
                        cluster_enabled="yes",
                        cluster_node_timeout="2000",
                        cluster_port=str(bus_port),
                        **options,
                    )
                )
            self._join()
        except BaseException:
            self.end()
            raise

    @property
    def url(self) -> str:
        return self.servers[0].url

    def flush(self) -> None:
        for server in self.servers:
            server.run("FLUSHALL")

    def end(self) -> None:
        for server in self.servers:
            server.end()

    def _join(self) -> None:
        first = self.servers[0]
        bounds = [_SLOTS * number // 3 for number in range(4)]
        for number, server in enumerate(self.servers):
            server.run("CLUSTER SET-CONFIG-EPOCH", number + 1)
            server.run("CLUSTER ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
        for server, bus_port in zip(self.servers, self._bus_ports, strict=True):
            first.run("CLUSTER MEET", "127.0.0.1", server.port, bus_port)
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Wait until all servers serve all slots."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while not all(self._agrees(server) for server in self.servers):
            if time.monotonic() > end:
                raise RuntimeError("the cluster is down")
            time.sleep(0.05)

    def _agrees(self, server: ValkeyServer) -> bool:
        info = server.run("CLUSTER INFO")
        return info["cluster_state"] == "ok" and len(server.run("CLUSTER SLOTS")) == 3
