"""Loading a JSON object with a schema: strictly, and with error messages that name the nearest known attribute."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError
from marshmallow.exceptions import SCHEMA

from sandbox.problems import quoted
from sandbox.schemas.error_messages import MAX_EXPLAINED, nearest


def load(schema: Schema, values: Any, subject: str, *, lenient: bool = False) -> Any:
    """Return what ``schema`` makes of ``values``, which must be a JSON object.

    ``subject`` names the object in messages about unknown attributes ("this body"). ``lenient`` ignores those. Of many
    unknown attributes only the first ``MAX_EXPLAINED`` are looked at, so that their number costs nothing.

    Raises ValidationError, its messages as :mod:`sandbox.schemas.error_messages` describes them: those of known
    attributes in the order of the schema, then those of unknown ones in the order of the document.
    """
    if not isinstance(values, dict):
        raise ValidationError(f"must be an object, not {quoted(values)}.")
    known = schema.fields
    if lenient or values.keys() <= known.keys():
        # marshmallow need not look for unknown attributes again, which it does by making two sets for each object.
        return schema.load(values, unknown=EXCLUDE)
    unknown = list(islice((name for name in values if name not in known), MAX_EXPLAINED))
    names = [*(name for name in known if name in values), *unknown]
    try:
        return schema.load({name: values[name] for name in names}, unknown=RAISE)
    except ValidationError as error:
        messages: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]  # of marshmallow
        # marshmallow keeps unknown attributes in a set, whose order is not that of the document.
        for name in unknown:
            messages.pop(name, None)
            messages[name] = [_unknown(name, known, subject)]
        raise ValidationError(messages) from None


def _unknown(name: str, known: Mapping[str, Any], subject: str) -> str:
    # An attribute of this name has the key of the sentences about the whole object.
    prefix = f"{SCHEMA} " if name == SCHEMA else ""
    if not known:
        return f"{prefix}is not known here: there are no attributes in {subject}."
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"known are {', '.join(known)}."
    return f"{prefix}is not an attribute of {subject}; {hint}"
