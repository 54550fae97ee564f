"""Processes of this machine, to see that nothing is left behind."""

from pathlib import Path

from tests.live.server import wait_until


def is_running(pid: int) -> bool:
    """Return whether the process exists and is not only waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def session_of(pid: int) -> list[int]:
    """Return the processes of the session that ``pid`` leads."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            session = (folder / "stat").read_text().rpartition(")")[2].split()[3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == pid:
            found.append(int(folder.name))
    return [each for each in found if is_running(each)]


def descendants(pid: int) -> list[int]:
    """Return the processes that ``pid`` or its descendants have started, from whichever thread."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(parent, []).append(int(folder.name))
    return _below(pid, parents)


def _below(pid: int, parents: dict[int, list[int]]) -> list[int]:
    children = parents.get(pid, [])
    return children + [each for child in children for each in _below(child, parents)]


def wait_for_end(*pids: int) -> None:
    """Wait until none of the processes is running."""
    wait_until(lambda: not any(map(is_running, pids)))
