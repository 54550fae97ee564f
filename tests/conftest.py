"""What the tests of every folder share: applications, clients, and the one shape of errors."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.app import create_app
from sandbox.seeding.scenario import Scenario, load
from sandbox.settings import Settings

TOKENS = count(1)


@cache
def loaded(name: str) -> Scenario:
    return load(name)


@pytest.fixture
def clock() -> SimpleNamespace:
    """The time of ``open_app``: ``now`` in Unix seconds, ``uptime`` in seconds that never go back."""
    return SimpleNamespace(now=1_800_000_000.0, uptime=0.0)


@pytest.fixture
def open_app(clock: SimpleNamespace) -> Callable[..., Flask]:
    """``open_app("blank", lenient=True)``: an application of the test's own, on the test's own clock."""

    def opened(scenario: str = "documented", **settings: Any) -> Flask:
        return create_app(
            Settings(scenario=scenario, **settings),
            scenario=loaded(scenario),
            now=lambda: clock.now,
            monotonic=lambda: clock.uptime,
        )

    return opened


@pytest.fixture
def open_api(open_app: Callable[..., Flask]) -> Callable[..., FlaskClient]:
    """Like ``open_app``, and answers a client that sends a token."""

    def opened(scenario: str = "documented", **settings: Any) -> FlaskClient:
        client = open_app(scenario, **settings).test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"
        return client

    return opened


@pytest.fixture(scope="session")
def shared_app() -> Flask:
    """One application for all tests that leave the server itself alone. Its time stands at 1800000000."""
    return create_app(
        Settings(scenario="documented"),
        scenario=loaded("documented"),
        now=lambda: 1_800_000_000.0,
        monotonic=lambda: 0.0,
    )


@pytest.fixture
def api(shared_app: Flask) -> Iterator[FlaskClient]:
    """A client of the shared application with a token, and so a sandbox, of the test's own."""
    with shared_app.test_client() as client:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer test-{next(TOKENS)}"
        yield client


@pytest.fixture(scope="session")
def assert_error_shape() -> Callable[..., str]:
    """``assert_error_shape(answer, 400, "limit")``: an error in the documented shape that says so."""

    def checked(answer: TestResponse, status: int, *said: str) -> str:
        assert answer.status_code == status, answer.text
        kind = "api_error" if status >= 500 else "invalid_request"
        assert answer.content_type == "application/json"
        shape = answer.get_json()
        assert list(shape) == ["type", "message", "documentation_url"]
        assert shape["type"] == kind
        assert shape["documentation_url"] == f"https://protocol.chat/docs/errors/{kind}"
        message: str = shape["message"]
        assert message
        assert "Traceback" not in message
        for text in said:
            assert text in message
        return message

    return checked
