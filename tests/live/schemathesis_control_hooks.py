"""Hooks that teach schemathesis the rules of the control API that JSON Schema cannot express."""

from collections.abc import Callable, Iterable
from datetime import UTC
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, GenerationMode, HookContext, Response

CONTACT = "WAz8eIbvDR60rouK"

MAX_HEADERS_TEXT = 8192
MAX_KEY_LENGTH = 255

# schemathesis knows no generator for this format: the weekday of a date is not a matter of patterns.
schemathesis.openapi.format(
    "http-date", st.datetimes(timezones=st.just(UTC)).map(lambda at: format_datetime(at, usegmt=True))
)


def keep_rule(rule: dict[str, Any]) -> None:
    """Sort the bounds of a delay, and keep the headers of a fault different and short in all."""
    delay = rule.get("delay")
    if isinstance(delay, dict):
        for low, high in (("lower", "upper"), ("median", "p99")):
            if high in delay:
                delay[low], delay[high] = sorted((delay[low], delay[high]))
    fault = rule.get("fault")
    if isinstance(fault, dict) and fault.get("headers"):
        fault["headers"] = kept_headers(fault["headers"])


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return the first headers that are named once, whatever the case, and not too large together."""
    kept: dict[str, str] = {}
    size = 0
    for name, value in headers.items():
        size += len(name) + len(value.encode())
        if size <= MAX_HEADERS_TEXT and name.lower() not in {each.lower() for each in kept}:
            kept[name] = value
    return kept


def keep_rules(body: dict[str, Any]) -> None:
    """Sort the bounds of the delays of all rules."""
    for rule in body["data"]:
        keep_rule(rule)


def keep_participant(conversation: dict[str, Any]) -> None:
    """Add a contact to a conversation that has neither a contact nor a group."""
    if not conversation.get("contact_id") and not conversation.get("group_id"):
        conversation["contact_id"] = CONTACT


def keep_time(change: dict[str, Any]) -> None:
    """Advance the clock by nothing: it may stand at the end of time."""
    if "seconds" in change:
        change["seconds"] = 0


def keep_counts(rule: dict[str, Any]) -> None:
    """Let a rule have fired for calls that matched only, and its window end after it began."""
    if "fired" in rule:
        rule["fired"] = min(rule["fired"], rule.get("matched", 0))
    if "window" in rule:
        window = rule["window"]
        window["began"], window["ends"] = sorted((window["began"], window["ends"]))
        if window["began"] == window["ends"]:
            window["began"], window["ends"] = 0, 60


def keep_state(state: dict[str, Any]) -> None:
    """Make the ids and the keys of a state unique, and its rules and conversations valid."""
    for number, rule in enumerate(state["faults"], 1):
        keep_rule(rule)
        keep_counts(rule)
        rule["id"] = f"rule-{number}"
    for counted in state.get("server_faults", ()):
        keep_counts(counted)
    for conversation in state["conversations"]:
        keep_participant(conversation)
    for number, stored in enumerate(state.get("idempotency_keys", ())):
        stored["key"] = f"{number} {stored['key']}"[:MAX_KEY_LENGTH]
        keep_participant(stored["conversation"])
    make_unique([*state["conversations"], *state["deleted"]])


def make_unique(objects: Iterable[dict[str, Any]]) -> None:
    """Give each object an id of its own."""
    for number, each in enumerate(objects):
        each["id"] = f"id-{number}"


KEEP: dict[str, Callable[[dict[str, Any]], None]] = {
    "addFault": keep_rule,
    "changeFault": keep_rule,
    "replaceFaults": keep_rules,
    "changeClock": keep_time,
    "importState": keep_state,
    "arrangeConversation": keep_participant,
}


def name_rules(case: Case[Any], order: dict[str, Any]) -> None:
    """Name the rules that are there: an order names each of them once, which is a matter of data."""
    rules = requests.get(
        urljoin(case.operation.base_url or "", "/__admin/faults"),
        headers={"Authorization": "Bearer schemathesis"},
        timeout=10,
    )
    order["ids"] = [rule["id"] for rule in reversed(rules.json()["data"])]


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Change positive cases in which several values do not go together, and the server refuses them."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    # Each call has a token, so the id of a sandbox must not name another one.
    case.headers.pop("X-Sandbox-Id", None)
    operation = case.operation.definition.raw["operationId"]
    if operation == "orderFaults" and isinstance(case.body, dict):
        name_rules(case, case.body)
    keep = KEEP.get(operation)
    if keep is not None and isinstance(case.body, dict):
        keep(case.body)


@schemathesis.check
def responds_400_without_a_token(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Check that a request that succeeded and needs a sandbox is refused without a token."""
    security = case.operation.definition.raw["security"]
    needs_sandbox = {"sandbox": []} in security and {} not in security
    if not needs_sandbox or not 200 <= response.status_code < 300:
        return
    answer = case.call(headers={"Authorization": ""})
    assert answer.status_code == 400, f"without a token: {answer.status_code}"
