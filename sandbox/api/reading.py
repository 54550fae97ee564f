"""Reading attributes from a query or a body: one way in, whatever the encoding.

Text is first turned into JSON values by the types of its attributes; then one schema refuses what is wrong, in one
wording.
"""

from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError

from sandbox import problems
from sandbox.edge.decoding import decoded_body, decoded_query
from sandbox.schemas.error_messages import explain

OWN = "__"
"""Query names that start so are the sandbox's own: the edge reads them."""


def read_query(schema: Schema, query: str, *, lenient: bool) -> Any:
    """What ``schema`` makes of a query string. Raises Problem 400."""
    values = {name: value for name, value in decoded_query(query).items() if not name.startswith(OWN)}
    return _load(schema, _typed(schema, values), "query", lenient=lenient)


def read_body(schema: Schema, body: bytes, content_type: str, *, lenient: bool) -> Any:
    """What ``schema`` makes of a body: a form, a JSON object or multipart fields. No body means no attributes.

    Raises Problem 400 and 415.
    """
    values, is_text = decoded_body(body, content_type)
    return _load(schema, _typed(schema, values) if is_text else values, "body", lenient=lenient)


def _typed(schema: Schema, values: dict[str, str]) -> dict[str, Any]:
    return {name: _from_text(schema.fields.get(name), text) for name, text in values.items()}


def _from_text(field: Any, text: str) -> Any:
    if field is None:
        return text
    return None if text == "" and field.allow_none else field.from_text(text)


def _load(schema: Schema, values: dict[str, Any], place: str, *, lenient: bool) -> Any:
    try:
        return schema.load(values, unknown=EXCLUDE if lenient else RAISE)
    except ValidationError as error:
        raise problems.invalid(explain(schema, error, values, f"this {place}")) from None
