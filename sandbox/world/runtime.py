"""The dependencies of a world on the process that it runs in, and the limits of its growth."""

import math
from dataclasses import dataclass, field

from sandbox.world.clock import Now
from sandbox.world.journal_feed import JournalFeed
from sandbox.world.offload import Offload, run_here
from sandbox.world.sleepers import NewEvent, RuleSleepers, Wait, new_event, wait
from sandbox.world.store import Encode


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of a sandbox's growth. Those named bytes are of memory."""

    conversations: int
    snapshots: int
    rules: int
    journal_entries: int
    journal_bytes: int
    snapshot_bytes: float = math.inf
    rule_bytes: float = math.inf
    idempotency_keys: float = math.inf


@dataclass(frozen=True, slots=True)
class Runtime:
    """The dependencies of a sandbox on the process that it runs in.

    ``now`` returns Unix seconds, ``encode`` the JSON of a conversation; ``wait`` is how a call sleeps, and
    ``new_event`` makes the event that wakes it. ``feed`` is told what the journals record, and ``rule_sleepers`` are
    the sleeping calls of all sandboxes. ``offload`` does what takes long.
    """

    now: Now
    encode: Encode
    bounds: Bounds
    wait: Wait = wait
    new_event: NewEvent = new_event
    feed: JournalFeed = field(default_factory=JournalFeed)
    rule_sleepers: RuleSleepers = field(default_factory=RuleSleepers)
    offload: Offload = run_here
