"""The assertion on received calls, and its explanations."""

from collections.abc import Sequence

import pytest

from protocol_sandbox import Call
from protocol_sandbox.expectation import Expectation
from protocol_sandbox.received import Journal, assert_received
from tests.kit.test_call import call, with_body

CREATE = Expectation("createConversation")
FORM = "application/x-www-form-urlencoded"


def journal(
    calls: Sequence[Call], *, truncated: bool = False, count: int = 0, misdirected: int = 0
) -> Journal:
    """Return a journal. ``count`` is the number of calls according to its counters."""
    return Journal(calls, truncated, lambda _: count, lambda: misdirected)


def explanation(expected: Expectation, times: int | None, received: Journal) -> list[str]:
    """Return the lines with which the assertion fails."""
    with pytest.raises(AssertionError) as failure:
        assert_received(expected, times, received)
    return str(failure.value).splitlines()


@pytest.mark.parametrize("times", [None, 2])
def test_calls_are_returned_oldest_first(times: int | None) -> None:
    first, second, other = call(id="1"), call(id="2"), call(operation=None)
    assert assert_received(CREATE, times, journal([first, other, second])) == [first, second]


def test_zero_times_holds_where_nothing_was_received() -> None:
    assert assert_received(CREATE, 0, journal([])) == []


def test_differing_calls_are_explained_nearest_first() -> None:
    calls = [
        call(operation="listConversations", method="GET"),
        with_body(FORM, "contact_id=something"),
        with_body(FORM, "contact_id=WAz8eIbvDR60rouk"),
    ]
    expected = Expectation("createConversation", body={"contact_id": "WAz8eIbvDR60rouK"})
    assert explanation(expected, 2, journal(calls)) == [
        'createConversation with body contact_id "WAz8eIbvDR60rouK" was received 0 times, not 2 times.',
        "The sandbox received 3 other calls, nearest first:",
        '  POST /v1/conversations 201: body contact_id is "WAz8eIbvDR60rouk", not "WAz8eIbvDR60rouK"',
        '  POST /v1/conversations 201: body contact_id is "something", not "WAz8eIbvDR60rouK"',
        "  GET /v1/conversations 201: operation is listConversations, not createConversation; body has no contact_id",
    ]


def test_latest_of_equally_near_calls_is_first() -> None:
    lines = explanation(Expectation(status=201), None, journal([call(status=401), call(status=402)]))
    assert lines[0] == "a call with status 201 was not received."
    assert [line[-22:] for line in lines[2:]] == ["status is 402, not 201", "status is 401, not 201"]


def test_too_many_calls_are_listed() -> None:
    assert explanation(CREATE, 1, journal([call(), call(status=503)])) == [
        "createConversation was received 2 times, not 1 time.",
        "These are as expected:",
        "  POST /v1/conversations 201",
        "  POST /v1/conversations 503",
    ]


def test_long_lists_are_cut() -> None:
    calls = [call(id=str(number)) for number in range(7)]
    lines = explanation(CREATE, 1, journal([*calls, *(call(operation=None) for _ in range(6))]))
    assert lines[2] == "  … 2 earlier ones"
    assert len(lines) == 15
    assert lines[-1] == "  … and 1 more"


def test_silence_is_explained() -> None:
    assert "does the client use sandbox.url" in explanation(CREATE, None, journal([]))[1]
    assert (
        "the server received 1 call without a token"
        in explanation(CREATE, None, journal([], misdirected=1))[1]
    )


def test_counters_decide_where_the_journal_has_dropped_calls() -> None:
    truncated = journal([call()], truncated=True, count=501)
    assert len(assert_received(CREATE, 501, truncated)) == 1
    lines = explanation(CREATE, 500, truncated)
    assert lines[0] == "createConversation was received 501 times, not 500 times."
    assert lines[-1] == "The journal has dropped older calls."


@pytest.mark.parametrize("times", [1, 2])
def test_calls_that_cannot_be_counted_fail_with_the_reason(times: int) -> None:
    expected = Expectation(body={"contact_id": "a"})
    truncated = journal([with_body(FORM, "contact_id=a")], truncated=True)
    assert len(assert_received(expected, None, truncated)) == 1
    assert "dropped older ones" in explanation(expected, times, truncated)[0]


def test_too_many_calls_are_too_many_however_many_were_dropped() -> None:
    expected = Expectation(body={"contact_id": "a"})
    truncated = journal([with_body(FORM, "contact_id=a")], truncated=True)
    assert "was received 1 time, not 0 times." in explanation(expected, 0, truncated)[0]
