"""Fixtures that start servers, and tokens of their sandboxes."""

from tests.live.conftest import start, token

__all__ = ["start", "token"]
