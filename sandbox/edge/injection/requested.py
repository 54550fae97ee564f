"""Faults that the call itself asks for: ``Prefer``, the query twins, ids and tokens with a meaning."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from werkzeug.http import parse_list_header

from sandbox import problems
from sandbox.edge.decoding import readable_query
from sandbox.faults.delay import MAX_MILLISECONDS
from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.effect import Effect
from sandbox.faults.kinds.connection_reset import ConnectionReset
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.status import Status
from sandbox.faults.parsing import fault_of
from sandbox.world.rules import RequestInfo

MAX_CACHED = 256
"""So many different headers and queries are read once and then remembered: clients repeat themselves."""
PREFERENCES = ("code", "delay", "fault")
OWN = "__"
REVOKED = "revoked_"
READ_ONLY = "readonly_"

_KINDS = (
    r"(?P<status>[45][0-9]{2})",
    r"(?P<reset>reset)",
    r"(?P<hang>hang)",
    r"delay_(?P<delay>[0-9]{1,6})",
)
_TRIGGER = re.compile(f"trigger_(?:{'|'.join(_KINDS)})")
_READS = ("GET", "HEAD")


class RequestedFault(NamedTuple):
    """What a call asks for, and by what: ``header``, ``query`` or ``data``.

    ``applied`` goes into ``Preference-Applied``.
    """

    effect: Effect
    source: str
    applied: str = ""


@lru_cache(maxsize=MAX_CACHED)
def requested_by_header(sent: str) -> RequestedFault | None:
    """``Prefer: code=503, delay=250`` (RFC 7240). Preferences that are not ours are ignored, as that RFC says.

    Raises Problem 400 where one of ours cannot be right.
    """
    ours: dict[str, str] = {}
    for preference in parse_list_header(sent):
        # What stands behind a semicolon are parameters. Of a preference that is given twice the first counts.
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() in PREFERENCES:
            ours.setdefault(name.strip().lower(), value.strip().strip('"'))
    if not ours:
        return None
    applied = ", ".join(f"{name}={value}" for name, value in ours.items())
    return RequestedFault(_effect(ours, "Prefer: "), "header", applied)


@lru_cache(maxsize=MAX_CACHED)
def requested_by_query(query: str) -> RequestedFault | None:
    """``?__code=503&__delay=250``: the twins of the preferences, for where headers cannot be set.

    Raises Problem 400. A query that cannot be read asks for nothing here; refusing it is the API's part.
    """
    own = {
        name.removeprefix(OWN): value for name, value in readable_query(query).items() if name.startswith(OWN)
    }
    if not own:
        return None
    for name in own:
        if name not in PREFERENCES:
            known = ", ".join(OWN + known for known in PREFERENCES)
            raise problems.invalid(
                f"{problems.shortened(OWN + name)} is not known; the sandbox's own are {known}."
            )
    return RequestedFault(_effect(own, OWN), "query")


def requested_by_data(facts: RequestInfo, token: str | None) -> RequestedFault | None:
    """Tokens ``revoked_…`` and ``readonly_…``; contact and conversation ids ``trigger_…``."""
    if token is not None and token.startswith(REVOKED):
        return RequestedFault(Effect(fault=Status(401, "This token was revoked.")), "data")
    if token is not None and token.startswith(READ_ONLY) and facts.method not in _READS:
        return RequestedFault(Effect(fault=Status(403, "This token may only read.")), "data")
    found = _TRIGGER.fullmatch(facts.path.rpartition("/")[2]) or _TRIGGER.fullmatch(
        facts.body.get("contact_id", "")
    )
    return None if found is None else RequestedFault(_triggered(found.groupdict()), "data")


def _triggered(found: Mapping[str, str | None]) -> Effect:
    if found["status"]:
        return Effect(fault=Status(int(found["status"])))
    if found["reset"]:
        return Effect(fault=ConnectionReset())
    if found["hang"]:
        return Effect(fault=Hang())
    return Effect(delay=Fixed(min(int(found["delay"] or 0), MAX_MILLISECONDS)))


def _effect(wishes: Mapping[str, str], prefix: str) -> Effect:
    delay = status = fault = None
    if "delay" in wishes:
        delay = Fixed(_number(wishes["delay"], f"{prefix}delay", 0, MAX_MILLISECONDS))
    if "code" in wishes:
        status = Status(_number(wishes["code"], f"{prefix}code", 400, 599))
    if "fault" in wishes:
        try:
            fault = fault_of(wishes["fault"])
        except ValueError as error:
            raise problems.invalid(
                f"{prefix}fault must be {error}, not {problems.quoted(wishes['fault'])}."
            ) from None
    return Effect(delay, fault or status, instead=status if fault else None)


def _number(text: str, name: str, lowest: int, highest: int) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else lowest - 1
    if not lowest <= number <= highest:
        expected = f"an integer from {lowest} to {highest}"
        raise problems.invalid(f"{name} must be {expected}, not {problems.quoted(text)}.")
    return number
