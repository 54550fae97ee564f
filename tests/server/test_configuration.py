"""gunicorn's settings: each exists and has its value."""

import gc
from typing import Any

import pytest
from gunicorn.config import Config

from sandbox.server.configuration import gunicorn_settings
from sandbox.server.worker import SandboxWorker


def ready(worker: Any) -> None:
    """Do nothing."""


@pytest.fixture
def settings() -> dict[str, Any]:
    return gunicorn_settings(7, 3, ready)


@pytest.fixture
def config(settings: dict[str, Any]) -> Any:
    """The configuration with all settings set."""
    config = Config()
    for name, value in settings.items():
        config.set(name, value)
    return config


def test_gunicorn_knows_every_setting(settings: dict[str, Any]) -> None:
    """A setting that a newer gunicorn drops, or an older one lacks, fails here and not at a user's start."""
    assert set(settings) - set(Config().settings) == set()


def test_gunicorn_takes_every_value_as_it_is_given(settings: dict[str, Any], config: Any) -> None:
    changed = {"forwarded_allow_ips": ["*"]}
    for name, value in (settings | changed).items():
        assert getattr(config, name) == value, name


def test_the_worker_is_ours_and_listens_on_the_descriptor(config: Any) -> None:
    assert config.worker_class is SandboxWorker
    assert config.address == [7]
    assert config.workers == 3
    assert config.post_worker_init is ready


def test_frozen_objects_are_returned_to_the_collector_at_the_end(config: Any) -> None:
    gc.freeze()
    assert gc.get_freeze_count() > 0
    config.on_exit(None)
    assert gc.get_freeze_count() == 0
