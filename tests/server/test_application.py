"""The application that gunicorn runs: its socket, and its configuration, which has no other source."""

import logging
import socket
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.http.limits import Limits
from sandbox.server import application as module
from sandbox.server.application import StandaloneApplication
from sandbox.server.listener import listen
from sandbox.settings import SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """A WSGI application that is never called."""
    raise NotImplementedError


@pytest.fixture
def events() -> list[str]:
    """The calls of ``on_ready``."""
    return []


@pytest.fixture
def application(events: list[str]) -> Iterator[StandaloneApplication]:
    made = StandaloneApplication(
        app,
        listen("127.0.0.1", 0),
        lambda: events.append("ready"),
        Limits(max_connections=50),
        lambda: events.append("boot"),
    )
    yield made
    socket.close(made.cfg.address[0])


def test_it_serves_the_application_as_configured(application: StandaloneApplication) -> None:
    assert application.wsgi() is app
    assert application.limits.max_connections == 50
    assert application.cfg.workers == 1


def test_it_takes_the_socket_over() -> None:
    listener = listen("127.0.0.1", 0)
    name = listener.getsockname()
    application = StandaloneApplication(app, listener, lambda: None)
    assert listener.fileno() == -1
    with socket.socket(fileno=application.cfg.address[0]) as taken:
        assert taken.getsockname() == name


def test_gunicorn_s_own_variables_are_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("timeout = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--workers 4 --timeout 1")
    application = StandaloneApplication(app, listen("127.0.0.1", 0), lambda: None)
    assert application.cfg.workers == 1
    assert application.cfg.timeout == 0
    socket.close(application.cfg.address[0])


def test_a_setting_that_gunicorn_does_not_know_ends_the_start_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "gunicorn_settings", lambda *_: {"no_such_setting": 1})
    listener = listen("127.0.0.1", 0)
    descriptor = listener.fileno()
    with pytest.raises(SystemExit) as left:
        StandaloneApplication(app, listener, lambda: None)
    socket.close(descriptor)
    assert left.value.code == 1
    assert "no_such_setting" in capsys.readouterr().err


def test_the_first_worker_says_that_the_server_is_ready(
    application: StandaloneApplication, events: list[str]
) -> None:
    application.cfg.post_worker_init(SimpleNamespace(age=1))
    assert events == ["boot", "ready"]


def test_a_worker_that_cannot_begin_ends_the_server_with_one_line(
    application: StandaloneApplication, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise SettingsError("--persist worlds.db cannot be used: database or disk is full.")

    monkeypatch.setattr(application, "_on_boot", refuse)
    with pytest.raises(SystemExit) as left:
        application.cfg.post_worker_init(SimpleNamespace(age=2, log=logging.getLogger("worker")))
    assert left.value.code == 3
    assert caplog.messages == ["--persist worlds.db cannot be used: database or disk is full."]


def test_a_worker_that_takes_the_place_of_another_warns_that_the_state_is_lost(
    application: StandaloneApplication, events: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    application.cfg.post_worker_init(SimpleNamespace(age=2, log=logging.getLogger("worker")))
    assert events == ["boot"]
    assert "what the sandboxes held is lost" in caplog.text
