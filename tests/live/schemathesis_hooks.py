"""What schemathesis has to know of our contract; see schemathesis.toml."""

import json
from collections.abc import Iterator
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, HookContext, Response

DOCUMENTED_ID = "xgQQXg3hrtjh7AvZ"
"""Its conversation may be deleted in the course of a run; as a cursor it stays good."""
CURSORS = ("starting_after", "ending_before")

known_ids = {DOCUMENTED_ID}


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Give positive list cases a cursor that the sandbox has or had, and one at most."""
    if case.operation.definition.raw["operationId"] != "listConversations" or not case.query:
        return
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    given = [name for name in CURSORS if name in case.query]
    for name in given[:1]:
        if case.query[name] not in known_ids:
            case.query[name] = DOCUMENTED_ID
    for name in given[1:]:
        del case.query[name]


@schemathesis.hook
def after_call(_context: HookContext, _case: Case[Any], response: Response) -> None:
    """Remember the ids that were seen: they are real cursors."""
    if response.status_code in {200, 201}:
        known_ids.update(ids_in(json.loads(response.content)))


def ids_in(answer: Any) -> Iterator[str]:
    """The ids of the conversations in an answer."""
    for conversation in answer.get("data", [answer]):
        yield conversation["id"]


@schemathesis.check
def answers_401_without_a_token(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """The part of ``ignored_auth`` that holds here: without a token, what was answered is refused."""
    if case.method == "OPTIONS" or not 200 <= response.status_code < 300:
        return  # the preflight is answered before authentication, by contract
    answer = case.call(headers={"Authorization": ""})
    assert answer.status_code == 401, f"without a token: {answer.status_code}"
