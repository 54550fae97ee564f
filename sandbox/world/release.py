"""Freeing the tables of replaced states in short steps."""

from sandbox.world.pause import Pause, with_pauses
from sandbox.world.table import Table

LARGE = 20_000
"""Number of conversations and deletions from which a table is taken apart; others are freed in a few milliseconds."""
_LEAVES_AT_ONCE = 16


def release(tables: list[Table], pause: Pause) -> None:
    """Forget ``tables``, and leave the list empty.

    To free a hundred thousand conversations at once takes a fifth of a second, so a large table is taken apart, with
    pauses. What other tables share with it stays.
    """
    while tables:
        if tables[-1].places < LARGE:
            tables.pop()
            continue
        maps, leaves = tables.pop().taken_apart()
        while leaves:
            del leaves[-_LEAVES_AT_ONCE:]
            pause()
        while maps:
            left = maps.pop()
            # An iterator of its own, which does not keep the whole map until its end.
            for key in with_pauses(iter(left), pause):
                left = left.remove(key)
