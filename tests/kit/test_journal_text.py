"""The journal as text."""

from protocol_sandbox.journal_text import MAX_CALLS, journal_lines
from tests.kit.test_call import call


def test_calls_are_numbered_and_have_their_body_in_one_line() -> None:
    calls = [call(body='{\n  "contact_id": "a"\n}'), call(method="GET", status=200)]
    assert list(journal_lines(calls)) == [
        "1. POST /v1/conversations 201",
        '   { "contact_id": "a" }',
        "2. GET /v1/conversations 200",
    ]


def test_silence_is_said() -> None:
    assert list(journal_lines([])) == ["The sandbox received no calls."]


def test_long_journals_and_bodies_are_cut() -> None:
    lines = list(journal_lines([call(body="a" * 300)] * (MAX_CALLS + 2)))
    assert lines[0] == "… 2 earlier calls"
    assert lines[1].startswith("3. ")
    assert lines[2] == f"   {'a' * 200}…"
    assert len(lines) == 1 + 2 * MAX_CALLS
