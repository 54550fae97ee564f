"""The scheme that the client used, where a proxy in front says so."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sandbox.http import refusals

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class SchemeReader:
    """Answers ``https`` where a header of ``schemes`` has its value, and ``http`` otherwise.

    Only proxies whose address is ``trusted`` may say so; ``*`` trusts all.
    """

    def __init__(self, schemes: Mapping[str, str], trusted: Sequence[str]) -> None:
        self._values = [
            (f"HTTP_{name.upper().replace('-', '_')}", secure) for name, secure in schemes.items()
        ]
        self._trusted = None if "*" in trusted else frozenset(trusted)

    def __call__(self, environ: "WSGIEnvironment") -> str:
        """Return the scheme of a request. Raises Problem 400 where two headers contradict each other."""
        said = None
        for key, secure in self._values:
            if key in environ:
                scheme = "https" if environ[key] == secure else "http"
                if said not in {None, scheme}:
                    raise refusals.unreadable("its headers name two schemes")
                said = scheme
        if said is None or (self._trusted is not None and environ.get("REMOTE_ADDR") not in self._trusted):
            return "http"
        return said
