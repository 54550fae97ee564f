"""The arguments of a view: attributes of a query or a body, and headers, validated by marshmallow schemas.

Text is first converted to JSON values by the types of its attributes. Then one schema validates both, with one wording.
"""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from sandbox import problems
from sandbox.schemas.arguments import NoArguments
from sandbox.schemas.error_messages import message_of
from sandbox.schemas.loading import load
from sandbox.web.decoding import is_json
from sandbox.web.request import Request, environ_key
from sandbox.web.text import is_utf8

MAX_CACHED = 1024
"""The number of different queries and bodies of an endpoint that are cached: clients repeat themselves."""
MAX_CACHED_LENGTH = 512
"""The length up to which a query or a body is cached, so that the cache is bounded in bytes too."""

_NO_HEADERS = NoArguments()


class ArgumentReader:
    """Reads the arguments of one endpoint's requests. What it returns is cached and must not be changed.

    A schema without attributes accepts nothing: then the query or the body must be empty, and is no argument. Headers
    that their schema does not name are ignored. ``lenient`` ignores unknown attributes.
    """

    def __init__(
        self, query: Schema, body: Schema, headers: Schema = _NO_HEADERS, *, lenient: bool = False
    ) -> None:
        self._query = query
        self._body = body
        self._header_schema = headers
        names = [field.data_key or name for name, field in headers.fields.items()]
        self._header_names = {environ_key(name): name for name in names}
        self._without_headers: Any = None
        self._lenient = lenient
        self._takes_query = bool(query.fields)
        self._takes_body = bool(body.fields)
        self._queries: dict[str, Any] = {}
        self._bodies: dict[tuple[bytes, str], Any] = {}

    def read(self, request: Request) -> dict[str, Any]:
        """Return ``{"query": …, "body": …}``, each if the endpoint takes it. Raises Problem 400 and 415."""
        arguments: dict[str, Any] = {}
        text = request.query_string
        # An endpoint without a query refuses one that is sent: the client meant something by it.
        if self._takes_query or text:
            query = _cached(self._queries, text, len(text), lambda: self.query(request))
            if self._takes_query:
                arguments["query"] = query
        body = request.body
        if self._takes_body or body:
            key = body, request.content_type
            value = _cached(self._bodies, key, len(body) + len(key[1]), lambda: self.body(request))
            if self._takes_body:
                arguments["body"] = value
        return arguments

    def query(self, request: Request) -> Any:
        """Return the validated query. Raises Problem 400."""
        query = request.query
        self._check_repeated(query.repeated, self._query)
        return self._load(self._query, _from_text(self._query, query.attributes), "query")

    def body(self, request: Request) -> Any:
        """Return the validated body. Raises Problem 400 and 415."""
        attributes, is_text, repeated = request.decoded_body
        self._check_repeated(repeated, self._body)
        values = self._load(self._body, _from_text(self._body, attributes) if is_text else attributes, "body")
        if not request.body and request.method == "PUT" and is_json(request.content_type):
            # The client meant to send a change. Many generated ones leave it out where they do not support its type.
            raise problems.empty_body(self._body.fields)
        return values

    def read_with_headers(self, request: Request) -> dict[str, Any]:
        """Return what :meth:`read` does, and ``headers``, which are validated first. Raises Problem 400 and 415."""
        headers = self.headers(request)
        arguments = self.read(request)
        arguments["headers"] = headers
        return arguments

    def headers(self, request: Request) -> Any:
        """Return the validated headers. Raises Problem 400."""
        environ = request.environ
        for key in self._header_names:
            if key in environ:
                return self._sent_headers(request)
        # As most calls do. What they get is validated once.
        if self._without_headers is None:
            self._without_headers = _loaded(self._header_schema, {})
        return self._without_headers

    def _sent_headers(self, request: Request) -> Any:
        sent = {key: name for key, name in self._header_names.items() if key in request.environ}
        for key, name in sent.items():
            if not is_utf8(request.environ[key]):
                raise problems.invalid(f"{name} must be UTF-8.")
        return _loaded(self._header_schema, {name: request.header(name) for name in sent.values()})

    def _check_repeated(self, repeated: Mapping[str, str], schema: Schema) -> None:
        """Raise Problem 400 if one of the repeated attributes is not ignored."""
        for name, place in repeated.items():
            if not self._lenient or name in schema.fields:
                raise problems.repeated(place)

    def _load(self, schema: Schema, attributes: dict[str, Any], place: str) -> Any:
        return _loaded(schema, attributes, f"this {place}", lenient=self._lenient)


def _loaded(schema: Schema, attributes: dict[str, Any], subject: str = "", *, lenient: bool = True) -> Any:
    try:
        return load(schema, attributes, subject, lenient=lenient)
    except ValidationError as error:
        raise problems.invalid(message_of(error)) from None


def _cached(cache: dict[Any, Any], key: Any, length: int, read: Callable[[], Any]) -> Any:
    value = cache.get(key)
    if value is None:
        value = read()
        if length <= MAX_CACHED_LENGTH:
            if len(cache) >= MAX_CACHED:
                # Clients repeat few requests, so a cache seldom fills, and emptying it costs less than an order of use.
                cache.clear()
            cache[key] = value
    return value


def _from_text(schema: Schema, attributes: dict[str, str]) -> dict[str, Any]:
    return {name: _value(schema.fields.get(name), text) for name, text in attributes.items()}


def _value(field: Any, text: str) -> Any:
    if field is None:
        return text
    return None if text == "" and field.allow_none else field.from_text(text)
