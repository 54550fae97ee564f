"""The routing rules of the server, which match paths and seldom build any."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class UrlRule(Rule):
    """A routing rule that compiles the functions that build its URL when they are called.

    Werkzeug compiles them with each rule, which takes nine tenths of the time in which an application is made. This
    server builds no URL.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002  # Werkzeug's signature
        compiled = super()._compile_builder

        def build(_rule: Rule, **values: Any) -> tuple[str, str]:
            return compiled(append_unknown)(self, **values)

        return build
