"""The catalogue of the errors that this server responds with, all in one shape.

    {"type": "invalid_request", "message": "…", "documentation_url": "https://protocol.chat/docs/errors/invalid_request"}

``type`` is ``invalid_request`` for 4xx and ``api_error`` for 5xx. The message names the attribute and describes valid
values. Source: the errors page of the same documentation; the statuses are our decision.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from http import HTTPStatus

DOCUMENTATION = "https://protocol.chat/docs/errors/"
JSON_TYPE = "application/json"

REPEATED = "is given twice; give it once."

Headers = Sequence[tuple[str, str]]

_MAX_SHOWN = 80
"""The most characters of a client's text or value that a message repeats."""
_JOINERS = "\u200c\u200d"
"""Invisible characters that join or part letters and emoji; words of some languages need them."""
_MAX_LISTED = 5
"""The most values of a client that a message lists."""
_JSON = json.JSONEncoder(ensure_ascii=False, default=str)


class Problem(Exception):
    """An error for the client: its status, its message, and headers besides the usual ones."""

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers

    @property
    def type(self) -> str:
        """``invalid_request`` or ``api_error``."""
        return "api_error" if self.status >= 500 else "invalid_request"

    @property
    def body(self) -> bytes:
        """The error in the documented shape, as JSON."""
        shape = {
            "type": self.type,
            "message": self.message,
            "documentation_url": DOCUMENTATION + self.type,
        }
        return json.dumps(shape).encode() + b"\n"

    @property
    def status_line(self) -> str:
        """Status and reason phrase in the form of WSGI: ``404 Not Found``."""
        return status_line(self.status)


@lru_cache(maxsize=1000)
def status_line(status: int) -> str:
    """Return ``404 Not Found`` for ``404``. A status without a registered phrase gets a neutral one."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unregistered"


def invalid(message: str) -> Problem:
    """Return a 400: the request is invalid, and ``message`` says how to correct it."""
    return Problem(400, message)


def repeated(place: str) -> Problem:
    """Return a 400: the attribute at ``place`` is given twice."""
    return invalid(f"{place} {REPEATED}")


def empty_body(attributes: Iterable[str]) -> Problem:
    """Return a 400: a change is announced as JSON, but the body is empty. ``attributes`` are those that may change."""
    return Problem(
        400,
        f"The body is empty. Send a JSON object with the attributes to change ({', '.join(attributes)}), or {{}} to "
        f"change nothing.",
    )


def unauthorized() -> Problem:
    """Return a 401: the bearer token is missing."""
    return Problem(
        401,
        "The bearer token is missing. Send the header 'Authorization: Bearer {token}'; any non-empty token is "
        "accepted, and each token has its own sandbox.",
        [("WWW-Authenticate", "Bearer")],
    )


def unknown_conversation(conversation_id: str) -> Problem:
    """Return a 404: the caller's sandbox has no conversation with this id."""
    return Problem(404, f"There is no conversation with the id {quoted(conversation_id)} in this sandbox.")


def unknown_path(method: str, path: str) -> Problem:
    """Return a 404: no operation has this path."""
    document = "/__admin/openapi.json" if path.startswith("/__admin") else "/openapi.json"
    return Problem(
        404, f"There is nothing at {method} {shortened(path)}; {document} describes the operations."
    )


def method_not_allowed(method: str, path: str, allowed: Sequence[str]) -> Problem:
    """Return a 405 with ``Allow``."""
    message = f"{shortened(path)} does not support {shortened(method)}; it supports {', '.join(allowed)}."
    return Problem(405, message, [("Allow", ", ".join(allowed))])


def too_large(limit: int, flag: str, body: str = "body") -> Problem:
    """Return a 413: the body, or the ``body`` that it was decoded to, is too large. ``flag`` raises the limit."""
    return Problem(
        413, f"The {body} is larger than {counted(limit, 'byte')}; start the server with a higher {flag}."
    )


def unsupported_media_type(content_type: str) -> Problem:
    """Return a 415: no operation accepts a body of this content type."""
    got = quoted(content_type) if content_type else "none"
    return Problem(
        415,
        f"The Content-Type must be application/x-www-form-urlencoded, application/json or multipart/form-data, "
        f"not {got}.",
    )


def unsupported_coding(coding: str) -> Problem:
    """Return a 415: no body in this content coding is decoded."""
    return Problem(
        415,
        f"The Content-Encoding {quoted(coding)} is not supported; send the body as gzip, deflate or identity.",
        [("Accept-Encoding", "gzip, deflate")],
    )


