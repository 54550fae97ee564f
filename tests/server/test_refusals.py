"""Lines from workers to the arbiter."""

from collections.abc import Iterator

import pytest

from sandbox.server.refusals import Refusals


@pytest.fixture
def refusals() -> Iterator[Refusals]:
    made = Refusals()
    yield made
    made.close()


def test_nothing_has_arrived_at_first(refusals: Refusals) -> None:
    assert refusals.receive() is None


def test_of_several_lines_one_is_received(refusals: Refusals) -> None:
    for text in ("--store é cannot be reached.", "another"):
        refusals.send(text)
    assert refusals.receive() == "--store é cannot be reached."
    assert refusals.receive() is None


def test_a_long_line_is_cut(refusals: Refusals) -> None:
    refusals.send("a" * 100_000)
    assert refusals.receive() == "a" * 4095
