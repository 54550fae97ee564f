"""A body in pieces, spread over a time."""

from collections.abc import Iterator

import pytest

from sandbox.edge.injection.dribbled_body import DribbledBody, cut


class Harness:
    """Notes what was sent and slept, in order; ``woken`` says which pause somebody woke, counted from 1."""

    def __init__(self, woken: int = 0) -> None:
        self.done: list[bytes | float] = []
        self.ended = 0
        self._woken = woken
        self._pauses = 0

    def pause(self, seconds: float) -> bool:
        self.done.append(seconds)
        self._pauses += 1
        return self._pauses == self._woken

    def end(self) -> None:
        self.ended += 1

    def send(self, body: "list[bytes] | Iterator[bytes]", count: int, seconds: float) -> DribbledBody:
        dribbling = DribbledBody(body, count, self.pause, seconds, self.end)
        for piece in dribbling:
            self.done.append(piece)
        return dribbling


def test_the_first_piece_comes_at_once_and_the_last_when_the_time_is_over() -> None:
    bench = Harness()
    bench.send([b"abcdef"], 3, 1.0)
    assert bench.done == [b"ab", 0.5, b"cd", 0.5, b"ef"]


@pytest.mark.parametrize(("body", "count"), [([b"a"], 5), ([b"abc"], 1), ([b""], 4), ([], 4)])
def test_what_cannot_be_cut_takes_its_time_all_the_same(body: list[bytes], count: int) -> None:
    bench = Harness()
    bench.send(body, count, 2.0)
    assert bench.done == [2.0, b"".join(body)]


def test_whoever_is_woken_gets_the_rest_at_once() -> None:
    bench = Harness(woken=2)
    bench.send([b"abcde"], 5, 4.0)
    assert bench.done == [b"a", 1.0, b"b", 1.0, b"c", b"d", b"e"]


def test_a_body_that_ends_the_connection_does_so_behind_its_pieces() -> None:
    bench = Harness()

    def body() -> Iterator[bytes]:
        yield b"ab"
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        bench.send(body(), 2, 1.0)
    assert bench.done == [b"a", 1.0, b"b"]


def test_its_end_is_told_once_and_the_body_is_closed() -> None:
    bench, closed = Harness(), []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"ab"])

        def close(self) -> None:
            closed.append(True)

    dribbling = DribbledBody(Body(), 2, bench.pause, 1.0, bench.end)
    assert b"".join(dribbling) == b"ab"
    assert bench.ended == 0
    dribbling.close()
    dribbling.close()
    assert bench.ended == 1
    assert closed


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 11, 1000])
def test_pieces_are_of_nearly_the_same_length_and_together_the_whole(count: int) -> None:
    whole = b"0123456789"
    pieces = cut(whole, count)
    lengths = [len(piece) for piece in pieces]
    assert b"".join(pieces) == whole
    assert len(pieces) == min(count, len(whole))
    assert max(lengths) - min(lengths) <= 1
