"""The names of keys and channels in the store."""

from typing import NamedTuple


class WorldKeys(NamedTuple):
    """The keys of one world. In a cluster they share a slot, that of the id in braces."""

    meta: str
    log: str
    checkpoint: str
    calls: str
    counts: str
    alias: str
    """The name of the world that a token selects. A token with an alias has no world of its own."""


class Keys:
    """All keys and channels. They begin with ``prefix``."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.format = f"{prefix}{{server}}:format"
        """The version of the format of all keys."""
        self.id_key = f"{prefix}{{server}}:id-key"
        """The key of the ids of sandboxes, if servers have none of their own."""
        self.id_check = f"{prefix}{{server}}:id-check"
        """A digest of the key of the ids, which all servers must share."""
        self.used = f"{prefix}{{fleet}}:used"
        """The ids of the sandboxes, sorted by their last use."""
        self.ending = f"{prefix}{{fleet}}:ending"
        """The ids of those declared worlds that have an end, sorted by it."""
        self.rules = f"{prefix}{{rules}}:rules"
        """The server-wide rules."""
        self.tallies = f"{prefix}{{rules}}:tallies"
        """The calls that server-wide rules have matched and fired for, in all sandboxes."""
        self.calls = f"{prefix}calls"
        """The channel of the calls of all worlds."""
        self.wakes = f"{prefix}wakes"
        """The channel of the ids of worlds in which calls have to be woken."""

    def world(self, world_id: str) -> WorldKeys:
        """Return the keys of a world."""
        return WorldKeys(*(f"{self.prefix}{{{world_id}}}:{name}" for name in WorldKeys._fields))

    def source(self, digest: str) -> str:
        """Return the key of the conversations of a scenario."""
        return f"{self.prefix}{{source-{digest}}}:source"
