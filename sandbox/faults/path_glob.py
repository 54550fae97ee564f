"""The globs with which rules match paths."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.schemas.fields import Name

_BEGINNING = re.compile(r"^([*[]|[/?]([*[]|[v?]([*[]|[1?]([*[]|[/?]))))")
"""The beginning of a glob that can match ``/v1/…``. What is in brackets is not examined."""


class PathGlob(Name):
    """A glob for the decoded path of a call, from ``/v1/`` on. One that no such path can match is refused."""

    openapi: Mapping[str, Any] = {"minLength": 1, "maxLength": 200, "pattern": _BEGINNING.pattern}
    openapi_text = {"type": "string", **openapi}
    default_error_messages = {
        "impossible": "must begin with /v1/ or a wildcard, like /v1/conversations/*, not {input}: it matches no call.",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        glob = super()._deserialize(value, attr, data, **kwargs)
        if not _BEGINNING.match(glob):
            raise self.make_error("impossible", input=value)
        return glob
