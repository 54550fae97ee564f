"""The sequence of the ids of new conversations."""

from collections.abc import Callable

from sandbox.world.draws import draw_id


class IdSequence:
    """Ids in a fixed order: first the pinned ones of the scenario, then one drawn per index.

    Two sandboxes with the same scenario and seed hand out the same ids in the same order. ``index`` is the number of
    ids that were handed out.
    """

    __slots__ = ("index", "pinned", "seed")

    def __init__(self, seed: int, pinned: tuple[str, ...] = (), index: int = 0) -> None:
        self.seed = seed
        self.pinned = pinned
        self.index = index

    def draw(self, taken: Callable[[str], bool]) -> tuple[str, int]:
        """Return the next id of the sequence for which ``taken`` is false, and the ``index`` behind it."""
        index = self.index
        while True:
            drawn = (
                self.pinned[index] if index < len(self.pinned) else draw_id(self.seed, "conversation", index)
            )
            index += 1
            if not taken(drawn):
                return drawn, index
