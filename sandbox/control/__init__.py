"""The control API, ``/__admin``: what test suites steer the sandbox with."""
