"""Random bytes instead of a response."""

from tests.faults.harness import COLLECTION, CREATE, Harness


def sent(calls: int, seed: int | None = None, token: str = "me") -> list[bytes]:
    bench = Harness(seed=seed)
    bench.fails("RANDOM_DATA_THEN_CLOSE", token)
    return [bench.served(token=token).socket.sent for _ in range(calls)]


def test_256_bytes_that_are_not_http_are_sent_and_the_connection_closes() -> None:
    bench = Harness()
    bench.fails("RANDOM_DATA_THEN_CLOSE")
    outcome = bench.served()
    assert outcome.status == ""
    assert len(outcome.socket.sent) == 256
    assert b"HTTP" not in outcome.socket.sent
    assert not outcome.socket.sent[:1].isalnum()
    assert outcome.socket.done == ["send", "shutdown"]
    assert isinstance(outcome.ended, BrokenPipeError)


def test_the_bytes_are_the_same_for_the_same_calls_and_seed() -> None:
    assert sent(3) == sent(3)
    assert len(set(sent(3))) == 3
    assert not set(sent(3)) & set(sent(3, seed=99))
    assert not set(sent(3)) & set(sent(3, token="another"))


def test_the_call_has_no_effect() -> None:
    bench = Harness()
    bench.fails("RANDOM_DATA_THEN_CLOSE")
    before = bench.ids()
    bench.served("POST", COLLECTION, json=CREATE)
    assert bench.ids() == before
