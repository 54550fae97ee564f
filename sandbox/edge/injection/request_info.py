"""What rules may ask of a call. Its query and body are read only where a rule asks for them."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from sandbox.edge.call import Call
from sandbox.edge.decoding import decoded_body, readable_query
from sandbox.problems import Problem
from sandbox.schemas.nested_object import as_text

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class CallInfo:
    """The facts of one call. What cannot be read has no attributes: refusing it is the API's part."""

    def __init__(self, environ: "WSGIEnvironment", call: Call) -> None:
        self._environ = environ
        self._call = call
        self.operation = None if call.operation is None else call.operation.id
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ["PATH_INFO"]

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The attributes of the query."""
        return readable_query(self._environ.get("QUERY_STRING", ""))

    @cached_property
    def body(self) -> Mapping[str, str]:
        """The attributes of the body, as text."""
        try:
            values, _ = decoded_body(self._call.body, self._environ.get("CONTENT_TYPE", ""))
        except Problem:
            return {}
        return {name: as_text(value) for name, value in values.items()}
