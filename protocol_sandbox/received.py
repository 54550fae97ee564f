"""The assertion that calls were received, which explains itself where it does not hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from protocol_sandbox.call import Call
from protocol_sandbox.expectation import Expectation

MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Journal:
    """The calls that a sandbox received, oldest first.

    ``truncated`` says that it has dropped older ones. ``count`` returns the exact number of calls that an expectation
    describes, if that is countable, and ``misdirected`` the number of calls that had no world: without a token, or on a
    server with ``strict_worlds`` without the name or token of a declared one.
    """

    calls: Sequence[Call]
    truncated: bool
    count: Callable[[Expectation], int]
    misdirected: Callable[[], int]


def assert_received(expected: Expectation, times: int | None, journal: Journal) -> list[Call]:
    """Return the calls that are as expected. Raise AssertionError unless there are ``times`` of them.

    If ``times`` is None, one is enough.
    """
    __tracebackhide__ = True
    found = [call for call in journal.calls if not expected.differences(call)]
    number = journal.count(expected) if journal.truncated and expected.is_countable else len(found)
    is_exact = expected.is_countable or not journal.truncated
    if number if times is None else number == times and is_exact:
        return found
    if times is not None and number <= times and not is_exact:
        raise AssertionError(
            f"{expected} was received {_times(number)} among the last {len(journal.calls)} calls, but the journal has "
            "dropped older ones; start the server with a higher journal_entries and journal_bytes."
        )
    raise AssertionError(
        "\n".join([_summary(expected, times, number), *_explanation(expected, found, journal)])
    )


def _summary(expected: Expectation, times: int | None, number: int) -> str:
    if times is None:
        return f"{expected} was not received."
    return f"{expected} was received {_times(number)}, not {_times(times)}."


def _explanation(expected: Expectation, found: Sequence[Call], journal: Journal) -> list[str]:
    others = [call for call in journal.calls if call not in found]
    lines = [f"  {call}" for call in found[-MAX_SHOWN:]]
    if len(found) > MAX_SHOWN:
        lines.insert(0, f"  … {len(found) - MAX_SHOWN} earlier ones")
    if found:
        lines.insert(0, "These are as expected:")
    if others:
        latest_first = others[::-1]
        nearest = sorted(latest_first, key=lambda call: _distance(expected, call))
        lines.append(f"The sandbox received {_calls(len(others), 'other ')}, nearest first:")
        lines += [f"  {call}: {_described(expected, call)}" for call in nearest[:MAX_SHOWN]]
        if len(others) > MAX_SHOWN:
            lines.append(f"  … and {len(others) - MAX_SHOWN} more")
    if not journal.calls:
        lines.append(_silence(journal.misdirected()))
    if journal.truncated:
        lines.append("The journal has dropped older calls.")
    return lines


def _silence(misdirected: int) -> str:
    if misdirected:
        return (
            f"The sandbox received no calls, but the server received {_calls(misdirected)} without a token or, with "
            "strict_worlds, for a world that was not declared: does the client send sandbox.token or sandbox.headers, "
            "or use sandbox.prefixed_url?"
        )
    return (
        "The sandbox received no calls: does the client use sandbox.url, and sandbox.token or sandbox.headers, or "
        "else sandbox.prefixed_url?"
    )


def _distance(expected: Expectation, call: Call) -> float:
    return sum(each.distance for each in expected.differences(call))


def _described(expected: Expectation, call: Call) -> str:
    return "; ".join(each.text for each in expected.differences(call))


def _times(number: int) -> str:
    return "1 time" if number == 1 else f"{number} times"


def _calls(number: int, kind: str = "") -> str:
    return f"1 {kind}call" if number == 1 else f"{number} {kind}calls"
