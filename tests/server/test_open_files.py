"""The limit on open files is raised up to the hard limit and never lowered."""

import resource

import pytest

from sandbox.server.open_files import raise_open_file_limit

NO_LIMIT = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "count", "set_to"),
    [
        ((1024, 4096), 2000, [(2000, 4096)]),
        ((1024, 4096), 10_000, [(4096, 4096)]),
        ((1024, NO_LIMIT), 10_000, [(10_000, NO_LIMIT)]),
        ((4096, 4096), 10_000, []),
        ((4096, 8192), 2000, []),
        ((NO_LIMIT, NO_LIMIT), 2000, []),
    ],
)
def test_soft_limit_is_raised_up_to_the_hard_limit(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], count: int, set_to: list[tuple[int, int]]
) -> None:
    changes: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, changed: changes.append(changed))
    raise_open_file_limit(count)
    assert changes == set_to


def test_limit_is_set_in_the_system() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
    try:
        raise_open_file_limit(soft)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
