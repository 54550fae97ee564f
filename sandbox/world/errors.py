"""What can go wrong in a sandbox, without a word about HTTP.

WorldError
├── UnknownConversation   no such conversation (any more)
├── UnknownCursor         a cursor names an id that this sandbox never had
├── StoreFull             the bound on conversations is met
├── FleetFull             the bound on sandboxes is met and none is idle
├── UnknownSandbox        no such sandbox (any more)
├── UnknownSnapshot       no such snapshot (any more)
├── SnapshotsFull         the bound on snapshots is met
├── UnknownRule           no such fault rule (any more)
├── RulesFull             the bound on fault rules is met
└── SleepersFull          the bound on calls that sleep is met
"""


class WorldError(Exception):
    """Base of everything that the domain refuses."""


class UnknownConversation(WorldError):
    """There is no conversation with this id (any more)."""

    def __init__(self, conversation_id: str) -> None:
        super().__init__(conversation_id)
        self.conversation_id = conversation_id


class UnknownCursor(WorldError):
    """A cursor names an id that the sandbox never had."""

    def __init__(self, conversation_id: str) -> None:
        super().__init__(conversation_id)
        self.conversation_id = conversation_id


class StoreFull(WorldError):
    """The sandbox holds as many conversations as it may."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class FleetFull(WorldError):
    """As many sandboxes as there may be are in use, and none of them is idle."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class UnknownSandbox(WorldError):
    """There is no sandbox with this id (any more)."""

    def __init__(self, sandbox_id: str) -> None:
        super().__init__(sandbox_id)
        self.sandbox_id = sandbox_id


class UnknownSnapshot(WorldError):
    """There is no snapshot with this id (any more)."""

    def __init__(self, snapshot_id: str) -> None:
        super().__init__(snapshot_id)
        self.snapshot_id = snapshot_id


class SnapshotsFull(WorldError):
    """The sandbox holds as many snapshots as it may."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class UnknownRule(WorldError):
    """There is no fault rule with this id (any more)."""

    def __init__(self, rule_id: str) -> None:
        super().__init__(rule_id)
        self.rule_id = rule_id


class RulesFull(WorldError):
    """There are as many fault rules as there may be."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class SleepersFull(WorldError):
    """As many calls as may sleep at once are asleep."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity
