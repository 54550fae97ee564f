"""A body that is sent in pieces over a period of time."""

from collections.abc import Iterator

import pytest

from sandbox.edge.injection.dribbled_body import DribbledBody, cut


class Harness:
    """Records in ``done`` what is sent and slept. ``woken`` is the number of the pause that is woken, from 1."""

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
        dribbled = DribbledBody(body, count, self.pause, seconds, self.end)
        for piece in dribbled:
            self.done.append(piece)
        return dribbled


def test_pieces_are_spread_over_the_time() -> None:
    harness = Harness()
    harness.send([b"abcdef"], 3, 1.0)
    assert harness.done == [b"ab", 0.5, b"cd", 0.5, b"ef"]


@pytest.mark.parametrize(("body", "count"), [([b"a"], 5), ([b"abc"], 1), ([b""], 4), ([], 4)])
def test_indivisible_body_is_delayed_as_a_whole(body: list[bytes], count: int) -> None:
    harness = Harness()
    harness.send(body, count, 2.0)
    assert harness.done == [2.0, b"".join(body)]


def test_rest_is_sent_at_once_after_a_wake() -> None:
    harness = Harness(woken=2)
    harness.send([b"abcde"], 5, 4.0)
    assert harness.done == [b"a", 1.0, b"b", 1.0, b"c", b"d", b"e"]


def test_connection_ends_after_the_pieces() -> None:
    harness = Harness()

    def body() -> Iterator[bytes]:
        yield b"ab"
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        harness.send(body(), 2, 1.0)
    assert harness.done == [b"a", 1.0, b"b"]


def test_close_closes_the_body_and_calls_finished_once() -> None:
    harness, closed = Harness(), []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"ab"])

        def close(self) -> None:
            closed.append(True)

    dribbled = DribbledBody(Body(), 2, harness.pause, 1.0, harness.end)
    assert b"".join(dribbled) == b"ab"
    assert harness.ended == 0
    dribbled.close()
    dribbled.close()
    assert harness.ended == 1
    assert closed


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 11, 1000])
def test_pieces_have_nearly_equal_lengths_and_form_the_whole(count: int) -> None:
    whole = b"0123456789"
    pieces = cut(whole, count)
    lengths = [len(piece) for piece in pieces]
    assert b"".join(pieces) == whole
    assert len(pieces) == min(count, len(whole))
    assert max(lengths) - min(lengths) <= 1
