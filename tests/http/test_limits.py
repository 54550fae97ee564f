"""The limits are the settings of the same names."""

from dataclasses import fields

from sandbox.http.limits import Limits
from sandbox.settings import Settings


def test_each_limit_is_a_setting() -> None:
    settings = Settings(max_headers=7, head_seconds=3)
    limits = Limits.of(settings)
    for row in fields(Limits):
        assert getattr(limits, row.name) == getattr(settings, row.name)


def test_the_defaults_are_those_of_the_settings() -> None:
    assert Limits() == Limits.of(Settings())


def test_connections_are_limited_by_the_open_files_of_the_process() -> None:
    limits = Limits(max_connections=100)
    assert limits.within(50).max_connections == 45
    assert limits.within(1000) == limits
    assert limits.within(limits.open_files) == limits
    assert limits.within(0).max_connections == 1
