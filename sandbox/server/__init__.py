"""The server: everything that knows gunicorn stands in this package, behind :func:`serve`."""
