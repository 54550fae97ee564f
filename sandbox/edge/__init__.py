"""The WSGI layer around the API: what must hold for every answer, also those that Flask never saw."""