def wants_json(content_type: str) -> Problem:
    """Return a 415: the control API accepts only JSON, which a page of another site cannot send without a preflight."""
    got = quoted(content_type) if content_type else "none"
    return Problem(415, f"The Content-Type must be application/json, not {got}.")


def unknown_snapshot(snapshot_id: str) -> Problem:
    """Return a 404: the sandbox has no snapshot with this id."""
    return Problem(404, f"There is no snapshot with the id {quoted(snapshot_id)} in this sandbox.")


def unknown_sandbox(sandbox_id: str) -> Problem:
    """Return a 404: the server has no sandbox with this id."""
    return Problem(404, f"There is no sandbox with the id {quoted(sandbox_id)}.")


def name_taken(name: str) -> Problem:
    """Return a 409: a sandbox has this name already."""
    return Problem(
        409,
        f"There is a world named {quoted(name)} already. Reset it with POST /t/{name}/__admin/reset, delete it with "
        f"DELETE /__admin/sandboxes/{{id}}, or leave out name to get a new one.",
    )


def undeclared_world(name: str | None) -> Problem:
    """Return a 400: the server requires that worlds are declared. ``name`` is None if the call names none."""
    if name is None:
        said = (
            "and this call names none: name one by the path prefix /t/{world}, the header X-Sandbox-World, the cookie "
            "sandbox_world, or the token of a declared world"
        )
        body = '{"name": …}'
    else:
        said = f"and {quoted(name)} was not, or it has ended"
        body = f'{{"name": {quoted(name)}}}'
    return invalid(
        f"With --strict-worlds, this server serves only worlds that were declared, {said}. "
        f"POST /__admin/worlds with {body} declares one."
    )


def too_many_sleepers(capacity: int) -> Problem:
    """Return a 503: the limit of delayed calls is reached."""
    return Problem(
        503,
        f"At most {counted(capacity, 'call')} can be delayed at once; start the server with a higher --max-sleepers.",
        [("Retry-After", "1")],
    )


def too_many_streams(capacity: int) -> Problem:
    """Return a 503: the limit of streams of the journal is reached."""
    return Problem(
        503,
        f"At most {counted(capacity, 'stream')} of the journal can be open at once; start the server with a higher "
        f"--max-streams.",
        [("Retry-After", "1")],
    )


def reset_meanwhile() -> Problem:
    """Return a 503: the sandbox was reset after the call entered it."""
    return Problem(
        503, "The sandbox was reset while this call was in flight; the state that it was made for is gone."
    )


def rules_full(capacity: int) -> Problem:
    """Return a 507: the limit of fault rules is reached."""
    return Problem(
        507,
        f"There can be at most {counted(capacity, 'fault rule')}. Delete some, or start the server with a higher "
        f"--max-rules.",
    )


def rules_too_large(max_bytes: float) -> Problem:
    """Return a 507: the limit of the memory of fault rules is reached."""
    return Problem(
        507,
        f"The fault rules would take more than {max_bytes} bytes of memory, which is the limit. Delete some, make them "
        f"shorter, or start the server with a higher --max-rule-bytes.",
    )


def unknown_rule(rule_id: str) -> Problem:
    """Return a 404: no fault rule has this id."""
    return Problem(404, f"There is no fault rule with the id {quoted(rule_id)}.")


def other_rule(rule_id: str, given: str) -> Problem:
    """Return a 400: the body of a change has the id ``given``, and its path that of another fault rule."""
    return invalid(
        f"id must be {quoted(rule_id)}, as in the path, not {quoted(given)}; it cannot be changed, and may be left out."
    )


def wrong_order(missing: Sequence[str], unknown: Sequence[str], repeated: Sequence[str]) -> Problem:
    """Return a 400: an order of fault rules does not name each of them once. The arguments are ids."""
    mistakes = (("missing", missing), ("unknown", unknown), ("given twice", repeated))
    wrong = "; ".join(f"{mistake}: {_listed(ids)}" for mistake, ids in mistakes if ids)
    return invalid(f"ids must name each fault rule once; {wrong}.")


def snapshots_full(capacity: int) -> Problem:
    """Return a 507: the limit of snapshots is reached."""
    return Problem(
        507,
        f"A sandbox can have at most {counted(capacity, 'snapshot')}. Delete some, or start the server with a higher "
        f"--max-snapshots.",
    )


