"""Every error that this server answers: one shape, one catalogue.

    {"type": "invalid_request", "message": "…", "documentation_url": "https://protocol.chat/docs/errors/invalid_request"}

``type`` is ``invalid_request`` for 4xx and ``api_error`` for 5xx. The message names the attribute and says what
would be right. Source: the errors page of the same documentation; the statuses are ours.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

DOCUMENTATION = "https://protocol.chat/docs/errors/"
JSON_TYPE = "application/json"

Headers = Sequence[tuple[str, str]]


class Problem(Exception):
    """An error on its way to the client: the status, the message, and headers beyond the usual ones."""

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
        """Status and reason phrase, as WSGI wants them: ``404 Not Found``."""
        return status_line(self.status)


@lru_cache(maxsize=1000)
def status_line(status: int) -> str:
    """``404`` becomes ``404 Not Found``; a status without a registered phrase gets a neutral one."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unregistered"


def invalid(message: str) -> Problem:
    """400: the request cannot be understood, and ``message`` says what would be right."""
    return Problem(400, message)


def unauthorized() -> Problem:
    """401: no bearer token."""
    return Problem(
        401,
        "No bearer token was given. Send the header 'Authorization: Bearer {token}'; any token that is not empty "
        "is good, and each has its own sandbox.",
        [("WWW-Authenticate", "Bearer")],
    )


def unknown_conversation(conversation_id: str) -> Problem:
    """404: there is no such conversation in the caller's sandbox."""
    return Problem(404, f"There is no conversation with the id {quoted(conversation_id)} in this sandbox.")


def unknown_path(method: str, path: str) -> Problem:
    """404: there is nothing at this path."""
    document = "/__admin/openapi.json" if path.startswith("/__admin") else "/openapi.json"
    return Problem(
        404, f"There is nothing at {method} {shortened(path)}. What there is stands in {document}."
    )


def method_not_allowed(method: str, path: str, allowed: Sequence[str]) -> Problem:
    """405, with ``Allow``."""
    message = f"{shortened(method)} is not a method of {shortened(path)}; it has {', '.join(allowed)}."
    return Problem(405, message, [("Allow", ", ".join(allowed))])


def too_large(limit: int) -> Problem:
    """413: the body is larger than the server reads."""
    return Problem(413, f"The body is larger than {limit} bytes, the most that this server reads.")


def unsupported_media_type(content_type: str) -> Problem:
    """415: a body of a type that no operation reads."""
    got = quoted(content_type) if content_type else "none"
    return Problem(
        415,
        f"The Content-Type must be application/x-www-form-urlencoded, application/json or multipart/form-data, "
        f"not {got}.",
    )


def wants_json(content_type: str) -> Problem:
    """415: the control API takes JSON alone, which no page of another site can send unasked."""
    got = quoted(content_type) if content_type else "none"
    return Problem(415, f"The Content-Type must be application/json, not {got}.")


def unknown_snapshot(snapshot_id: str) -> Problem:
    """404: the sandbox has no such snapshot."""
    return Problem(404, f"There is no snapshot with the id {quoted(snapshot_id)} in this sandbox.")


def unknown_sandbox(sandbox_id: str) -> Problem:
    """404: the server has no such sandbox."""
    return Problem(404, f"There is no sandbox with the id {quoted(sandbox_id)}.")


def too_many_sleepers(capacity: int) -> Problem:
    """503: as many calls as may sleep are asleep."""
    return Problem(
        503,
        f"{capacity} calls are held back by delays, the most that may be at once; start the server with a higher "
        f"--max-sleepers.",
        [("Retry-After", "1")],
    )


def reset_meanwhile() -> Problem:
    """503: the world that the call was made in is gone."""
    return Problem(
        503, "The sandbox was reset while this call was held back; the world that it was made in is gone."
    )


def rules_full(capacity: int) -> Problem:
    """507: there are as many fault rules as there may be."""
    return Problem(
        507,
        f"There are {capacity} fault rules, the most that may be. Delete some, or start with a higher --max-rules.",
    )


def unknown_rule(rule_id: str) -> Problem:
    """404: there is no such fault rule."""
    return Problem(404, f"There is no fault rule with the id {quoted(rule_id)} here.")


def snapshots_full(capacity: int) -> Problem:
    """507: the sandbox holds all the snapshots it may."""
    return Problem(
        507,
        f"This sandbox holds {capacity} snapshots, the most it may. Drop some, or start the server with a higher "
        f"--max-snapshots.",
    )


def store_full(capacity: int) -> Problem:
    """507: the sandbox holds all the conversations it may."""
    return Problem(
        507,
        f"This sandbox holds {capacity} conversations, the most it may. Delete some, or start the server with a "
        f"higher --max-conversations.",
    )


def fleet_full(capacity: int) -> Problem:
    """503: every sandbox that there may be is in use."""
    return Problem(
        503,
        f"All {capacity} sandboxes are in use and none is idle, so there is no room for a new token. Use fewer "
        f"tokens, or start the server with a higher --max-sandboxes.",
        [("Retry-After", "60")],
    )


def one_process_only() -> Problem:
    """503: the server runs in several processes, which would each hold another world."""
    return Problem(
        503,
        "The sandbox keeps its state in memory, so it must run in one process: each further worker would have "
        "conversations of its own. Start it with one worker (gunicorn: --workers 1); a gevent worker serves "
        "thousands of connections.",
    )


def internal() -> Problem:
    """500: a defect of the sandbox, never of the request."""
    return Problem(
        500, "The sandbox failed on this request. That is a defect of the sandbox; its log says more."
    )


def shortened(text: str, most: int = 80) -> str:
    """``text`` in one line, cut where it is too long to be repeated to the one who sent it."""
    text = text if text.isprintable() else text.encode("unicode_escape").decode()
    return text if len(text) <= most else text[: most - 1] + "…"


def quoted(value: object) -> str:
    """``value`` as JSON, cut where it is too long to be repeated to the one who sent it."""
    if isinstance(value, str):
        return f'"{shortened(value, 78)}"'
    try:
        return shortened(json.dumps(value, ensure_ascii=False, default=str))
    except RecursionError:
        return "a value of that depth"
