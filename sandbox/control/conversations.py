"""Arrange: put a conversation into any state, the read-only attributes too."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from sandbox import problems
from sandbox.api.answers import Answer, json_answer
from sandbox.api.openapi import CREATED_EXAMPLE
from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.schemas.control import Arrangement
from sandbox.schemas.fields import Id, is_id
from sandbox.world.conversation import Conversation
from sandbox.world.fleet import SandboxSlot


def arrange(
    _context: ControlContext, slot: SandboxSlot, conversation_id: str, body: dict[str, Any]
) -> Answer:
    """Create (201) or change (200) a conversation, any attribute of it; what is not given stays as it is."""
    if not is_id(conversation_id):
        raise problems.invalid(
            f"The id in the path must be {Id.expects}, not {problems.quoted(conversation_id)}."
        )
    sandbox = slot.sandbox

    def arranged(old: Conversation | None) -> Conversation:
        fresh = Conversation.begin(conversation_id, None, None, sandbox.clock.seconds())
        made = Conversation(**asdict(old or fresh) | body)
        if made.contact_id is None and made.group_id is None:
            raise problems.invalid("A conversation needs a contact_id or a group_id (or both).")
        return made

    record, is_new = sandbox.store.put(conversation_id, arranged)
    return json_answer(record.json + b"\n", HTTPStatus.CREATED if is_new else HTTPStatus.OK)


ENDPOINTS = (
    Endpoint(
        "arrangeConversation",
        "PUT",
        "/__admin/conversations/{conversation_id}",
        arrange,
        Scope.SANDBOX,
        refusals=(507,),
        body=Arrangement(partial=True),
        example=CREATED_EXAMPLE,
        shape={"$ref": "#/components/schemas/Conversation"},
        also=201,
    ),
)
