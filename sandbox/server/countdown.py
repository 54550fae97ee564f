"""A countdown that several processes share."""

import os

_NOT_LAST = b"."
_LAST = b"!"


class Countdown:
    """Tells one of ``count`` processes that it is the last to arrive. It is made before they are forked.

    It is a pipe with as many bytes as there are processes, of which each takes one: the system gives no byte to two of
    them, and none is left over that could lock the others out if a process dies.
    """

    def __init__(self, count: int) -> None:
        self._reading, writing = os.pipe()
        os.write(writing, _NOT_LAST * (count - 1) + _LAST)
        # Without a writing end, reading the empty pipe does not wait.
        os.close(writing)

    def arrive(self) -> bool:
        """Return True if all others have arrived and nobody has been told so."""
        return os.read(self._reading, 1) == _LAST

    def close(self) -> None:
        """Close the pipe in this process."""
        os.close(self._reading)
