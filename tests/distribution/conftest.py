"""Fixtures that start servers."""

from tests.live.conftest import start

__all__ = ["start"]
