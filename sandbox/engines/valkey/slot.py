"""The place of a copy in its fleet."""

import math

from sandbox.engines.valkey.log import Saved
from sandbox.engines.valkey.world import SharedSandbox
from sandbox.world.interface import SandboxSlot
from sandbox.world.world_name import WorldKey


class SharedSlot(SandboxSlot):
    """The place of a copy. ``id`` is that of its world, and ``label`` says what lists say of it, as text.

    The key is unknown if the world was only ever used by its id. ``token_id`` is the id that the world of a declared
    world's token would have, or an empty text. The keys in the store were last prolonged at ``kept_at``, in monotonic
    seconds.
    """

    __slots__ = ("id", "kept_at", "label", "mark")

    world: SharedSandbox

    def __init__(
        self,
        key: WorldKey | None,
        world: SharedSandbox,
        now: float,
        world_id: str,
        saved: Saved,
    ) -> None:
        super().__init__(key or "", world, now)
        self.id = world_id
        self.label = saved.label
        self.mark = saved.mark
        self.kept_at = now
        self.ends_at = math.inf if saved.seconds_left is None else now + saved.seconds_left

    @property
    def token_id(self) -> str:
        return token_id_of(self.mark)


def token_id_of(mark: str) -> str:
    """Return the id of the token in the mark of a declared world; an empty text if there is no mark."""
    return mark.partition("-")[0]
