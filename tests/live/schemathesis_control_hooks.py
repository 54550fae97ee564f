"""Hooks that teach schemathesis the rules of the control API that JSON Schema cannot express."""

from collections.abc import Callable, Iterable
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, HookContext, Response

CONTACT = "WAz8eIbvDR60rouK"


def keep_rule(rule: dict[str, Any]) -> None:
    """Sort the bounds of a delay."""
    delay = rule.get("delay")
    if isinstance(delay, dict):
        for low, high in (("lower", "upper"), ("median", "p99")):
            if high in delay:
                delay[low], delay[high] = sorted((delay[low], delay[high]))


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


def keep_state(state: dict[str, Any]) -> None:
    """Make the ids of a state unique, and its rules and conversations valid."""
    for rule in state["faults"]:
        keep_rule(rule)
    for conversation in state["conversations"]:
        keep_participant(conversation)
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


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Change positive cases in which several values do not go together, and the server refuses them."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    keep = KEEP.get(case.operation.definition.raw["operationId"])
    if keep is not None and isinstance(case.body, dict):
        keep(case.body)


@schemathesis.check
def responds_400_without_a_token(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Check that a request that succeeded and needs a sandbox is refused without a token."""
    needs_sandbox = case.operation.definition.raw["security"][-1:] == [{"sandbox": []}]
    if not needs_sandbox or not 200 <= response.status_code < 300:
        return
    answer = case.call(headers={"Authorization": ""})
    assert answer.status_code == 400, f"without a token: {answer.status_code}"
