"""Pages, and the files that they load: under a policy that admits nothing but the server's own files.

The policy needs no exception: scripts and styles are files, none of them inline, and nothing is loaded from elsewhere.
So a page works offline, and a text of a client that it shows cannot become a script.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING

import flask
from werkzeug.exceptions import NotFound

from sandbox.problems import status_line
from sandbox.web.response import Response

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

HTML_TYPE = "text/html; charset=utf-8"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The Content-Security-Policy of every page."""
SECURITY_HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": HTML_TYPE,
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}


class Files:
    """The files of ``folder``, a folder of the package ``package``, that a page may load.

    These are the files in the folder itself whose type a page uses. They are found by comparing names, so that no text
    of a client becomes a path.
    """

    def __init__(self, package: str, folder: str) -> None:
        self._package = package
        self._folder = folder

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, in order."""
        return iter(sorted(each.name for each in self._root().iterdir() if _type_of(each.name)))

    def response(self, name: str) -> Response:
        """Return the file as a response to the current request, 304 if its client has it. Raises NotFound."""
        if name not in self:
            raise NotFound
        return file_response((self._root() / name).read_bytes(), _type_of(name))

    def _root(self) -> "Traversable":
        from importlib.resources import files  # noqa: PLC0415  # a server starts without it

        return files(self._package) / self._folder


def file_response(body: bytes, content_type: str) -> Response:
    """Return ``body`` as a response to the current request, 304 if its client has it already.

    It may be stored, but is asked for again each time: another version of the server has other files.
    """
    tag = _tag_of(body)
    headers = [("ETag", f'"{tag}"'), ("Cache-Control", "no-cache"), *SECURITY_HEADERS]
    if flask.request.if_none_match.contains_weak(tag):
        return Response(status_line(304), headers, b"")
    described = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    return Response(status_line(200), described + headers, body)


def _tag_of(body: bytes) -> str:
    return blake2b(body, digest_size=8).hexdigest()


def _type_of(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2], "")
