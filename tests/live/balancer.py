"""HAProxy with a configuration of docs/examples, before servers of this machine."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.live.server import REPOSITORY, TIMEOUT_SECONDS, free_port, wait_until
from tests.tools import find

SERVER = re.compile(r"^  server (\w+) (\S+):(\d+)$", re.MULTILINE)
BIND = re.compile(r"^  bind :(\d+)$", re.MULTILINE)


def configuration(name: str) -> str:
    """Return the text of a configuration."""
    return (REPOSITORY / "docs" / "examples" / name).read_text()


@contextmanager
def balancing(text: str, ports: Mapping[str, int], folder: Path) -> Iterator[str]:
    """Run HAProxy with a configuration, and yield its address. ``ports`` are those of the servers that it names."""
    port = free_port()
    text = SERVER.sub(lambda found: f"  server {found[1]} 127.0.0.1:{ports[found[2]]}", text)
    file = folder / "haproxy.cfg"
    file.write_text(BIND.sub(f"  bind 127.0.0.1:{port}", text))
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([find("haproxy"), "-db", "-f", str(file)], stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"

    def responds() -> bool:
        assert process.poll() is None, (folder / "haproxy.log").read_text()
        try:
            httpx.get(f"{address}/__admin/health", timeout=TIMEOUT_SECONDS)
        except httpx.TransportError:
            return False
        return True

    try:
        wait_until(responds)
        yield address
    finally:
        process.kill()
        process.wait(TIMEOUT_SECONDS)
