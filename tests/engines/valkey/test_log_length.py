"""The length of a log at which a checkpoint takes its place."""

import pytest

from sandbox.engines.valkey.log_length import LogLength


@pytest.mark.parametrize(
    ("checkpoint_bytes", "changes", "size", "is_long"),
    [
        (0, 1, 65_535, False),
        (0, 1, 65_536, True),
        (100_000, 1, 99_999, False),
        (100_000, 2, 50_000, True),
        (10**9, 9_999, 1, False),
        (10**9, 10_000, 1, True),
    ],
)
def test_log_is_long_by_its_bytes_or_by_its_changes(
    checkpoint_bytes: int, changes: int, size: int, is_long: bool
) -> None:
    length = LogLength(checkpoint_bytes)
    for _ in range(changes):
        length.add(size)
    assert length.is_long is is_long


def test_length_is_counted_anew_after_a_checkpoint() -> None:
    length = LogLength(0)
    length.add(65_536)
    length.begin()
    assert not length.is_long
    length.add(65_536)
    assert length.is_long
