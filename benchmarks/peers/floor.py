"""The floor: the gunicorn server, worker and parser of this project around a function that only returns bytes.

    python -m benchmarks.peers.floor PORT FILE

FILE maps "METHOD path?query" to bodies. The cost is that of gunicorn and gevent; no application on top of them can be
faster.
"""

import gc
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.server.application import Hooks, StandaloneApplication
from sandbox.server.listener import listen

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def constant(bodies: dict[str, str]) -> "WSGIApplication":
    """Return a WSGI application that only looks up a body."""
    answers = {
        call: (
            "201 Created" if call.startswith("POST") else "200 OK",
            [("Content-Type", "application/json"), ("Content-Length", str(len(body.encode())))],
            [body.encode()],
        )
        for call, body in bodies.items()
    }

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        call = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        status, headers, body = answers[call]
        start_response(status, headers)
        return body

    return answer


def main() -> None:
    """Serve until a signal ends it."""
    port, file = sys.argv[1:]
    app = constant(json.loads(Path(file).read_text()))
    listener = listen("127.0.0.1", int(port))
    gc.freeze()
    StandaloneApplication(app, listener, Hooks()).run()


if __name__ == "__main__":
    main()
