"""The WSGI application, for servers that want a module to import: ``gunicorn sandbox.wsgi:app``.

It is configured by the ``SANDBOX_…`` variables. ``protocol-sandbox`` runs the same application and chooses
the worker as well.
"""

from sandbox.app import create_app

app = create_app()
