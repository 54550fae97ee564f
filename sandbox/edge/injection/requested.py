"""Faults that the call itself requests: by ``Prefer``, by the query, or by an id or a token with a meaning."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from werkzeug.http import parse_list_header

from sandbox import problems
from sandbox.edge.call import Call
from sandbox.faults.delay import MAX_MILLISECONDS
from sandbox.faults.delays.fixed import Fixed
from sandbox.faults.effect import Effect
from sandbox.faults.kinds.connection_reset import ConnectionReset
from sandbox.faults.kinds.hang import Hang
from sandbox.faults.kinds.status import Status
from sandbox.faults.short_forms import fault_of
from sandbox.problems import Problem
from sandbox.web.decoding import OWN_PREFIX
from sandbox.web.text import text_of

MAX_CACHED = 256
"""The number of different ``Prefer`` headers that are cached: clients repeat themselves."""
PREFERENCES = ("code", "delay", "fault")
REVOKED = "revoked_"
READ_ONLY = "readonly_"
TRIGGER = "trigger_"

_KINDS = (
    r"(?P<status>[45][0-9]{2})",
    r"(?P<reset>reset)",
    r"(?P<hang>hang)",
    r"delay_(?P<delay>[0-9]{1,6})",
)
_TRIGGER = re.compile(f"{TRIGGER}(?:{'|'.join(_KINDS)})")
_READS = ("GET", "HEAD")


class RequestedFault(NamedTuple):
    """The effect that a call requests, and the source of the request: ``header``, ``query`` or ``data``.

    ``applied`` is the value of ``Preference-Applied``.
    """

    effect: Effect
    source: str
    applied: str = ""


def requested_fault(call: Call) -> RequestedFault | None:
    """Return what the call requests: the first of header, query and data. Raises Problem 400.

    Most calls request nothing, so cheap checks come first.
    """
    preferred = call.environ.get("HTTP_PREFER")
    if preferred and (requested := requested_by_header(text_of(preferred))):
        return requested
    query = call.query_string
    if query and (OWN_PREFIX in query or "%" in query) and (requested := requested_by_query(call)):
        return requested
    token = call.token or ""
    if TRIGGER in call.path or token.startswith((REVOKED, READ_ONLY)):
        return requested_by_data(call)
    return requested_by_body(call)


def requested_by_body(call: Call) -> RequestedFault | None:
    """Return what the body requests. Nothing else of a call can request more once a body that was awaited is there."""
    return requested_by_data(call) if call.body and _may_trigger(call.body) else None


@lru_cache(maxsize=MAX_CACHED)
def requested_by_header(value: str) -> RequestedFault | None:
    """Return what ``Prefer: code=503, delay=250`` requests (RFC 7240).

    Preferences that are not the sandbox's are ignored, as that RFC demands. Raises Problem 400 if one of the sandbox's
    is invalid.
    """
    own: dict[str, str] = {}
    for preference in parse_list_header(value):
        # Parameters follow a semicolon. Of a preference that is given twice, the first one counts.
        name, _, setting = preference.partition(";")[0].partition("=")
        if name.strip().lower() in PREFERENCES:
            own.setdefault(name.strip().lower(), setting.strip().strip('"'))
    if not own:
        return None
    applied = ", ".join(f"{name}={setting}" for name, setting in own.items())
    return RequestedFault(_effect(own, "Prefer: "), "header", applied)


def requested_by_query(call: Call) -> RequestedFault | None:
    """Return what ``?__code=503&__delay=250`` requests: the preferences, for clients that cannot set headers.

    Raises Problem 400. A query that cannot be decoded requests nothing here; refusing it is up to the API.
    """
    try:
        own = call.query.own
    except Problem:
        return None
    if not own:
        return None
    for name in own:
        if name not in PREFERENCES:
            known = ", ".join(OWN_PREFIX + known for known in PREFERENCES)
            raise problems.invalid(
                f"{problems.shortened(OWN_PREFIX + name)} is not known; the sandbox's own are {known}."
            )
    return RequestedFault(_effect(own, OWN_PREFIX), "query")


def requested_by_data(call: Call) -> RequestedFault | None:
    """Return what a token ``revoked_…`` or ``readonly_…``, or a contact or conversation id ``trigger_…`` requests."""
    token = call.token or ""
    if token.startswith(REVOKED):
        return RequestedFault(Effect(fault=Status(401, "This token was revoked.")), "data")
    if token.startswith(READ_ONLY) and call.method not in _READS:
        return RequestedFault(Effect(fault=Status(403, "This token may only read.")), "data")
    found = _TRIGGER.fullmatch(call.path.rpartition("/")[2]) or _TRIGGER.fullmatch(
        call.body_attributes.get("contact_id") or ""
    )
    return None if found is None else RequestedFault(_triggered(found.groupdict()), "data")


def _may_trigger(body: bytes) -> bool:
    """Return whether a body may name a trigger. An encoded one may."""
    return b"trigger" in body or b"%" in body or b"\\" in body


def _triggered(found: Mapping[str, str | None]) -> Effect:
    if found["status"]:
        return Effect(fault=Status(int(found["status"])))
    if found["reset"]:
        return Effect(fault=ConnectionReset())
    if found["hang"]:
        return Effect(fault=Hang())
    return Effect(delay=Fixed(min(int(found["delay"] or 0), MAX_MILLISECONDS)))


def _effect(preferences: Mapping[str, str], prefix: str) -> Effect:
    delay = status = fault = None
    if "delay" in preferences:
        delay = Fixed(_number(preferences["delay"], f"{prefix}delay", 0, MAX_MILLISECONDS))
    if "code" in preferences:
        status = Status(_number(preferences["code"], f"{prefix}code", 400, 599))
    if "fault" in preferences:
        try:
            fault = fault_of(preferences["fault"])
        except ValueError as error:
            raise problems.invalid(
                f"{prefix}fault must be {error}, not {problems.quoted(preferences['fault'])}."
            ) from None
    return Effect(delay, fault or status, instead=status if fault else None)


def _number(text: str, name: str, lowest: int, highest: int) -> int:
    number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else lowest - 1
    if not lowest <= number <= highest:
        expected = f"an integer from {lowest} to {highest}"
        raise problems.invalid(f"{name} must be {expected}, not {problems.quoted(text)}.")
    return number
