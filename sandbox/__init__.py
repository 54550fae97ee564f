"""protocol-sandbox: a mock server for the Conversations API of Protocol.

The public face: :func:`create_app`, :class:`Settings` and the version. Both are imported when they are first asked
for, so that the command line can say its version, or refuse a flag, without loading a web framework.
"""

from typing import TYPE_CHECKING, Any

from sandbox.version import __version__

if TYPE_CHECKING:
    from sandbox.app import create_app
    from sandbox.settings import Settings

__all__ = ["Settings", "__version__", "create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from sandbox.app import create_app  # noqa: PLC0415  # see the docstring

        return create_app
    if name == "Settings":
        from sandbox.settings import Settings  # noqa: PLC0415  # see the docstring

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
