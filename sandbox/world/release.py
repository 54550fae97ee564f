"""Freeing the large parts of replaced states in short steps."""

from collections.abc import Iterable
from typing import Any, Protocol

from rpds import HashTrieMap

from sandbox.world.pause import Pause, with_pauses

LARGE = 20_000
"""Number of items from which a part is taken apart; others are freed in a few milliseconds."""
_LEAVES_AT_ONCE = 16


class Part(Protocol):
    """An immutable part of a state that may be large: a table, or idempotency keys."""

    @property
    def places(self) -> int:
        """The number of items."""
        ...

    def places_besides(self, others: "Iterable[Part]") -> int:
        """Return the number of items that none of ``others`` shares, counted in whole nodes of the ordered maps."""
        ...

    def see(self, seen: set[int]) -> None:
        """Add the nodes of the ordered maps to ``seen`` by their identity."""
        ...

    def taken_apart(self) -> "tuple[list[HashTrieMap[str, Any]], list[object]]":
        """Return the maps, and the leaves of the ordered maps."""
        ...


def release(parts: list[Part], pause: Pause, kept: Iterable[Part] = ()) -> None:
    """Forget ``parts``, and leave the list empty.

    To free a hundred thousand conversations at once takes a fifth of a second, so a large part is taken apart, with
    pauses. What other states share with it stays. ``kept`` are parts that probably do: one that shares nearly
    everything with them is not taken apart, as nothing much is freed with it.
    """
    kept = tuple(kept)
    while parts:
        if parts[-1].places < LARGE or parts[-1].places_besides(kept) < LARGE:
            parts.pop()
            continue
        maps, leaves = parts.pop().taken_apart()
        while leaves:
            del leaves[-_LEAVES_AT_ONCE:]
            pause()
        while maps:
            left = maps.pop()
            # An iterator of its own, which does not keep the whole map until its end.
            for key in with_pauses(iter(left), pause):
                left = left.remove(key)
