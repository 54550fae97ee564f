"""Idempotency keys on real connections: repeated headers, concurrent calls, and clients that leave."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.server import Server, wait_until
from tests.live.wire import Response, Wire, assert_error, control, create

KEY = "Idempotency-Key: key"
FIVE_MINUTES = 300_000


def count(server: Server, token: str) -> int:
    return len(control(server, token, "GET", "state")["conversations"])


def response_to(server: Server, text: str | bytes) -> Response:
    with Wire(server) as wire:
        wire.send(text)
        return wire.read_response()


def is_replay(response: Response) -> bool:
    assert response.status == 201, response
    return response.headers["Idempotent-Replayed"] == "true"


def delay_the_next_create(server: Server, token: str) -> None:
    control(server, token, "POST", "faults", {"delay": FIVE_MINUTES, "times": 1})


def wait_until_delayed(server: Server, token: str) -> None:
    wait_until(lambda: control(server, token, "GET", "faults")["data"][0]["fired"] == 1)


@pytest.mark.parametrize("second", [KEY, "idempotency-key: other", "Idempotency-Key:"])
def test_key_that_is_sent_twice_is_refused(server: Server, token: str, second: str) -> None:
    before = count(server, token)
    assert "is repeated" in assert_error(response_to(server, create(token, KEY, second)), 400)
    assert count(server, token) == before


def test_key_with_an_underscore_is_refused(server: Server, token: str) -> None:
    response = response_to(server, create(token, "Idempotency_Key: key"))
    assert "could be confused with IDEMPOTENCY-KEY" in assert_error(response, 400)


def test_key_is_utf8_on_the_wire(server: Server, token: str) -> None:
    text = create(token, "Idempotency-Key: \N{GRINNING FACE}é").encode()
    assert [is_replay(response_to(server, text)) for _ in range(2)] == [False, True]
    latin = create(token, "Idempotency-Key: é")
    assert "must be UTF-8" in assert_error(response_to(server, latin), 400)


def test_call_whose_key_is_under_way_is_refused_until_it_ends(server: Server, token: str) -> None:
    delay_the_next_create(server, token)
    with Wire(server) as wire:
        wire.send(create(token, KEY))
        wait_until_delayed(server, token)
        assert "under way" in assert_error(response_to(server, create(token, KEY)), 409)
        control(server, token, "DELETE", "faults")
        first = wire.read_response()
    assert not is_replay(first)
    second = response_to(server, create(token, KEY))
    assert is_replay(second)
    assert second.body == first.body


def test_key_is_free_once_its_client_has_left(server: Server, token: str) -> None:
    delay_the_next_create(server, token)
    with Wire(server) as wire:
        wire.send(create(token, KEY))
        wait_until_delayed(server, token)
    wait_until(lambda: control(server, token, "GET", "requests")["data"] != [])
    assert control(server, token, "GET", "requests")["data"][0]["fault"] == "client_left"
    assert not is_replay(response_to(server, create(token, KEY)))


def test_client_that_left_during_the_delay_of_a_lost_answer_gets_it_again(server: Server, token: str) -> None:
    rule = {"delay": FIVE_MINUTES, "fault": {"type": "EMPTY_RESPONSE"}, "phase": "after", "times": 1}
    control(server, token, "POST", "faults", rule)
    before = count(server, token)
    with Wire(server) as wire:
        wire.send(create(token, KEY))
        wait_until_delayed(server, token)
        assert is_replay(response_to(server, create(token, KEY)))
    assert count(server, token) == before + 1


def test_simultaneous_creates_with_one_key_make_one_conversation(server: Server, token: str) -> None:
    before = count(server, token)
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda _: response_to(server, create(token, KEY)), range(20)))
    assert sorted(map(is_replay, responses)) == [False] + [True] * 19
    assert len({response.body for response in responses}) == 1
    assert count(server, token) == before + 1