def snapshots_too_large(max_bytes: float) -> Problem:
    """Return a 507: the limit of the memory of snapshots is reached."""
    return Problem(
        507,
        f"The snapshots of this sandbox take more than {max_bytes} bytes of memory besides its current state, which is "
        f"the limit. Delete some, or start the server with a higher --max-snapshot-bytes.",
    )


def store_full(capacity: int) -> Problem:
    """Return a 507: the limit of conversations is reached."""
    return Problem(
        507,
        f"Creates can fill a sandbox to at most {counted(capacity, 'conversation')}. Delete some, or start the server "
        f"with a higher --max-conversations.",
    )


def key_reused(key: str, contact_id: str | None, group_id: str | None) -> Problem:
    """Return a 422: an idempotency key was used for a create of other attributes."""
    return Problem(
        422,
        f"The Idempotency-Key {quoted(key)} was used for a create with contact_id {quoted(contact_id)} and group_id "
        f"{quoted(group_id)}. Send the same attributes to repeat it, or a new key to create another conversation.",
    )


def key_in_use(key: str) -> Problem:
    """Return a 409: another call with the idempotency key is under way."""
    return Problem(
        409,
        f"Another call with the Idempotency-Key {quoted(key)} is still under way. Repeat this call when that one has "
        f"ended.",
    )


def keys_full(capacity: float) -> Problem:
    """Return a 507: the limit of idempotency keys is reached."""
    return Problem(
        507,
        f"A sandbox can remember at most {counted(capacity, 'idempotency key')}. Each is forgotten after 24 hours on "
        f"its clock, and all by a reset. Advance the clock, or start the server with a higher --max-idempotency-keys.",
    )


def fleet_full(capacity: int) -> Problem:
    """Return a 503: the limit of sandboxes is reached, and none is idle."""
    return Problem(
        503,
        f"All {capacity} sandboxes are in use and none is idle, so there is no room for a new token. Use fewer "
        f"tokens, or start the server with a higher --max-sandboxes.",
        [("Retry-After", "60")],
    )


def storage_failed() -> Problem:
    """Return a 503: a change could not be written to the file of ``--persist``."""
    return Problem(
        503,
        "The file of --persist cannot be written, so nothing was changed. Check whether its disk is full.",
        [("Retry-After", "5")],
    )


def store_unavailable() -> Problem:
    """Return a 503: the store of ``--store`` cannot be reached, or refuses commands for the moment."""
    return Problem(
        503,
        "The store of the worlds (--store) cannot be reached, or refuses commands for the moment. "
        "Send the request again later.",
        [("Retry-After", "1")],
    )


def one_process_only() -> Problem:
    """Return a 503: the server runs in several processes, each of which would have a state of its own."""
    return Problem(
        503,
        "The sandbox keeps its state in memory, so it must run in one process: each further worker would have "
        "conversations of its own. Start it with one worker (gunicorn: --workers 1), as one gevent worker serves "
        "thousands of connections; or keep the state in Valkey or Redis, with SANDBOX_STORE.",
    )


def internal() -> Problem:
    """Return a 500: a defect of the sandbox, never of the request."""
    return Problem(
        500, "The sandbox failed on this request. This is a defect of the sandbox; its log has the details."
    )


def shortened(text: str, limit: int = _MAX_SHOWN) -> str:
    """Return ``text`` in one line with what is not printable escaped, cut if it is too long to be repeated."""
    text = text[: limit + 1]
    if not text.isprintable():
        text = "".join(_escaped(character) for character in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def named(name: str) -> str:
    """Return the name of an attribute for a message: as it is, or quoted where it would not be seen as a name."""
    return shortened(name) if name and name == name.strip() else quoted(name)


def counted(number: float | str, noun: str) -> str:
    """Return the number and the noun, which gets an ``s`` unless there is one: ``1 call``, ``2 calls``."""
    return f"{number} {noun}" if str(number) == "1" else f"{number} {noun}s"


def _escaped(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return character.encode("unicode_escape").decode()


def quoted(value: object) -> str:
    """Return ``value`` as JSON, cut if it is too long to be repeated to its sender. The rest of it costs nothing."""
    if isinstance(value, str):
        return f'"{shortened(value, _MAX_SHOWN - 2)}"'
    text = ""
    for part in _JSON.iterencode(value):
        text += part
        if len(text) > _MAX_SHOWN:
            break
    return shortened(text)


def _listed(values: Sequence[str]) -> str:
    """Return the first of ``values``, and the number of the others."""
    shown = ", ".join(quoted(value) for value in values[:_MAX_LISTED])
    return shown if len(values) <= _MAX_LISTED else f"{shown} and {len(values) - _MAX_LISTED} more"
