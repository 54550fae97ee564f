"""Fixtures that several tests of the domain use."""

import sys
from collections.abc import Iterator

import pytest

from sandbox.world import ordered


@pytest.fixture(scope="module")
def narrow_nodes() -> Iterator[None]:
    """Limit nodes of ordered maps to four keys, so that a few dozen items make a deep tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "FANOUT", 4)
        yield


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Let the interpreter switch threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
