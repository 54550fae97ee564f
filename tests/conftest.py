"""Fixtures that all tests share: applications, clients, and a check of the shape of errors."""

import os
import sys
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
from tests.applications import APPLICATIONS, ENGINES
from tests.sandboxes import SANDBOXES

pytest_plugins = ["tests.tools", "tests.valkey_fixtures"]

TOKENS = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=ENGINES, default="memory", help="where the worlds of the tests live")


def pytest_configure() -> None:
    """Let Python store what it compiles, even where the environment forbids it, as that of many images does.

    Otherwise each of the hundreds of processes that tests start compiles the package, which takes half of its start.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: many tests wait for a process or a timer."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not apply to the engine of this run."""
    if config.getoption("--engine") == "valkey":
        config.hook.pytest_deselected(
            items=[each for each in items if each.get_closest_marker("without_store")]
        )
        items[:] = [each for each in items if not each.get_closest_marker("without_store")]


@pytest.fixture(scope="session", autouse=True)
def _engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    match request.config.getoption("--engine"):
        case "file":
            folder = tmp_path_factory.mktemp("worlds")
            APPLICATIONS.kept_in = lambda number: {"persist": str(folder / f"{number}.db")}
        case "valkey":
            server = request.getfixturevalue("shared_valkey")
            APPLICATIONS.kept_in = lambda number: {"store": server.url, "store_prefix": f"test-{number}:"}
            SANDBOXES.app = create_app(Settings(store=server.url, store_prefix="domain:", idle_seconds=0))


@pytest.fixture(autouse=True)
def _restart_changes_nothing() -> Iterator[None]:
    """Compare the worlds of a test with those in its files, if they are kept in files."""
    yield
    for before, after in APPLICATIONS.reopened():
        assert before == after


@cache
def cached_scenario(name: str) -> Scenario:
    """Return a scenario, which is loaded only once."""
    return load(name)


@pytest.fixture
def clock() -> SimpleNamespace:
    """Return the time of ``open_app``: ``now`` in Unix seconds, ``uptime`` in monotonic seconds."""
    return SimpleNamespace(now=1_800_000_000.0, uptime=0.0)


@pytest.fixture
def open_app(clock: SimpleNamespace) -> Callable[..., Flask]:
    """Return a factory of applications on the clock of the test: ``open_app("blank", lenient=True)``."""

    def create(scenario: str = "documented", **settings: Any) -> Flask:
        return APPLICATIONS.open(
            Settings(scenario=scenario, **settings),
            scenario=cached_scenario(scenario),
            now=lambda: clock.now,
            monotonic=lambda: clock.uptime,
        )

    return create


@pytest.fixture
def open_api(open_app: Callable[..., Flask]) -> Callable[..., FlaskClient]:
    """Return a factory like ``open_app``, of clients that send a token."""

    def create(scenario: str = "documented", **settings: Any) -> FlaskClient:
        client = open_app(scenario, **settings).test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer me"
        return client

    return create


@pytest.fixture(scope="session")
def shared_app() -> Flask:
    """Return an application for all tests that do not change the server itself. Its time is always 1800000000."""
    return create_app(
        Settings(scenario="documented"),
        scenario=cached_scenario("documented"),
        now=lambda: 1_800_000_000.0,
        monotonic=lambda: 0.0,
    )


@pytest.fixture
def api(shared_app: Flask) -> Iterator[FlaskClient]:
    """Yield a client of the shared application with a token, and so a sandbox, that no other test uses."""
    with shared_app.test_client() as client:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer test-{next(TOKENS)}"
        yield client


@pytest.fixture(scope="session")
def assert_error_shape() -> Callable[..., str]:
    """Return a check: ``assert_error_shape(response, 400, "limit")`` requires a documented error with these texts."""

    def check(response: TestResponse, status: int, *fragments: str) -> str:
        assert response.status_code == status, response.text
        kind = "api_error" if status >= 500 else "invalid_request"
        assert response.content_type == "application/json"
        shape = response.get_json()
        assert list(shape) == ["type", "message", "documentation_url"]
        assert shape["type"] == kind
        assert shape["documentation_url"] == f"https://protocol.chat/docs/errors/{kind}"
        message: str = shape["message"]
        assert message
        assert "Traceback" not in message
        for fragment in fragments:
            assert fragment in message
        return message

    return check
