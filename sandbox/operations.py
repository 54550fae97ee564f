"""The five documented operations: the table by which they are routed, matched, journalled and documented."""

from dataclasses import dataclass

PREFIX = "/v1"
COLLECTION = "/v1/conversations"


@dataclass(frozen=True, slots=True)
class Operation:
    """An OpenAPI operation. ``path`` is a template like ``/v1/conversations/{id}``."""

    id: str
    method: str
    path: str


CREATE = Operation("createConversation", "POST", COLLECTION)
LIST = Operation("listConversations", "GET", COLLECTION)
RETRIEVE = Operation("retrieveConversation", "GET", COLLECTION + "/{id}")
UPDATE = Operation("updateConversation", "PUT", COLLECTION + "/{id}")
DELETE = Operation("deleteConversation", "DELETE", COLLECTION + "/{id}")

OPERATIONS = (CREATE, LIST, RETRIEVE, UPDATE, DELETE)

_BY_CALL = {(operation.method, operation.path): operation for operation in OPERATIONS}
# HTTP gives every resource that has GET also HEAD, which does the same and sends no body.
_BY_CALL |= {("HEAD", operation.path): operation for operation in (LIST, RETRIEVE)}


def template_of(path: str) -> str | None:
    """Return the template that ``path`` matches, or None."""
    if path == COLLECTION:
        return COLLECTION
    start, _, conversation_id = path.rpartition("/")
    return RETRIEVE.path if start == COLLECTION and conversation_id else None


def operation_of(method: str, path: str) -> Operation | None:
    """Return the operation of a request, or None (404, 405)."""
    template = template_of(path)
    return None if template is None else _BY_CALL.get((method, template))


def methods_of(path: str) -> list[str]:
    """Return the methods of ``path`` in the order of ``Allow``; none for an unknown path."""
    template = template_of(path)
    methods = sorted(method for method, path in _BY_CALL if path == template)
    return [*methods, "OPTIONS"] if methods else []
