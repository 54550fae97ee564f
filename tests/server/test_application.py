"""The gunicorn application: its socket, its configuration, and the start of its worker."""

import logging
import socket
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.server import application as module
from sandbox.server.application import StandaloneApplication
from sandbox.server.listener import listen

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Serve as a WSGI application that is never called."""
    raise NotImplementedError


@pytest.fixture
def events() -> list[str]:
    """Return a list that records the calls of ``on_ready``."""
    return []


@pytest.fixture
def application(events: list[str]) -> Iterator[StandaloneApplication]:
    made = StandaloneApplication(app, listen("127.0.0.1", 0), lambda: events.append("ready"), 50)
    yield made
    socket.close(made.cfg.address[0])


def test_application_is_configured(application: StandaloneApplication) -> None:
    assert application.wsgi() is app
    assert application.cfg.worker_connections == 50
    assert application.cfg.workers == 1


def test_application_takes_over_the_socket() -> None:
    listener = listen("127.0.0.1", 0)
    name = listener.getsockname()
    application = StandaloneApplication(app, listener, lambda: None)
    assert listener.fileno() == -1
    with socket.socket(fileno=application.cfg.address[0]) as taken:
        assert taken.getsockname() == name


def test_gunicorn_config_file_and_variables_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("keepalive = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--workers 4 --keep-alive 1")
    application = StandaloneApplication(app, listen("127.0.0.1", 0), lambda: None)
    assert application.cfg.workers == 1
    assert application.cfg.keepalive == 75
    socket.close(application.cfg.address[0])


def test_unknown_setting_exits_with_its_name(
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


def test_first_worker_calls_on_ready(application: StandaloneApplication, events: list[str]) -> None:
    application.cfg.post_worker_init(SimpleNamespace(age=1))
    assert events == ["ready"]


def test_replacement_worker_warns_of_lost_state(
    application: StandaloneApplication, events: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    application.cfg.post_worker_init(SimpleNamespace(age=2, log=logging.getLogger("worker")))
    assert events == []
    assert "what the sandboxes held is lost" in caplog.text
