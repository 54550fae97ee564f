"""The arbiter has one worker, whatever signal comes."""

import signal

import httpx
import pytest
from gunicorn.arbiter import Arbiter

from sandbox.server.arbiter import SingleWorkerArbiter
from tests.live.conftest import Start

ME = {"Authorization": "Bearer me"}


@pytest.mark.parametrize(
    "handler", [name for name in vars(SingleWorkerArbiter) if name.startswith("handle_")]
)
def test_each_handler_overrides_one_of_gunicorn(handler: str) -> None:
    """A handler whose name gunicorn does not know would never be called."""
    assert callable(getattr(Arbiter, handler, None))


def test_only_signals_that_end_the_server_change_anything(start: Start) -> None:
    server = start("--scenario", "blank")
    collection = f"{server.address}/v1/conversations"
    httpx.post(collection, data={"contact_id": "a"}, headers=ME)
    for sign in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2, signal.SIGWINCH):
        server.process.send_signal(sign)
        assert len(httpx.get(collection, headers=ME).json()["data"]) == 1
    assert server.end(signal.SIGHUP) == 0
    assert server.log == ""
