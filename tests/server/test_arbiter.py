"""The arbiter keeps the number of workers on all signals, and ends the server if one of them cannot begin."""

import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.errors import HaltServer

from sandbox.server.arbiter import END_SIGNALS, POLL_SECONDS, SandboxArbiter
from sandbox.server.refusals import Refusals
from sandbox.settings import SettingsError
from tests.live.conftest import StartServer

ME = {"Authorization": "Bearer me"}


@pytest.fixture
def refusals() -> Iterator[Refusals]:
    made = Refusals()
    yield made
    made.close()


@pytest.fixture
def arbiter(refusals: Refusals, monkeypatch: pytest.MonkeyPatch) -> SandboxArbiter:
    """An arbiter of three workers that was not started, and has no child to wait for."""
    config = Config()
    config.set("workers", 3)
    monkeypatch.setattr(SandboxArbiter, "WORKERS", {})
    monkeypatch.setattr(Arbiter, "reap_workers", lambda _: None)
    return SandboxArbiter(SimpleNamespace(cfg=config), refusals)


@pytest.mark.parametrize("handler", [name for name in vars(SandboxArbiter) if name.startswith("handle_")])
def test_handlers_override_those_of_gunicorn(handler: str) -> None:
    """A handler with a name unknown to gunicorn would never be called."""
    assert callable(getattr(Arbiter, handler, None))


def test_all_workers_are_forked_at_the_start_without_a_pause(
    arbiter: SandboxArbiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("gunicorn.arbiter.time.sleep", slept.append)

    def fork(self: Any) -> None:
        self.worker_age += 1
        self.WORKERS[self.worker_age] = SimpleNamespace()

    monkeypatch.setattr(Arbiter, "spawn_worker", fork)
    arbiter.spawn_workers()
    assert (list(arbiter.WORKERS), slept) == ([1, 2, 3], [])
    del arbiter.WORKERS[2]
    arbiter.spawn_workers()
    assert (list(arbiter.WORKERS), len(slept)) == ([1, 3, 4], 1)


def test_signals_are_blocked_while_a_worker_is_forked(
    arbiter: SandboxArbiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks: list[set[Any]] = []
    monkeypatch.setattr(Arbiter, "spawn_worker", lambda _: masks.append(signal.pthread_sigmask(0, ())))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    arbiter.spawn_worker()
    assert masks == [before | END_SIGNALS]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_a_worker_takes_the_place_of_a_dead_one(arbiter: SandboxArbiter) -> None:
    workers = [SimpleNamespace(place=0) for _ in range(4)]
    for pid, worker in enumerate(workers[:3]):
        arbiter.assign_place(worker)
        arbiter.WORKERS[pid] = worker
    assert [worker.place for worker in workers[:3]] == [0, 1, 2]
    del arbiter.WORKERS[1]
    arbiter.assign_place(workers[3])
    assert workers[3].place == 1


def test_a_refusal_of_a_worker_ends_the_server_once(arbiter: SandboxArbiter, refusals: Refusals) -> None:
    arbiter.reap_workers()
    refusals.send("--store cannot be reached.")
    with pytest.raises(HaltServer):
        arbiter.reap_workers()
    refusals.send("another")
    with pytest.raises(SettingsError, match=r"^--store cannot be reached\.$"):
        arbiter.halt("a reason", 3)


def test_a_worker_that_fails_while_the_server_ends_does_not_interrupt_the_end(
    arbiter: SandboxArbiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(_: Any) -> None:
        raise HaltServer("Worker failed to boot.", 3)

    monkeypatch.setattr(Arbiter, "reap_workers", failed)
    with pytest.raises(HaltServer):
        arbiter.reap_workers()
    with pytest.raises(SystemExit) as left:
        arbiter.halt("Worker failed to boot.", 3)
    assert left.value.code == 3


@pytest.mark.parametrize(("graceful", "sign"), [(True, signal.SIGTERM), (False, signal.SIGQUIT)])
def test_the_end_does_not_wait_for_gunicorns_interval(
    arbiter: SandboxArbiter, monkeypatch: pytest.MonkeyPatch, graceful: bool, sign: signal.Signals
) -> None:
    slept: list[float] = []
    killed: list[int] = []

    def reap(_: Any) -> None:
        if len(slept) == 2:
            arbiter.WORKERS.clear()

    monkeypatch.setattr("sandbox.server.arbiter.time.sleep", slept.append)
    monkeypatch.setattr(Arbiter, "reap_workers", reap)
    monkeypatch.setattr(Arbiter, "kill_workers", lambda _, each: killed.append(each))
    monkeypatch.setattr(Arbiter, "LISTENERS", [], raising=False)
    arbiter.WORKERS[1] = SimpleNamespace()
    arbiter.stop(graceful)
    assert slept == [POLL_SECONDS] * 2
    assert killed[0] == sign


def end_hung_workers(arbiter: SandboxArbiter, monkeypatch: pytest.MonkeyPatch) -> tuple[float, list[int]]:
    """End a server whose worker hangs. Return for how long it waited, and the signals that the worker got."""
    slept: list[float] = []
    killed: list[int] = []
    monkeypatch.setattr("sandbox.server.arbiter.time.sleep", slept.append)
    monkeypatch.setattr("sandbox.server.arbiter.time.monotonic", lambda: sum(slept))
    monkeypatch.setattr(Arbiter, "reap_workers", lambda _: None)
    monkeypatch.setattr(Arbiter, "kill_workers", lambda _, each: killed.append(each))
    monkeypatch.setattr(Arbiter, "LISTENERS", [], raising=False)
    arbiter.WORKERS[1] = SimpleNamespace()
    arbiter.stop()
    arbiter.WORKERS.clear()
    return sum(slept), killed


def test_worker_that_hangs_is_killed_after_the_time_for_calls(
    arbiter: SandboxArbiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = arbiter.cfg.graceful_timeout
    waited, killed = end_hung_workers(arbiter, monkeypatch)
    assert waited == pytest.approx(seconds, abs=2 * POLL_SECONDS)
    assert killed[-1] == signal.SIGKILL


def test_worker_that_hangs_is_killed_at_the_second_interruption(
    arbiter: SandboxArbiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sign in (signal.SIGCHLD, signal.SIGINT):
        arbiter.signal(sign, None)
    waited, killed = end_hung_workers(arbiter, monkeypatch)
    assert waited == 0
    assert killed[-1] == signal.SIGKILL


def test_signals_keep_the_worker_or_stop_the_server(start: StartServer) -> None:
    server = start("--scenario", "blank")
    collection = f"{server.address}/v1/conversations"
    httpx.post(collection, data={"contact_id": "a"}, headers=ME)
    for sign in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR2, signal.SIGWINCH):
        server.process.send_signal(sign)
        assert len(httpx.get(collection, headers=ME).json()["data"]) == 1
    assert server.end(signal.SIGHUP) == 0
    assert server.log == ""
