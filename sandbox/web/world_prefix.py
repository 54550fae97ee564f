"""The path prefix ``/t/{world}``, by which a base URL names a world.

The prefix is moved from the path of a request to its ``SCRIPT_NAME``, as if the application were mounted there. So
everything behind it sees the path without the prefix: operations, fault rules, the journal, messages.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from werkzeug.wsgi import get_host

from sandbox.web.text import text_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PREFIX = "/t/"
KEY = "sandbox.world"
"""The key of the prefix's name in the WSGI environment, as text that was not validated."""

_RAW_NAME = re.compile(r"(?:[A-Za-z]+://[^/?]*)?/t/([^/?]*)")


def move_prefix(environ: "WSGIEnvironment") -> str:
    """Move ``/t/{world}`` from the path to ``SCRIPT_NAME``, and return the path that is left.

    A path that has nothing after the name is left as it is, and names no world.
    """
    path: str = environ["PATH_INFO"]
    name = _name(environ, path)
    start, rest = path[: len(PREFIX) + len(name)], path[len(PREFIX) + len(name) :]
    if rest[:1] != "/":
        return path
    environ[KEY] = text_of(name)
    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + start
    environ["PATH_INFO"] = rest
    return rest


def root_path(environ: "WSGIEnvironment") -> str:
    """Return the path, percent-encoded, that the application is mounted at; with the prefix, if there is one."""
    root: str = environ.get("SCRIPT_NAME", "")
    return quote(root.encode("latin-1")) if root else ""


def prefixed_url(environ: "WSGIEnvironment", name: str) -> str:
    """Return the base URL that names the world ``name``, as the client of this request reaches the server."""
    own = environ.get(KEY)
    root = root_path(environ)
    if own is not None:
        root = root[: -len(PREFIX + quote(own))]
    return f"{environ['wsgi.url_scheme']}://{get_host(environ)}{root}{PREFIX}{name}"


def _name(environ: "WSGIEnvironment", path: str) -> str:
    r"""Return the name as a native string. An encoded slash is a part of it, although the path was decoded."""
    raw = _RAW_NAME.match(environ.get("RAW_URI", ""))
    if raw is not None and "%" in raw[1]:
        name = unquote_to_bytes(raw[1]).decode("latin-1")
        if path.startswith(PREFIX + name):
            return name
    return path[len(PREFIX) :].partition("/")[0]
