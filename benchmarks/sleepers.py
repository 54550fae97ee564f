"""The cost of sleeping calls.

    python -m benchmarks.sleepers [--calls 1000] [--seconds 1] [--rounds 5]

Each call has a connection of its own, which is already open. First calls without a delay are sent at once, then as
many with a delay. The delays may overshoot by no more than the time in which the server handles the undelayed calls.
While calls sleep, an undelayed call and a control call are repeated; they should be as fast as on an idle server.
"""

import argparse
import selectors
import socket
from contextlib import ExitStack
from statistics import median
from time import perf_counter, sleep
from typing import NamedTuple

from benchmarks.server import Running, sandbox_server

HEAD = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
RETRIEVE = "/v1/conversations/xgQQXg3hrtjh7AvZ"
COUNT = "/__admin/requests/count"
PATIENCE = 30
"""The timeout of a connection and of a response, in seconds."""


class Figures(NamedTuple):
    """The figures of one round: milliseconds, and MiB of proportional set size."""

    undelayed: float
    overshoot: float
    call_idle: float
    call_sleeping: float
    control_idle: float
    control_sleeping: float
    memory_idle: float
    memory_sleeping: float


class Connections:
    """Open connections on which calls are sent at once. The client is minimal, to measure the server and not itself."""

    def __init__(self, server: Running, count: int) -> None:
        self._port = server.port
        self._open = [socket.create_connection(("127.0.0.1", server.port), PATIENCE) for _ in range(count)]
        self._selector = selectors.DefaultSelector()
        for each in self._open:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(each, selectors.EVENT_READ)

    def close(self) -> None:
        """Close all connections."""
        self._selector.close()
        for each in self._open:
            each.close()

    def send(self, path: str, token: str) -> float:
        """Send a call on each connection, and return the time at which that began."""
        call = HEAD.format(path=path, port=self._port, token=token).encode()
        begun = perf_counter()
        for each in self._open:
            each.sendall(call)
        return begun

    def answered(self) -> float:
        """Wait for all responses, and return the time at which the last one arrived."""
        missing = len(self._open)
        while missing:
            for key, _ in self._selector.select(PATIENCE):
                # The server sends a response in one packet.
                answer = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                assert answer.startswith(b"HTTP/1.1 200"), answer
                missing -= 1
        return perf_counter()

    def together(self, path: str, token: str) -> float:
        """Send a call on each connection, and return the seconds until the last response."""
        begun = self.send(path, token)
        return self.answered() - begun


def probed(probe: Connections, times: int) -> tuple[float, float]:
    """Return the median milliseconds of an undelayed call and of a control call."""
    undelayed = median(probe.together(RETRIEVE, "probe") for _ in range(times))
    control = median(probe.together(COUNT, "probe") for _ in range(times))
    return undelayed * 1000, control * 1000


def measured(server: Running, many: Connections, probe: Connections, seconds: float) -> Figures:
    """Measure one round."""
    idle = probed(probe, 50)
    memory = server.resident_kilobytes()
    undelayed = many.together(RETRIEVE, "many")
    begun = many.send(f"{RETRIEVE}?__delay={seconds * 1000:.0f}", "many")
    # All calls sleep by then: starting them takes no longer than starting and ending the undelayed ones did.
    sleep(min(undelayed * 1.2, seconds * 0.6))
    busy = probed(probe, 20)
    peak = server.resident_kilobytes()
    overshoot = many.answered() - begun - seconds
    return Figures(
        undelayed * 1000, overshoot * 1000, idle[0], busy[0], idle[1], busy[1], memory / 1024, peak / 1024
    )


def main() -> None:
    """Measure the server of this project, and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with sandbox_server() as server, ExitStack() as opened:
        many, probe = Connections(server, arguments.calls), Connections(server, 1)
        opened.callback(many.close)
        opened.callback(probe.close)
        many.together(RETRIEVE, "many")
        rounds = [measured(server, many, probe, arguments.seconds) for _ in range(arguments.rounds)]
    figures = Figures(*map(median, zip(*rounds, strict=True)))
    print(
        f"{arguments.calls} calls at once, {arguments.seconds} s of delay, medians of {arguments.rounds} rounds"
    )
    print(f"undelayed, the last answer after     {figures.undelayed:7.0f} ms  {spread(rounds, 0)}")
    print(f"delayed, the last one's overshoot    {figures.overshoot:7.0f} ms  {spread(rounds, 1)}")
    print(f"a call in between, idle / sleeping   {figures.call_idle:7.2f} / {figures.call_sleeping:.2f} ms")
    print(
        f"a control call, idle / sleeping      {figures.control_idle:7.2f} / {figures.control_sleeping:.2f} ms"
    )
    print(
        f"memory, idle / sleeping              {figures.memory_idle:7.1f} / {figures.memory_sleeping:.1f} MiB"
    )


def spread(rounds: list[Figures], at: int) -> str:
    """Return the minimum and the maximum of one figure."""
    return f"({min(each[at] for each in rounds):.0f} to {max(each[at] for each in rounds):.0f})"


if __name__ == "__main__":
    main()
