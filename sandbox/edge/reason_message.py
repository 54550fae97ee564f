"""The sentence for each reason why a rule fired for a call, or did not."""

from collections.abc import Callable
from typing import Any

from sandbox.problems import counted, quoted
from sandbox.world.journal import Entry
from sandbox.world.verdict import Detail, Outcome, Reason


def message_of(reason: Reason, entry: Entry) -> str:
    """Return the sentence about the rule ("it …"), which also names what the call of ``entry`` has instead."""
    return _SENTENCES[reason.outcome](reason.detail, entry)


def _fired(detail: Detail, _entry: Entry) -> str:
    fired, times = detail
    return f"it fired; this was firing {fired}" + ("" if times is None else f" of {times}")


def _operation(detail: Detail, entry: Entry) -> str:
    has = "is none of the API's operations" if entry.operation is None else f"is {entry.operation}"
    return f"its operation is {detail[0]}, and the call {has}"


def _attribute(place: str) -> Callable[[Detail, Entry], str]:
    def sentence(detail: Detail, _entry: Entry) -> str:
        name, wanted, other = detail
        has = "has none" if other is None else "has another"
        return f"its {place} attribute {quoted(name)} is {quoted(wanted)}, and the call {has}"

    return sentence


def _skip(detail: Detail, _entry: Entry) -> str:
    number, skip = detail
    passed = "matching call" if skip == 1 else f"{skip} matching calls"
    return f"it lets its first {passed} pass, and this is call {number}"


def _every(detail: Detail, _entry: Entry) -> str:
    number, every = detail
    return f"it fires on the last of every {every} matching calls, and this is call {number}"


def _within_limit(detail: Detail, _entry: Entry) -> str:
    if not detail:
        return "its fault was not due"
    calls, seconds = detail
    return (
        f"this is call {calls} in its window of {counted(_number(seconds), 'second')}, and within its limit"
    )


def _count(times: Any) -> str:
    return "once" if times == 1 else f"{times} times"


_SENTENCES: dict[Outcome, Callable[[Detail, Entry], str]] = {
    "fired": _fired,
    "disabled": lambda _detail, _entry: "it is switched off",
    "operation": _operation,
    "method": lambda detail, entry: f"its method is {detail[0]}, and the call's is {quoted(entry.method)}",
    "path": lambda detail, entry: f"its path is {quoted(detail[0])}, and the call's is {quoted(entry.path)}",
    "query": _attribute("query"),
    "body": _attribute("body"),
    "expired": lambda detail, _entry: f"its lifetime of {counted(_number(detail[0]), 'second')} is over",
    "skip": _skip,
    "times": lambda detail, _entry: f"it has fired {_count(detail[0])}, which is its limit",
    "every": _every,
    "probability": lambda detail, _entry: (
        f"its probability is {_number(detail[0])}, and this call drew {_number(detail[1])}"
    ),
    "within_limit": _within_limit,
}


def _number(value: Any) -> str:
    """Return a number as people write it: without a fraction of zero, and with at most four digits of one."""
    return f"{round(value, 4):.4f}".rstrip("0").rstrip(".")
