"""The application that gunicorn runs: its socket, and its configuration, which has no other source."""

import logging
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.http.limits import Limits
from sandbox.server import application as module
from sandbox.server.application import Hooks, StandaloneApplication
from sandbox.server.listener import listen
from sandbox.settings import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """A WSGI application that is never called."""
    raise NotImplementedError


Open = Callable[..., StandaloneApplication]


@pytest.fixture
def events() -> list[str]:
    """The calls of the hooks."""
    return []


@pytest.fixture
def open_application(events: list[str]) -> Iterator[Open]:
    """``open_application(workers=2)``: an application with a socket of its own, which is closed after the test."""
    opened: list[StandaloneApplication] = []

    def made(
        hooks: Hooks | None = None, limits: Limits | None = None, **options: Any
    ) -> StandaloneApplication:
        hooks = hooks or Hooks(on_boot=lambda: events.append("boot"), on_ready=lambda: events.append("ready"))
        opened.append(StandaloneApplication(app, listen("127.0.0.1", 0), hooks, limits, **options))
        return opened[-1]

    yield made
    for each in opened:
        socket.close(each.cfg.address[0])
        each.close()


def worker(age: int) -> SimpleNamespace:
    return SimpleNamespace(age=age, log=logging.getLogger("worker"))


def test_it_serves_the_application_as_configured(open_application: Open) -> None:
    application = open_application(None, Limits(max_connections=50))
    assert application.wsgi() is app
    assert application.limits.max_connections == 50
    assert application.cfg.workers == 1
    assert application.connection_counts is None


def test_several_workers_share_the_counts_of_their_connections(open_application: Open) -> None:
    application = open_application(workers=3)
    assert application.cfg.workers == 3
    assert application.connection_counts is not None
    application.connection_counts.set(2, 10)
    assert application.connection_counts.is_ahead(2)


def test_it_takes_the_socket_over() -> None:
    listener = listen("127.0.0.1", 0)
    name = listener.getsockname()
    application = StandaloneApplication(app, listener, Hooks())
    assert listener.fileno() == -1
    with socket.socket(fileno=application.cfg.address[0]) as taken:
        assert taken.getsockname() == name
    application.close()


def test_gunicorn_s_own_variables_are_not_read(
    open_application: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("timeout = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--workers 4 --timeout 1")
    application = open_application()
    assert application.cfg.workers == 1
    assert application.cfg.timeout == 0


def test_a_setting_that_gunicorn_does_not_know_ends_the_start_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "gunicorn_settings", lambda *_: {"no_such_setting": 1})
    listener = listen("127.0.0.1", 0)
    descriptor = listener.fileno()
    with pytest.raises(SystemExit) as left:
        StandaloneApplication(app, listener, Hooks())
    socket.close(descriptor)
    assert left.value.code == 1
    assert "no_such_setting" in capsys.readouterr().err


def test_the_first_worker_says_that_the_server_is_ready(open_application: Open, events: list[str]) -> None:
    open_application().cfg.post_worker_init(worker(age=1))
    assert events == ["boot", "ready"]


def test_the_last_of_several_workers_says_that_the_server_is_ready(
    open_application: Open, events: list[str]
) -> None:
    application = open_application(workers=3)
    for age in (2, 1, 3):
        application.cfg.post_worker_init(worker(age))
    assert events == ["boot", "boot", "boot", "ready"]


def test_a_worker_that_took_the_place_of_another_at_the_start_may_be_the_last(
    open_application: Open, events: list[str]
) -> None:
    application = open_application(workers=2)
    for age in (1, 3, 4):
        application.cfg.post_worker_init(worker(age))
    assert events == ["boot", "boot", "ready", "boot"]


def test_a_worker_that_cannot_begin_tells_the_arbiter_and_exits(open_application: Open) -> None:
    line = "--persist worlds.db cannot be used: database or disk is full."

    def refuse() -> None:
        raise SettingsError(line)

    application = open_application(Hooks(on_boot=refuse))
    with pytest.raises(SystemExit) as left:
        application.cfg.post_worker_init(worker(age=2))
    assert left.value.code == 0
    assert application.refusals.receive() == line


@pytest.mark.parametrize(
    ("workers", "kept_by", "message"),
    [
        (1, None, "The worker died and was started again: what the sandboxes held is lost."),
        (1, "--persist", "The worker died and was started again, with the sandboxes of --persist."),
        (2, "--store", "A worker died and was started again, with the sandboxes of --store."),
    ],
)
def test_a_worker_that_takes_the_place_of_another_says_what_is_kept(
    open_application: Open, caplog: pytest.LogCaptureFixture, workers: int, kept_by: str | None, message: str
) -> None:
    application = open_application(workers=workers, kept_by=kept_by)
    for age in range(1, workers + 1):
        application.cfg.post_worker_init(worker(age))
    assert caplog.messages == []
    application.cfg.post_worker_init(worker(age=workers + 1))
    assert caplog.messages == [message]
