"""The documented API, ``/v1``: Flask views of a few lines over the sandbox."""
