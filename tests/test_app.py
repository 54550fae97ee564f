"""Where everything is wired together."""

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
    """An environment without settings."""
    for variable in [name for name in os.environ if name.startswith("SANDBOX_")]:
        monkeypatch.delenv(variable)
    return monkeypatch


def size(app: Flask) -> int:
    return len(app.test_client().get(COLLECTION + "?limit=100", headers=TOKEN).get_json()["data"])


def test_without_settings_the_variables_count(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANDBOX_SCENARIO", "documented")
    environment.setenv("SANDBOX_MAX_BODY_BYTES", "3")
    app = create_app()
    assert size(app) == 2
    assert app.test_client().post(COLLECTION, data=b"four", headers=TOKEN).status_code == 413


def test_a_wrong_variable_is_refused_before_anything_is_served(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANDBOX_SCENARIOO", "documented")
    with pytest.raises(SettingsError, match="did you mean SANDBOX_SCENARIO"):
        create_app()


def test_settings_that_are_given_are_all_that_counts(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SANDBOX_NONSENSE", "1")
    assert size(create_app(Settings(scenario="documented"))) == 2


def test_a_scenario_that_is_given_need_not_be_loaded() -> None:
    assert size(create_app(Settings(scenario="nowhere"), scenario=load("documented"))) == 2


def test_the_server_starts_with_the_scenario_of_its_settings() -> None:
    assert size(create_app(Settings(scenario="blank"))) == 0
    assert size(create_app(Settings(scenario="documented"))) == 2
    assert size(create_app(Settings())) == 100


def test_applications_share_nothing(open_app: Callable[..., Flask]) -> None:
    one, other = open_app(), open_app()
    one.test_client().post(COLLECTION, data={"contact_id": "c"}, headers=TOKEN)
    assert (size(one), size(other)) == (3, 2)


def test_there_are_no_static_files(
    open_app: Callable[..., Flask], assert_error_shape: Callable[..., str]
) -> None:
    for path in ("/static/", "/static/app.py", "/static/../app.py"):
        assert_error_shape(open_app().test_client().get(path), 404)


def test_the_public_face_is_what_it_says() -> None:
    assert sandbox.create_app is create_app
    assert sandbox.Settings is Settings
    assert set(sandbox.__all__) == {"create_app", "Settings", "__version__"}
    with pytest.raises(AttributeError, match="nothing"):
        _ = sandbox.nothing
