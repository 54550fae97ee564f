"""The server: all that knows gunicorn stands in this package, behind :func:`serve`."""

from sandbox.server.run import serve

__all__ = ["serve"]
