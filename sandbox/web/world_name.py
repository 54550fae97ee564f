"""The world that a request names, for callers that cannot change their token.

Undocumented, our decision: an app under test has one token for all tests, while its base URL, a header or a cookie can
be set from outside. The token of such a request only authenticates.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from sandbox import problems
from sandbox.web import world_prefix
from sandbox.web.text import text_of
from sandbox.world.world_name import WorldName, is_world_name

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HEADER = "X-Sandbox-World"
COOKIE = "sandbox_world"

_PREFIX_PLACE = f"path prefix {world_prefix.PREFIX}{{world}}"


def world_name(environ: "WSGIEnvironment", *, with_cookie: bool = True) -> WorldName | None:
    """Return the world that the path prefix, the header or the cookie names, or None.

    ``with_cookie`` False ignores the cookie, which a browser sends without being asked to. Raises Problem 400 for an
    invalid name, and for two names that differ.
    """
    prefix = environ.get(world_prefix.KEY)
    header = environ.get("HTTP_X_SANDBOX_WORLD")
    cookie = environ.get("HTTP_COOKIE") if with_cookie else None
    if prefix is None and header is None and (cookie is None or COOKIE not in cookie):
        return None
    return _named(prefix, header, cookie)


@lru_cache(maxsize=256)
def _named(prefix: str | None, header: str | None, cookie: str | None) -> WorldName | None:
    named = [] if prefix is None else [(_PREFIX_PLACE, prefix)]
    if header is not None:
        named.append((f"header {HEADER}", text_of(header)))
    if cookie is not None:
        named += [(f"cookie {COOKIE}", name) for name in _cookies(cookie)]
    for place, name in named:
        if not is_world_name(name):
            raise problems.invalid(
                f"The {place} must name a world by 1 to 64 letters, digits, _ or -, not {problems.quoted(name)}."
            )
    for place, name in named[1:]:
        if name != named[0][1]:
            raise problems.invalid(
                f"The {named[0][0]} names the world {problems.quoted(named[0][1])}, and the {place} "
                f"{problems.quoted(name)}; name one world."
            )
    return WorldName(named[0][1]) if named else None


def _cookies(header: str) -> list[str]:
    """Return the values of our cookie. A library's parser would leave out one that it takes for malformed."""
    pairs = [pair.partition("=") for pair in header.split(";")]
    return [text_of(value.strip(' \t"')) for name, _, value in pairs if name.strip() == COOKIE]
