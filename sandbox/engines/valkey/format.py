"""The version of what is written to the store."""

FORMAT = 1
"""Raise it when a change makes this version write what an older one would read wrongly, or not read what is there."""


class NewerFormat(Exception):
    """Something in the store was written by a newer version of the server. ``found`` is what this one does not know."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"A newer version of the server has written {found!r} to the store; update this one."
        )
        self.found = found
