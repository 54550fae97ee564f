"""The settings for gunicorn, and their cache."""

import gc
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from sandbox.server.configuration import CachedConfig, gunicorn_settings
from sandbox.server.worker import SandboxWorker


def ready(worker: Any) -> None:
    """Do nothing."""


@pytest.fixture
def settings() -> dict[str, Any]:
    return gunicorn_settings(7, 1234, ready)


@pytest.fixture
def config(settings: dict[str, Any]) -> CachedConfig:
    """Return a configuration with all settings."""
    config = CachedConfig()
    for name, value in settings.items():
        config.set(name, value)
    return config


def test_gunicorn_knows_every_setting(settings: dict[str, Any]) -> None:
    """Detect settings that are missing in the installed version of gunicorn."""
    assert set(settings) - set(Config().settings) == set()


def test_gunicorn_accepts_every_value(settings: dict[str, Any], config: CachedConfig) -> None:
    changed = {"forwarded_allow_ips": ["*"], "forwarder_headers": []}
    for name, value in (settings | changed).items():
        assert getattr(config, name) == value, name


def test_worker_class_and_address(config: CachedConfig) -> None:
    assert config.worker_class is SandboxWorker
    assert config.address == [7]
    assert config.worker_connections == 1234
    assert config.post_worker_init is ready


def test_unknown_setting_is_refused() -> None:
    with pytest.raises(AttributeError, match="no_such_setting"):
        CachedConfig().set("no_such_setting", 1)
    with pytest.raises(AttributeError, match="no_such_setting"):
        CachedConfig().no_such_setting  # noqa: B018  # the access itself is tested


def test_setting_is_cached(config: CachedConfig) -> None:
    values = iter([3, 4])
    config.settings["keepalive"] = SimpleNamespace(get=lambda: next(values))
    assert [config.keepalive, config.keepalive] == [3, 3]


def test_changed_setting_is_read_again(config: CachedConfig) -> None:
    assert config.keepalive == 75
    config.set("keepalive", 5)
    assert config.keepalive == 5


@pytest.mark.parametrize(("hook", "arguments"), [("worker_exit", 2), ("on_exit", 1)])
def test_frozen_objects_are_unfrozen_on_exit(config: CachedConfig, hook: str, arguments: int) -> None:
    gc.freeze()
    assert gc.get_freeze_count() > 0
    getattr(config, hook)(*[None] * arguments)
    assert gc.get_freeze_count() == 0
