"""A body that is sent in pieces."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise


class DribbledBody:
    """A WSGI body that arrives in ``count`` pieces: the first at once, the last after ``seconds``.

    ``pause`` sleeps for seconds and returns whether the call was woken; the rest then arrives at once. ``finished`` is
    called once, when the body was sent or the client left.
    """

    def __init__(
        self,
        body: Iterable[bytes],
        count: int,
        pause: Callable[[float], bool],
        seconds: float,
        finished: Callable[[], None],
    ) -> None:
        self._body = body
        self._count = count
        self._pause = pause
        self._seconds = seconds
        self._finished = finished
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        rest = iter(self._body)
        pieces = cut(next(rest, b""), self._count)
        between = self._seconds / max(len(pieces) - 1, 1)
        # A body that cannot be divided is delayed as a whole.
        woken = len(pieces) == 1 and self._pause(self._seconds)
        for at, piece in enumerate(pieces):
            woken = woken or (at > 0 and self._pause(between))
            yield piece
        # A body that ends the connection does so after its bytes.
        yield from rest

    def close(self) -> None:
        """End the body: it was sent, or the client left."""
        if self._open:
            self._open = False
            self._finished()
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def cut(whole: bytes, count: int) -> list[bytes]:
    """Return ``whole`` in ``count`` pieces of nearly equal length; in fewer if it has fewer bytes."""
    count = max(min(count, len(whole)), 1)
    cuts = [len(whole) * at // count for at in range(count + 1)]
    return [whole[start:end] for start, end in pairwise(cuts)]
