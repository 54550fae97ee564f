"""Servers for the tests of this folder."""

from tests.live.conftest import start

__all__ = ["start"]
