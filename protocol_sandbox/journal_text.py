"""The journal as text, for the report of a failed test."""

from collections.abc import Iterator, Sequence

from protocol_sandbox.call import Call

MAX_CALLS = 50
MAX_BODY_CHARACTERS = 200


def journal_lines(calls: Sequence[Call]) -> Iterator[str]:
    """Yield the last calls, oldest first, each with its number and its body."""
    if not calls:
        yield "The sandbox received no calls."
    left_out = max(len(calls) - MAX_CALLS, 0)
    if left_out:
        yield f"… {left_out} earlier calls"
    for number, call in enumerate(calls[left_out:], left_out + 1):
        yield f"{number}. {call}"
        if call.body:
            yield f"   {_short(call.body)}"


def _short(body: str) -> str:
    line = " ".join(body.split())
    return line if len(line) <= MAX_BODY_CHARACTERS else f"{line[:MAX_BODY_CHARACTERS]}…"
