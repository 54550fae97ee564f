"""The file that says that the server is ready, for programs that start it."""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from gevent import socket

from sandbox.settings import SettingsError

REQUEST = b"GET /__admin/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class ReadyFile:
    """A file at ``path``, or a pipe: ``/dev/fd/5`` is the descriptor 5 of the server.

    A file of an earlier server is removed. Raises SettingsError if the file could not be written.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        if self._path.is_dir():
            raise SettingsError(f'--ready-file must be a file, not the folder "{path}".')
        if self._is_replaceable:
            folder = self._path.absolute().parent
            if not os.access(folder, os.W_OK | os.X_OK):
                raise SettingsError(f'--ready-file must be in a folder that can be written to, not "{path}".')
            self._path.unlink(missing_ok=True)

    @property
    def _is_replaceable(self) -> bool:
        return self._path.is_file() or not self._path.exists()

    def announce(self, address: str, pid: int) -> None:
        """Make a request to the server at ``address``, and write the file when it is answered.

        ``address`` is a URL like ``http://127.0.0.1:8000``, ``pid`` the process that a signal stops. Runs in a greenlet
        of the worker, which cannot raise: an error is printed.
        """
        _await_response(address)
        try:
            self._write(json.dumps({"url": address, "pid": pid}) + "\n", pid)
        except OSError as error:
            print(f"protocol-sandbox: --ready-file: {error}", file=sys.stderr)

    def _write(self, line: str, pid: int) -> None:
        if self._is_replaceable:
            # A reader never finds half of it.
            new = self._path.with_name(f".{self._path.name}.{pid}")
            new.write_text(line)
            new.replace(self._path)
        else:
            with self._path.open("w") as pipe:
                pipe.write(line)


def _await_response(address: str) -> None:
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(REQUEST)
        while connection.recv(65_536):
            pass
