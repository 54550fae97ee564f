"""Servers that share one store, as several machines do, and clients that reach a certain worker of them."""

import json
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.live.server import SANDBOX, TIMEOUT_SECONDS, Server, environment, wait_until
from tests.live.wire import Response

WORKERS = 2
"""The number of workers of each server."""
SERVERS = 2
LIST = "/v1/conversations"
_MAX_CONNECTIONS = 400
_HEADERS = {"Content-Type": "application/json"}


class Client:
    """A connection of ``token`` to one worker of ``server``. Without a token, its calls act on the whole server."""

    def __init__(self, server: Server, token: str = "") -> None:
        self.server = server
        self.token = token
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
        self._worker = ""

    @property
    def worker(self) -> str:
        """The boot id of the worker, with which its request ids begin."""
        if not self._worker:
            self._worker = worker_of(self.call("GET", "/__admin/scenarios"))
        return self._worker

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> None:
        """Send a request, whose response :meth:`receive` returns."""
        sent = dict(_HEADERS) if body is not None else {}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, None if body is None else json.dumps(body), sent)

    def receive(self) -> Response:
        response = self._connection.getresponse()
        return Response(response.status, response.headers, response.read())

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        self.send(method, path, body, **headers)
        return self.receive()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API, and return its JSON, or None if there is none."""
        response = self.call(method, f"/__admin/{path}", body)
        assert response.status < 300, response
        return response.json if response.body else None

    def events(self) -> Any:
        """Open the stream of the journal, and return the response, which has begun."""
        self.send("GET", "/__admin/requests/stream")
        response = self._connection.getresponse()
        assert response.status == 200
        assert response.readline().startswith(b": ")
        return response

    def close(self) -> None:
        self._connection.close()


class Machines:
    """Servers on one store. ``flags`` are those of each."""

    def __init__(
        self, folder: Path, url: str, *flags: str, servers: int = SERVERS, workers: int = WORKERS
    ) -> None:
        self.workers = servers * workers
        self._clients: list[Client] = []
        words = [*SANDBOX, "--port", "0", "--workers", str(workers), *flags]
        variables = environment(SANDBOX_STORE=url)
        self.servers = [
            Server(words, variables, folder, folder / f"machine-{number}.log") for number in range(servers)
        ]
        for server in self.servers:
            server.read_banner()

    def clients(self, token: str, count: int = 0) -> list[Client]:
        """Return ``count`` clients, by default one of each worker, which are distributed evenly over the workers."""
        count = count or self.workers
        by_worker: dict[str, list[Client]] = {}
        for number in range(_MAX_CONNECTIONS):
            client = Client(self.servers[number % len(self.servers)], token)
            self._clients.append(client)
            by_worker.setdefault(client.worker, []).append(client)
            if len(by_worker) == self.workers and all(
                len(each) >= -(-count // self.workers) for each in by_worker.values()
            ):
                break
        rows = zip(*by_worker.values(), strict=False)
        chosen = [client for row in rows for client in row][:count]
        assert len({client.worker for client in chosen}) == min(count, self.workers)
        return chosen

    def wait_until_ok(self, token: str) -> None:
        """Wait until the store is available to all workers, and ``token`` is served by them."""
        clients = self.clients(token)

        def are_ok() -> bool:
            # Health knows what the last ping has found; a call may still find that its connection is of no use.
            states = [client.call("GET", "/__admin/state").status for client in clients]
            health = [client.control("GET", "health")["status"] for client in clients]
            return {*states, *health} == {200, "ok"}

        wait_until(are_ok)

    def close_clients(self) -> None:
        """Close all connections of clients."""
        while self._clients:
            self._clients.pop().close()

    def end(self) -> list[int]:
        """End the servers, and return their exit statuses."""
        self.close_clients()
        for server in self.servers:
            server.process.terminate()
        return [server.wait_for_exit() for server in self.servers]


def worker_of(response: Response) -> str:
    """Return the boot id of the worker that has answered."""
    return str(response.headers["X-Request-Id"]).partition("-")[0]


def together(
    clients: Sequence[Client], method: str, path: str, body: Any = None, **headers: str
) -> list[Response]:
    """Send a request on all connections before the first response is read."""
    for client in clients:
        client.send(method, path, body, **headers)
    return [client.receive() for client in clients]
