"""The application factory."""

import os
from collections.abc import Callable

import pytest
from flask import Flask

import sandbox
from sandbox.app import create_app
from sandbox.seeding.scenario import load
from sandbox.settings import Settings, SettingsError

COLLECTION = "/v1/conversations"
TOKEN = {"Authorization": "Bearer me"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Remove all settings from the environment, and return the monkeypatch."""
    for variable in [name for name in os.environ if name.startswith("SANDBOX_")]:
        monkeypatch.delenv(variable)
    return monkeypatch


def conversation_count(app: Flask) -> int:
    return len(app.test_client().get(COLLECTION + "?limit=100", headers=TOKEN).get_json()["data"])


def test_settings_are_read_from_the_environment_by_default(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANDBOX_SCENARIO", "documented")
    environment.setenv("SANDBOX_MAX_BODY_BYTES", "3")
    app = create_app()
    assert conversation_count(app) == 2
    assert app.test_client().post(COLLECTION, data=b"four", headers=TOKEN).status_code == 413


def test_create_app_refuses_an_unknown_variable(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANDBOX_SCENARIOO", "documented")
    with pytest.raises(SettingsError, match="did you mean SANDBOX_SCENARIO"):
        create_app()


def test_given_settings_replace_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANDBOX_NONSENSE", "1")
    assert conversation_count(create_app(Settings(scenario="documented"))) == 2


def test_given_scenario_replaces_that_of_the_settings() -> None:
    assert conversation_count(create_app(Settings(scenario="nowhere"), scenario=load("documented"))) == 2


def test_scenario_of_the_settings_is_loaded() -> None:
    assert conversation_count(create_app(Settings(scenario="blank"))) == 0
    assert conversation_count(create_app(Settings(scenario="documented"))) == 2
    assert conversation_count(create_app(Settings())) == 100


def test_applications_are_independent(open_app: Callable[..., Flask]) -> None:
    one, other = open_app(), open_app()
    one.test_client().post(COLLECTION, data={"contact_id": "c"}, headers=TOKEN)
    assert (conversation_count(one), conversation_count(other)) == (3, 2)


def test_static_files_are_not_served(
    open_app: Callable[..., Flask], assert_error_shape: Callable[..., str]
) -> None:
    for path in ("/static/", "/static/app.py", "/static/../app.py"):
        assert_error_shape(open_app().test_client().get(path), 404)


def test_package_exports_its_public_names() -> None:
    assert sandbox.create_app is create_app
    assert sandbox.Settings is Settings
    assert set(sandbox.__all__) == {"create_app", "Settings", "__version__"}
    with pytest.raises(AttributeError, match="nothing"):
        _ = sandbox.nothing
