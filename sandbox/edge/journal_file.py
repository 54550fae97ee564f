"""The journal as a file, for programs that evaluate a run when it is over."""

import json
import os
import sys

from sandbox.edge.journal_entry import entry_document
from sandbox.world.journal import Entry


class JournalFile:
    """A file to which the calls of all sandboxes are appended, a line of JSON each. No reset shortens it.

    Raises OSError if the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._has_failed = False

    def append(self, entry: Entry) -> None:
        """Append ``entry``. If the file cannot be written, no call fails, and the reason is printed once."""
        line = json.dumps(entry_document(entry)).encode() + b"\n"
        try:
            # One write for each line, so that a reader finds whole lines.
            os.write(self._descriptor, line)
        except OSError as error:
            if not self._has_failed:
                sys.stderr.write(f"protocol-sandbox: --journal-file {self._path}: {error.strerror}\n")
            self._has_failed = True
