"""Access control of the control API.

Undocumented, our decision: a client of the control API can read and change everything, so by default only programs on
this machine may call it. A page of another site gets 403 by its ``Origin``, a page that came through DNS rebinding by
its ``Host``. A browser sends no ``Origin`` for what a page embeds or links to; then ``Sec-Fetch-Site`` decides. A link
to the panel may be followed from anywhere, since the page that has the link sees nothing of it. With an admin token,
the token decides. A server that listens beyond loopback is closed without one.

The panel's page and its files hold no secret, and a browser that opens a page can send no header. So they need no admin
token; the page asks for it, and sends it with each of its calls. So does ``/docs``, which shows the OpenAPI document.
"""

import re
from collections.abc import Iterable
from hmac import compare_digest
from ipaddress import ip_address
from typing import TYPE_CHECKING

from sandbox.edge.cors import preflight_headers
from sandbox.edge.responder import Responder
from sandbox.problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

HEALTH = "/__admin/health"
PANEL = "/__admin/"
"""The path of the panel's page."""
PANEL_FILES = "/__admin/panel/"
"""The beginning of the paths of the files that the page loads."""
TOKEN_HEADER = "X-Admin-Token"  # noqa: S105  # a header's name, not a secret

DOCUMENT = "/__admin/openapi.json"
"""The path of the OpenAPI document of the control API."""

_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]@]+))(?::[0-9]+)?")


class Guard:
    """Passes a request for ``/__admin`` on to ``app``, or responds with 403 and the reason."""

    def __init__(self, app: "WSGIApplication", token: str | None, origins: tuple[str, ...]) -> None:
        self._app = app
        self._token = token
        self._origins = origins

    def __call__(self, environ: "WSGIEnvironment", responder: Responder) -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        admitted = origin is not None and origin in self._origins
        if origin is not None and admitted:
            responder.add_headers(_cors(origin))
        if environ["PATH_INFO"] == HEALTH:
            return self._app(environ, responder)
        try:
            self._check_origin(environ, origin)
            if admitted and environ["REQUEST_METHOD"] == "OPTIONS":
                return responder.send_no_content(preflight_headers(environ))
            self._check_host(environ)
            if self._token is not None and not _is_page(environ["PATH_INFO"]):
                self._check_token(environ, self._token)
        except Problem as problem:
            return responder.send_problem(problem)
        return self._app(environ, responder)

    def _check_origin(self, environ: "WSGIEnvironment", origin: str | None) -> None:
        own = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"
        is_foreign = _is_foreign(environ) if origin is None else origin not in (own, *self._origins)
        if is_foreign:
            raise Problem(
                403, "Pages of other origins may not call the control API; --admin-origin admits one."
            )

    def _check_host(self, environ: "WSGIEnvironment") -> None:
        bound_to_loopback = is_loopback(environ["SERVER_NAME"])
        if bound_to_loopback and not is_loopback(host_of(environ.get("HTTP_HOST", ""))):
            raise Problem(
                403, "The control API requires a loopback name as Host, like localhost or 127.0.0.1."
            )
        if not bound_to_loopback and self._token is None:
            raise Problem(
                403,
                "The control API is closed, because this server listens beyond loopback without an admin token; "
                "start it with --admin-token (SANDBOX_ADMIN_TOKEN).",
            )

    def _check_token(self, environ: "WSGIEnvironment", token: str) -> None:
        # WSGI passes the bytes of a header on as if they were Latin-1.
        sent = environ.get("HTTP_X_ADMIN_TOKEN", "").encode("latin-1", errors="replace")
        if not compare_digest(sent, token.encode()):
            raise Problem(
                403, f"The control API requires the server's admin token in the header {TOKEN_HEADER}."
            )


def is_loopback(host: str) -> bool:
    """Return whether ``host``, a name or an address without brackets, is a loopback address of this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(authority: str) -> str:
    """Return ``localhost`` for ``localhost:8000``, ``::1`` for ``[::1]:8000``, and nothing for anything else."""
    found = _AUTHORITY.fullmatch(authority)
    return "" if found is None else found[1] or found[2]


def _is_foreign(environ: "WSGIEnvironment") -> bool:
    """Return whether a browser says that a page of another origin made the request, other than by a link to the panel.

    The site is that of the page: another port of localhost is the same site, and another origin. Clients that are no
    browsers do not send the header.
    """
    if environ.get("HTTP_SEC_FETCH_SITE", "none") in ("none", "same-origin"):
        return False
    follows_link = (
        environ["REQUEST_METHOD"] in ("GET", "HEAD")
        and environ["PATH_INFO"] in (PANEL, PANEL.rstrip("/"))
        and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST") == "document"
    )
    return not follows_link


def _is_page(path: str) -> bool:
    return path in (PANEL, PANEL.rstrip("/"), DOCUMENT) or path.startswith(PANEL_FILES)


def _cors(origin: str) -> list[tuple[str, str]]:
    return [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Expose-Headers", "Location, X-Request-Id"),
        ("Vary", "Origin"),
    ]
