"""A server with several workers and an application that needs no store. It is run as a program.

    python tests/live/workers_server.py WORKERS [MODE [PARENT_PIPE]]

Every response has the process id of its worker, and a random number; ``/sleep`` is answered after a minute. In the mode
``refuse``, no worker begins; in the mode ``defect``, each fails with an error that is not a refusal; in the mode
``late``, the workers begin one after the other.
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import gevent

from sandbox.edge.boot import Boot
from sandbox.edge.request_id import RequestIds
from sandbox.server.application import Hooks, StandaloneApplication
from sandbox.server.greenlet_event import GreenletEvent
from sandbox.server.listener import address_of, listen
from sandbox.settings import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Application:
    """Answers with the process id of the worker."""

    def __init__(self, boot: Boot, workers: int, mode: str) -> None:
        self._boot = boot
        # Each worker takes a byte, which is its number.
        self._numbers, writing = os.pipe()
        os.write(writing, bytes(range(workers)))
        self._mode = mode
        self._request_ids = RequestIds(boot)

    def begin(self) -> None:
        """Begin in a worker, as the mode says."""
        if self._mode == "refuse":
            raise SettingsError("--store cannot be reached.")
        if self._mode == "defect":
            raise RuntimeError("a defect")
        if self._mode == "late":
            gevent.sleep(0.2 * os.read(self._numbers, 1)[0])
        self._boot.begin()
        _say(f"begun {os.getpid()}\n")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/sleep":
            GreenletEvent().wait(60.0)
        document = {
            "pid": os.getpid(),
            "boot": self._boot.id,
            "random": secrets.token_hex(8),
            "multiprocess": environ["wsgi.multiprocess"],
        }
        headers = [("Content-Type", "application/json"), ("X-Request-Id", self._request_ids.of(environ))]
        start_response("200 OK", headers)
        return [json.dumps(document).encode()]


def _say(text: str) -> None:
    # In one write, as the workers begin at the same time.
    os.write(sys.stdout.fileno(), text.encode())


def main() -> None:
    """Serve until a signal ends it."""
    workers, mode = int(sys.argv[1]), (sys.argv[2:] or [""])[0]
    parent_pipe = int(sys.argv[3]) if len(sys.argv) > 3 else None
    boot = Boot(time.monotonic)
    application = Application(boot, workers, mode)
    listener = listen("127.0.0.1", 0)
    address = address_of(listener)

    def on_ready() -> None:
        _say(f"listening on {address}\nCtrl-C stops it.\n")

    hooks = Hooks(on_boot=application.begin, on_ready=on_ready)
    try:
        StandaloneApplication(
            application, listener, hooks, None, parent_pipe, workers=workers, kept_by="--store"
        ).run()
    except SettingsError as error:
        sys.stderr.write(f"protocol-sandbox: {error.format_message()}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
