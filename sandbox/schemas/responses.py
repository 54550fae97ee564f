"""The responses, beside a conversation: what OpenAPI shows of them, and tests compare with real ones."""

from typing import get_args

from marshmallow import Schema, fields, validate

from sandbox.schemas.control import SANDBOX_ID, SNAPSHOT_ID
from sandbox.schemas.conversation import ConversationSchema
from sandbox.world.verdict import MAX_VERDICTS, Outcome, Scope

BOOT_ID = fields.String(
    required=True,
    metadata={"description": "Another one after a restart of the server, which loses all sandboxes."},
)


class ApiErrorSchema(Schema):
    """Every error of the server. Source: the errors page of the documentation."""

    type = fields.String(required=True, metadata={"enum": ["invalid_request", "api_error"]})
    message = fields.String(required=True)
    documentation_url = fields.String(required=True, metadata={"format": "uri"})


class ConversationPageSchema(Schema):
    """One page of the list. Source: the documented response of "List all sound effects"."""

    has_more = fields.Boolean(
        required=True, metadata={"description": "Whether more lie in the direction of travel."}
    )
    data = fields.List(fields.Nested(ConversationSchema), required=True)


class HealthSchema(Schema):
    """The health of the server."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded"]))
    reason = fields.String(
        metadata={
            "description": "Why the status is degraded: calls get 503 until the store is available again."
        }
    )
    version = fields.String(required=True)
    boot_id = BOOT_ID
    uptime_seconds = fields.Float(required=True)
    sandboxes = fields.Integer(required=True)
    on = fields.List(
        fields.String(), required=True, metadata={"description": "Everything that changes responses."}
    )


class ResetResultSchema(Schema):
    """The state that a reset led to."""

    scenario = fields.String(required=True)
    seed = fields.Integer(required=True)
    conversations = fields.Integer(required=True)


class ScenarioSchema(Schema):
    """A built-in scenario."""

    name = fields.String(required=True)
    description = fields.String(required=True)
    size = fields.Integer(required=True, metadata={"description": "The number of conversations."})


class ScenarioListSchema(Schema):
    """The built-in scenarios."""

    data = fields.List(fields.Nested(ScenarioSchema), required=True)


class PresetSchema(Schema):
    """A preset."""

    name = fields.String(required=True)
    description = fields.String(required=True)
    rule = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "The rule that the preset adds."}
    )


class PresetListSchema(Schema):
    """The presets."""

    data = fields.List(fields.Nested(PresetSchema), required=True)


class VerdictSchema(Schema):
    """A fault rule that was looked at for a call, and why it fired or did not."""

    id = fields.String(required=True, metadata={"description": "The id of the rule."})
    rule = fields.String(
        required=True, allow_none=True, metadata={"description": "The name of the rule, if it has one."}
    )
    scope = fields.String(required=True, metadata={"enum": list(get_args(Scope))})
    outcome = fields.String(
        required=True,
        metadata={
            "enum": list(get_args(Outcome)),
            "description": "fired, or the first thing that spoke against it.",
        },
    )
    message = fields.String(required=True)


class JournalEntrySchema(Schema):
    """One call, as it was answered."""

    id = fields.String(required=True, metadata={"description": "The X-Request-Id of the call."})
    at = fields.Float(required=True, metadata={"description": "The sandbox's time in Unix seconds."})
    method = fields.String(required=True)
    path = fields.String(required=True)
    query = fields.String(required=True)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    body = fields.String(required=True, metadata={"description": "A long one is cut, and says so."})
    operation = fields.String(required=True, allow_none=True)
    status = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null: no response was sent."}
    )
    duration_ms = fields.Float(required=True, metadata={"description": "Until the response began."})
    delay_ms = fields.Float(required=True)
    fault = fields.String(required=True, allow_none=True)
    rule = fields.String(required=True, allow_none=True)
    why = fields.List(
        fields.Nested(VerdictSchema),
        required=True,
        metadata={
            "description": "The fault rules that were looked at, in order. None comes after one that fired."
        },
    )
    why_omitted = fields.Integer(
        required=True,
        metadata={
            "description": f"How many are left out before the last one. At most {MAX_VERDICTS} are kept."
        },
    )


class JournalSchema(Schema):
    """Calls, newest first."""

    boot_id = BOOT_ID
    truncated = fields.Boolean(required=True, metadata={"description": "Whether entries were dropped."})
    data = fields.List(fields.Nested(JournalEntrySchema), required=True)


class CountSchema(Schema):
    """A number of calls."""

    count = fields.Integer(required=True)


class ClockSchema(Schema):
    """The clock of a sandbox."""

    now = fields.Float(required=True, metadata={"description": "Unix seconds."})
    frozen = fields.Boolean(required=True)


class ImportResultSchema(Schema):
    """The size of the sandbox that was imported."""

    conversations = fields.Integer(required=True)


class SnapshotSchema(Schema):
    """A snapshot."""

    id = fields.String(required=True, metadata=SNAPSHOT_ID)
    at = fields.Float(required=True, metadata={"description": "The sandbox's time in Unix seconds."})
    conversations = fields.Integer(required=True)


class SnapshotListSchema(Schema):
    """The snapshots of a sandbox, oldest first."""

    data = fields.List(fields.Nested(SnapshotSchema), required=True)


class WorldSchema(Schema):
    """A declared world, and the three ways to select it: the base URL, the headers, or the token alone."""

    name = fields.String(required=True)
    url = fields.String(
        required=True, metadata={"description": "The base URL that names the world; it ends before /v1."}
    )
    token = fields.String(
        required=True, metadata={"description": "A bearer token that selects the world without its name."}
    )
    headers = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "Headers that name the world at the server's own base URL."},
    )
    scenario = fields.String(required=True)
    seed = fields.Integer(required=True)
    conversations = fields.Integer(required=True)
    ttl_seconds = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null: the world has no end of its own."}
    )


class SandboxSchema(Schema):
    """A sandbox. Its token is masked."""

    id = fields.String(required=True, metadata=SANDBOX_ID)
    name = fields.String(
        required=True, allow_none=True, metadata={"description": "null: the sandbox is that of a token."}
    )
    token = fields.String(
        required=True, allow_none=True, metadata={"description": "null: only the name selects the sandbox."}
    )
    conversations = fields.Integer(required=True)
    requests = fields.Integer(required=True)
    idle_seconds = fields.Float(required=True)
    ttl_seconds = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "The seconds until the sandbox ends; null: it has no end of its own."},
    )


class SandboxListSchema(Schema):
    """The sandboxes of the server, least recently used first."""

    data = fields.List(fields.Nested(SandboxSchema), required=True)
