"""The URL scheme of a request, as reported by a proxy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sandbox.http import refusals

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class SchemeReader:
    """Callable that returns ``https`` if a header in ``schemes`` has the given value, and ``http`` otherwise.

    Headers count only from proxies whose address is in ``trusted``; ``*`` trusts all.
    """

    def __init__(self, schemes: Mapping[str, str], trusted: Sequence[str]) -> None:
        self._values = [
            (f"HTTP_{name.upper().replace('-', '_')}", secure) for name, secure in schemes.items()
        ]
        self._trusted = None if "*" in trusted else frozenset(trusted)

    def __call__(self, environ: "WSGIEnvironment") -> str:
        """Return the scheme of a request. Raises Problem 400 if two headers contradict each other."""
        found = None
        for key, secure in self._values:
            if key in environ:
                scheme = "https" if environ[key] == secure else "http"
                if found not in {None, scheme}:
                    raise refusals.unreadable("its headers name different schemes")
                found = scheme
        if found is None or (self._trusted is not None and environ.get("REMOTE_ADDR") not in self._trusted):
            return "http"
        return found
