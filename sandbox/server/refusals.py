"""The refusals of workers that cannot begin, for the arbiter, which ends the server with one of them."""

import os

_LARGEST = 4096
"""Bytes of a refusal. The system writes as many at once, so that those of several workers are not mixed."""
_READ_BYTES = 65_536


class Refusals:
    """A pipe from the workers to the arbiter, with lines of text. It is made before the workers are forked."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    def send(self, text: str) -> None:
        """Send a line from a worker that is about to exit."""
        os.write(self._writing, text.encode()[: _LARGEST - 1] + b"\n")

    def receive(self) -> str | None:
        """Return the first line that has arrived and drop the others. Return None if there is none."""
        try:
            said = os.read(self._reading, _READ_BYTES)
        except BlockingIOError:
            return None
        return said.partition(b"\n")[0].decode(errors="replace")

    def close(self) -> None:
        """Close both ends in this process."""
        os.close(self._reading)
        os.close(self._writing)
