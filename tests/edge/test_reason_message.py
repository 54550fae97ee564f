"""The sentences for the reasons why rules fire or not."""

from typing import get_args

import pytest

from sandbox.edge.reason_message import message_of
from sandbox.world.journal import Entry, Headers
from sandbox.world.verdict import Outcome, Reason

ENTRY = Entry(
    id="r",
    at=5.0,
    method="GET",
    path="/v1/conversations",
    query="limit=5",
    headers=Headers.of(()),
    body="",
    operation="listConversations",
    status=200,
    duration_ms=1.0,
)
SENTENCES: list[tuple[Reason, str]] = [
    (Reason("fired", (2, 2)), "it fired; this was firing 2 of 2"),
    (Reason("fired", (3, None)), "it fired; this was firing 3"),
    (Reason("disabled"), "it is switched off"),
    (
        Reason("operation", ("createConversation",)),
        "its operation is createConversation, and the call is listConversations",
    ),
    (Reason("method", ("POST",)), 'its method is POST, and the call\'s is "GET"'),
    (Reason("path", ("/v1/x*",)), 'its path is "/v1/x*", and the call\'s is "/v1/conversations"'),
    (
        Reason("query", ("muted", "true", None)),
        'its query attribute "muted" is "true", and the call has none',
    ),
    (
        Reason("query", ("limit", "9", "another")),
        'its query attribute "limit" is "9", and the call has another',
    ),
    (Reason("body", ("a", "", None)), 'its body attribute "a" is "", and the call has none'),
    (Reason("expired", (60.0,)), "its lifetime of 60 seconds is over"),
    (Reason("expired", (1.0,)), "its lifetime of 1 second is over"),
    (Reason("expired", (0.5,)), "its lifetime of 0.5 seconds is over"),
    (Reason("skip", (1, 1)), "it lets its first matching call pass, and this is call 1"),
    (Reason("skip", (1, 3)), "it lets its first 3 matching calls pass, and this is call 1"),
    (Reason("times", (2,)), "it has fired 2 times, which is its limit"),
    (Reason("times", (1,)), "it has fired once, which is its limit"),
    (Reason("every", (1, 3)), "it fires on the last of every 3 matching calls, and this is call 1"),
    (Reason("probability", (0.3, 0.712345)), "its probability is 0.3, and this call drew 0.7123"),
    (
        Reason("within_limit", (2, 60.0)),
        "this is call 2 in its window of 60 seconds, and within its limit",
    ),
    (Reason("within_limit", (1, 1.0)), "this is call 1 in its window of 1 second, and within its limit"),
    (Reason("within_limit"), "its fault was not due"),
]


@pytest.mark.parametrize(("reason", "sentence"), SENTENCES, ids=lambda value: str(value)[:50])
def test_sentence_of_a_reason(reason: Reason, sentence: str) -> None:
    assert message_of(reason, ENTRY) == sentence


def test_every_outcome_has_a_sentence() -> None:
    assert {reason.outcome for reason, _ in SENTENCES} == set(get_args(Outcome))


def test_call_without_an_operation() -> None:
    message = message_of(Reason("operation", ("createConversation",)), ENTRY._replace(operation=None))
    assert message == "its operation is createConversation, and the call is none of the API's operations"


def test_long_path_of_a_call_is_cut() -> None:
    message = message_of(Reason("path", ("/v1/x",)), ENTRY._replace(path="/v1/" + "a" * 5000))
    assert len(message) < 150


@pytest.mark.parametrize(("seconds", "shown"), [(1e9, "1000000000"), (86400.0, "86400"), (1.25, "1.25")])
def test_numbers_are_written_out(seconds: float, shown: str) -> None:
    assert message_of(Reason("expired", (seconds,)), ENTRY) == f"its lifetime of {shown} seconds is over"
