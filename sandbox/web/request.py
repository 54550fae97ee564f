"""The HTTP request as the API, the control API and the rules see it: decoded once, and only when asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandbox.problems import Problem
from sandbox.schemas.canonical_text import BODY_FIELDS, QUERY_FIELDS, canonical_json, canonical_texts
from sandbox.web.bearer_token import bearer_token
from sandbox.web.body import LARGE_BYTES
from sandbox.web.decoding import EMPTY_BODY, DecodedBody, DecodedQuery, decode_body, decode_query, is_json
from sandbox.web.text import text_of
from sandbox.world.offload import Offload
from sandbox.world.pause import Pause

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def environ_key(header: str) -> str:
    """Return the key of a header in a WSGI environment: ``HTTP_X_REQUEST_ID`` for ``X-Request-Id``."""
    return "HTTP_" + header.upper().replace("-", "_")


class Request:
    """A request. ``body`` is the complete body; whoever makes the request reads it.

    ``path`` is decoded text; ``query_string`` is a native string of WSGI, still encoded.
    ``query`` and ``decoded_body`` raise Problem if they cannot be decoded. ``query_attributes`` and
    ``body_attributes`` are for matching, with canonical texts: they are empty then, since refusing the request is up to
    the view.
    """

    __slots__ = (
        "_body_attributes",
        "_decoded_body",
        "_query",
        "_query_attributes",
        "body",
        "environ",
        "method",
        "path",
        "query_string",
        "token",
    )

    def __init__(self, environ: "WSGIEnvironment", body: bytes = b"") -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = text_of(environ["PATH_INFO"])
        self.query_string: str = environ.get("QUERY_STRING", "")
        self.token = bearer_token(environ)
        self.body = body
        self._query: DecodedQuery | None = None
        self._query_attributes: Mapping[str, str] | None = None
        self._decoded_body: DecodedBody | Problem | None = None
        self._body_attributes: Mapping[str, str | None] | None = None

    def header(self, name: str) -> str | None:
        """Return a header as text, without the white space around it; None if it was not sent."""
        value: str | None = self.environ.get(environ_key(name))
        return None if value is None else text_of(value).strip(" \t")

    @property
    def content_type(self) -> str:
        """The header ``Content-Type``, empty if there is none."""
        return text_of(self.environ.get("CONTENT_TYPE", ""))

    @property
    def query(self) -> DecodedQuery:
        """The decoded query. Raises Problem 400."""
        if self._query is None:
            self._query = decode_query(self.query_string)
        return self._query

    @property
    def decoded_body(self) -> DecodedBody:
        """The decoded body. Raises Problem 400 and 415."""
        decoded = self._decoded_body
        if decoded is None:
            decoded = self._decoded_body = _decoded(self.body, self.content_type)
        if isinstance(decoded, Problem):
            raise decoded.with_traceback(None)
        return decoded

    def prepare_body(self, pause: Pause, offload: Offload) -> None:
        """Let others run before or while the body is decoded, if it is large. Call it before anything asks for it.

        JSON is parsed at once, after ``pause``: its parser would not let others run in another thread either, and
        bodies of very many parts are refused. Forms are decoded by ``offload``.
        """
        body, content_type = self.body, self.content_type
        if len(body) <= LARGE_BYTES:
            return
        if is_json(content_type):
            pause()
        else:
            self._decoded_body = offload(lambda: _decoded(body, content_type))

    @property
    def query_attributes(self) -> Mapping[str, str]:
        """The canonical texts of the attributes of the query; none if it cannot be decoded."""
        if self._query_attributes is None:
            try:
                self._query_attributes = canonical_texts(self.query.attributes, QUERY_FIELDS)
            except Problem:
                self._query_attributes = {}
        return self._query_attributes

    @property
    def body_attributes(self) -> Mapping[str, str | None]:
        """The canonical texts of the attributes of the body; none if it cannot be decoded.

        An object or a list has no such text: it is None.
        """
        if self._body_attributes is None:
            self._body_attributes = self._as_texts()
        return self._body_attributes

    def forget_body(self) -> None:
        """Forget what was decoded: ``body`` was set after something had asked for it."""
        self._decoded_body = self._body_attributes = None

    def _as_texts(self) -> Mapping[str, str | None]:
        try:
            attributes, is_text, _ = self.decoded_body
        except Problem:
            return {}
        if is_text:
            return canonical_texts(attributes, BODY_FIELDS)
        return {name: canonical_json(value, BODY_FIELDS.get(name)) for name, value in attributes.items()}


def _decoded(body: bytes, content_type: str) -> DecodedBody | Problem:
    """Return the decoded body, or the problem with it, which is kept too: every rule may ask for the body."""
    try:
        return decode_body(body, content_type) if body else EMPTY_BODY
    except Problem as problem:
        return problem.with_traceback(None)
