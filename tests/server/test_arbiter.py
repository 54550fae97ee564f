"""The arbiter keeps exactly one worker on all signals."""

import signal

import httpx
import pytest
from gunicorn.arbiter import Arbiter

from sandbox.server.arbiter import SingleWorkerArbiter
from tests.live.conftest import StartServer

ME = {"Authorization": "Bearer me"}


@pytest.mark.parametrize(
    "handler", [name for name in vars(SingleWorkerArbiter) if name.startswith("handle_")]
)
def test_handlers_override_those_of_gunicorn(handler: str) -> None:
    """A handler with a name unknown to gunicorn would never be called."""
    assert callable(getattr(Arbiter, handler, None))


def test_signals_keep_the_worker_or_stop_the_server(start: StartServer) -> None:
    server = start("--scenario", "blank")
    collection = f"{server.address}/v1/conversations"
    httpx.post(collection, data={"contact_id": "a"}, headers=ME)
    for sign in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2, signal.SIGWINCH):
        server.process.send_signal(sign)
        assert len(httpx.get(collection, headers=ME).json()["data"]) == 1
    assert server.end(signal.SIGHUP) == 0
    assert server.log == ""
