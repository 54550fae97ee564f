"""What sleepers cost.

    python -m benchmarks.sleepers [--calls 1000] [--seconds 1]

At once, each on a connection of its own, first calls without a delay, then as many with one. The delays may overshoot
by what the same server needs to handle as many undelayed calls, and not by more. An undelayed call and a control call
are made again and again, which should answer as on an idle server.
"""

import argparse
import asyncio
from statistics import median
from time import perf_counter

from benchmarks.server import Running, sandbox_server

HEAD = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
RETRIEVE = "/v1/conversations/xgQQXg3hrtjh7AvZ"
COUNT = "/__admin/requests/count"


async def answered(server: Running, path: str, token: str) -> float:
    """Seconds from sending a call, on a new connection, to the last byte of its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    begun = perf_counter()
    writer.write(HEAD.format(path=path, port=server.port, token=token).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    await reader.readexactly(length)
    took = perf_counter() - begun
    writer.close()
    assert head.startswith(b"HTTP/1.1 200"), head
    return took


async def together(server: Running, path: str, calls: int) -> list[float]:
    """Seconds of each of ``calls`` that are made at once."""
    return await asyncio.gather(*(answered(server, path, "many") for _ in range(calls)))


async def probes(server: Running, times: int) -> tuple[float, float]:
    """Median milliseconds of an undelayed call and of a control call."""
    undelayed, control = [], []
    for _ in range(times):
        undelayed.append(await answered(server, RETRIEVE, "probe"))
        control.append(await answered(server, COUNT, "probe"))
    return median(undelayed) * 1000, median(control) * 1000


async def measure(server: Running, calls: int, seconds: float) -> None:
    """Make the calls, and print what they took."""
    await together(server, RETRIEVE, 50)
    idle = await probes(server, 50)
    memory = server.resident_kilobytes()
    plain = await together(server, RETRIEVE, calls)
    sleeping = asyncio.create_task(together(server, f"{RETRIEVE}?__delay={seconds * 1000:.0f}", calls))
    # When all are asleep: the calls were sent and handled in about the time of the undelayed ones.
    await asyncio.sleep(min(max(plain) * 1.2, seconds * 0.6))
    busy = await probes(server, 20)
    peak = server.resident_kilobytes()
    delayed = await sleeping
    print(f"{calls} calls at once, {seconds} s of delay")
    print(f"undelayed, the last answer after     {max(plain) * 1000:7.0f} ms")
    print(f"delayed, the last one's overshoot    {(max(delayed) - seconds) * 1000:7.0f} ms")
    print(f"a call in between, idle / sleeping   {idle[0]:7.2f} / {busy[0]:.2f} ms")
    print(f"a control call, idle / sleeping      {idle[1]:7.2f} / {busy[1]:.2f} ms")
    print(f"memory, idle / sleeping              {memory / 1024:7.1f} / {peak / 1024:.1f} MiB (proportional)")


def main() -> None:
    """Measure on a server of this project's own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    with sandbox_server() as server:
        asyncio.run(measure(server, arguments.calls, arguments.seconds))


if __name__ == "__main__":
    main()
