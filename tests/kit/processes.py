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


def wait_for_end(*pids: int) -> None:
    """Wait until none of the processes is running."""
    wait_until(lambda: not any(map(is_running, pids)))
