"""A command beside a server of its own."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from protocol_sandbox.call import Call
from protocol_sandbox.errors import ReportError
from protocol_sandbox.exec.command import CommandError, run_command
from protocol_sandbox.exec.coverage import Coverage
from protocol_sandbox.exec.documented import Documented
from protocol_sandbox.exec.har import write_har
from protocol_sandbox.exec.junit import write_junit
from protocol_sandbox.exec.summary import summary_lines
from protocol_sandbox.server import Server

PREFIX = "/v1"
BELOW_GATE = 1
"""The exit status if the command has succeeded, but a report could not be written or the coverage is too low."""


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports of a run: files for the coverage as JUnit and for the calls as HAR, and whether to print a summary.

    ``fail_under`` is the least share of documented answers that clients must have received, in percent.
    """

    junit: Path | None = None
    journal: Path | None = None
    fail_under: int | None = None
    summary: bool = True

    def check(self) -> None:
        """Check that the files can be written, which changes none. Raises ReportError."""
        for path in filter(None, (self.junit, self.journal)):
            try:
                _check_writable(path)
            except OSError as error:
                raise ReportError(f"{path}: {error.strerror}") from None


def execute(command: Sequence[str], settings: Mapping[str, str], reports: Reports) -> int:
    """Run ``command`` beside a server with these settings, and return its exit status (negative: its signal).

    The command finds the server by the variables ``SANDBOX_URL``, ``SANDBOX_TOKEN`` and ``PROTOCOL_API_BASE``. Raises
    ReportError, before anything is started, if a report cannot be written, StartError if the server does not start, and
    ControlError if its settings refuse what is asked of it here.
    """
    reports.check()
    server = Server(**settings)
    # The file has no name, so that nothing is left behind whatever ends this process.
    with tempfile.TemporaryFile() as journal:
        server.start(journal)
        try:
            url, version = server.url, server.health()["version"]
            documented = Documented.of(server.openapi(), server.control_openapi())
            status = run_command(command, _environment(server))
        except CommandError as error:
            _print(f"protocol-sandbox: {error}")
            return error.status
        finally:
            server.stop()
        calls = _calls(journal)
    coverage = Coverage.of(documented, calls)
    if reports.summary:
        for line in summary_lines(coverage):
            _print(line)
    is_written = _write(reports, coverage, calls, url, version)
    is_enough = reports.fail_under is None or coverage.percent >= reports.fail_under
    if not is_enough:
        _print(f"protocol-sandbox: coverage is {coverage.percent}%, below {reports.fail_under}%")
    # A command that has failed says more than its coverage.
    return status or (0 if is_written and is_enough else BELOW_GATE)


def _environment(server: Server) -> dict[str, str]:
    return os.environ | {
        "SANDBOX_URL": server.url,
        "SANDBOX_TOKEN": server.world().token,
        "PROTOCOL_API_BASE": server.url + PREFIX,
    }


def _calls(journal: IO[bytes]) -> list[Call]:
    journal.seek(0)
    return [Call.of(json.loads(line)) for line in journal]


def _check_writable(path: Path) -> None:
    """Raise OSError if ``path`` cannot be written. The file is not changed, and one that does not exist is not left."""
    is_new = not path.exists()
    if is_new or path.is_file() or path.is_dir():
        # Not so a pipe or a device: a reader of it would see its end.
        path.open("ab").close()
    if is_new:
        path.resolve().unlink()


def _write(reports: Reports, coverage: Coverage, calls: Sequence[Call], url: str, version: str) -> bool:
    """Write the files, and return whether that succeeded."""
    try:
        if path := reports.junit:
            write_junit(path, coverage, reports.fail_under)
        if path := reports.journal:
            write_har(path, calls, url, version)
    except OSError as error:
        # The error has no path where the file was opened, but could not be written: on a full disk.
        _print(f"protocol-sandbox: {path}: {error.strerror}")
        return False
    return True


def _print(line: str) -> None:
    """Print on standard error, so that the output of the command stays its own."""
    sys.stderr.write(f"{line}\n")
