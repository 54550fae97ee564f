"""Hooks that teach schemathesis the parts of the contract that OpenAPI cannot express; see schemathesis.toml."""

import json
from collections.abc import Iterator
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, HookContext, Response

DOCUMENTED_ID = "xgQQXg3hrtjh7AvZ"
"""The id of a documented conversation. It remains a valid cursor after the conversation is deleted."""
CURSORS = ("starting_after", "ending_before")

known_ids = {DOCUMENTED_ID}


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Change positive cases in which several values do not go together, and the server refuses them."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    operation = case.operation.definition.raw["operationId"]
    if operation == "listConversations" and case.query:
        keep_known_cursors(case)
    elif operation == "createConversation":
        add_participant(case)


def keep_known_cursors(case: Case[Any]) -> None:
    """Keep one cursor at most, and replace an unknown one."""
    given = [name for name in CURSORS if name in case.query]
    for name in given[:1]:
        if case.query[name] not in known_ids:
            case.query[name] = DOCUMENTED_ID
    for name in given[1:]:
        del case.query[name]


def add_participant(case: Case[Any]) -> None:
    """Add a contact to a new conversation that has neither a contact nor a group."""
    if not isinstance(case.body, dict):
        case.body, case.media_type = {}, "application/json"
    if not case.body.get("contact_id") and not case.body.get("group_id"):
        case.body["contact_id"] = "WAz8eIbvDR60rouK"


@schemathesis.hook
def after_call(_context: HookContext, _case: Case[Any], response: Response) -> None:
    """Remember the ids in a response; they are valid cursors."""
    if response.status_code in {200, 201}:
        known_ids.update(ids_in(json.loads(response.content)))


def ids_in(answer: Any) -> Iterator[str]:
    """Yield the ids of the conversations in a response."""
    for conversation in answer.get("data", [answer]):
        yield conversation["id"]


@schemathesis.check
def responds_401_without_a_token(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Check that a request that succeeded is refused without a token, in place of ``ignored_auth``."""
    if case.method == "OPTIONS" or not 200 <= response.status_code < 300:
        return  # the preflight is answered before authentication, by contract
    answer = case.call(headers={"Authorization": ""})
    assert answer.status_code == 401, f"without a token: {answer.status_code}"
