"""The errors of the domain, which do not know HTTP.

WorldError
├── MissingParticipant    a conversation has neither a contact nor a group
├── UnknownConversation   no conversation has this id
├── UnknownCursor         a cursor names an id that this sandbox never had
├── StoreFull             the limit of conversations is reached
├── KeyReused             an idempotency key was used for a create of other attributes
├── KeyInUse              another call with the idempotency key is under way
├── KeysFull              the limit of idempotency keys is reached
├── FleetFull             the limit of sandboxes is reached, and none is idle
├── UnknownSandbox        no sandbox has this id
├── NameTaken             a sandbox has this name already
├── UndeclaredWorld       only declared worlds are served, and this is none
├── UnknownSnapshot       no snapshot has this id
├── SnapshotsFull         the limit of snapshots is reached
├── SnapshotsTooLarge     the limit of the memory of snapshots is reached
├── UnknownRule           no fault rule has this id
├── RulesFull             the limit of fault rules is reached
├── WrongOrder            an order does not name each fault rule once
├── RulesTooLarge         the limit of the memory of fault rules is reached
├── SleepersFull          the limit of sleeping calls is reached
├── ListenersFull         the limit of listeners to the journals is reached
├── StorageFailed         a change could not be stored, so it was not made
├── StoreUnavailable      the store of the worlds cannot be reached, or refuses commands for the moment
└── SandboxReset          the sandbox was reset since the call entered it
"""

from collections import Counter
from collections.abc import Sequence


class WorldError(Exception):
    """Base class of the errors of the domain."""


class MissingParticipant(WorldError):
    """A conversation has neither a ``contact_id`` nor a ``group_id``. The message continues "a conversation …"."""

    def __init__(self) -> None:
        super().__init__("needs a contact_id or a group_id (or both)")


class UnknownConversation(WorldError):
    """No conversation has this id, or it was deleted."""

    def __init__(self, conversation_id: str) -> None:
        super().__init__(conversation_id)
        self.conversation_id = conversation_id


class UnknownCursor(WorldError):
    """A cursor names an id that the sandbox never had. ``cursor`` is ``starting_after`` or ``ending_before``."""

    def __init__(self, cursor: str, conversation_id: str) -> None:
        super().__init__(cursor, conversation_id)
        self.cursor = cursor
        self.conversation_id = conversation_id


class StoreFull(WorldError):
    """The limit of conversations is reached."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class KeyReused(WorldError):
    """An idempotency key was used for a create of other attributes, which are ``contact_id`` and ``group_id``."""

    def __init__(self, key: str, contact_id: str | None, group_id: str | None) -> None:
        super().__init__(key)
        self.key = key
        self.contact_id = contact_id
        self.group_id = group_id


class KeyInUse(WorldError):
    """Another call with the idempotency key is under way: it is delayed, and has no answer yet."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class KeysFull(WorldError):
    """The limit of idempotency keys is reached."""

    def __init__(self, capacity: float) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class FleetFull(WorldError):
    """The limit of sandboxes is reached, and none of them is idle."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class UnknownSandbox(WorldError):
    """No sandbox has this id, or it was dropped."""

    def __init__(self, sandbox_id: str) -> None:
        super().__init__(sandbox_id)
        self.sandbox_id = sandbox_id


class NameTaken(WorldError):
    """A sandbox has this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class UndeclaredWorld(WorldError):
    """Only declared worlds are served, and this is none. ``name`` is None if the world is that of a token."""

    def __init__(self, name: str | None) -> None:
        super().__init__(name)
        self.name = name


class UnknownSnapshot(WorldError):
    """No snapshot has this id, or it was dropped."""

    def __init__(self, snapshot_id: str) -> None:
        super().__init__(snapshot_id)
        self.snapshot_id = snapshot_id


class SnapshotsFull(WorldError):
    """The limit of snapshots is reached."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class SnapshotsTooLarge(WorldError):
    """The limit of the memory of snapshots is reached."""

    def __init__(self, max_bytes: float) -> None:
        super().__init__(max_bytes)
        self.max_bytes = max_bytes


class UnknownRule(WorldError):
    """No fault rule has this id, or it was removed."""

    def __init__(self, rule_id: str) -> None:
        super().__init__(rule_id)
        self.rule_id = rule_id


class RulesFull(WorldError):
    """The limit of fault rules is reached."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class WrongOrder(WorldError):
    """An order does not name each fault rule once.

    ``missing`` are ids of rules that it does not name, ``unknown`` names that are no ids of rules, and ``repeated``
    are named more than once.
    """

    def __init__(self, named: Sequence[str], known: Sequence[str]) -> None:
        counts, known_ids = Counter(named), set(known)
        super().__init__(named)
        self.missing = [rule_id for rule_id in known if rule_id not in counts]
        self.unknown = [rule_id for rule_id in counts if rule_id not in known_ids]
        self.repeated = [rule_id for rule_id, count in counts.items() if count > 1]


class RulesTooLarge(WorldError):
    """The limit of the memory of fault rules is reached."""

    def __init__(self, max_bytes: float) -> None:
        super().__init__(max_bytes)
        self.max_bytes = max_bytes


class SleepersFull(WorldError):
    """The limit of sleeping calls is reached."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class ListenersFull(WorldError):
    """The limit of listeners to the journals is reached."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self.capacity = capacity


class StorageFailed(WorldError):
    """A change could not be stored where it would outlast the process, so it was not made."""


class StoreUnavailable(WorldError):
    """The store of the worlds cannot be reached, or refuses commands for the moment.

    ``reason`` is one line for the operator. ``may_be_done`` is True if the commands may have been carried out all the
    same, since only their reply is missing.
    """

    def __init__(self, reason: str, *, may_be_done: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_be_done = may_be_done


class Outdated(BaseException):
    """An optimistic call has missed changes. It has done nothing, and has to be answered anew by one that is not.

    It is no Exception, so that nothing between the world and the edge takes it for an error of the call.
    """


class SandboxReset(WorldError):
    """The sandbox was reset, replaced or dropped since the call entered it, so the call can no longer write to it."""
