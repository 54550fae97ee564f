"""The changes of a world. Each write is one, as a value.

Only applying a change alters the contents of a world. Applied to equal contents, it makes equal contents: a world is
the state in which it began and the changes since.
"""

import math
from typing import NamedTuple, Protocol

from sandbox.world.clock import ClockState
from sandbox.world.contents import Contents
from sandbox.world.conversation import Record
from sandbox.world.idempotency import StoredAnswer
from sandbox.world.pulse import Story
from sandbox.world.rules import Rule, RuleCounters
from sandbox.world.state import SandboxState


class Change(Protocol):
    """A change of the contents of a world."""

    def apply(self, contents: Contents) -> None:
        """Make the change. It was decided on the same contents, so that nothing can fail."""
        ...


class Created(NamedTuple):
    """A client created a conversation, after which ``id_index`` ids were handed out.

    ``answer`` is that of the create's idempotency key, if it had one.
    """

    record: Record
    id_index: int
    answer: StoredAnswer | None = None

    def apply(self, contents: Contents) -> None:
        contents.store.put(self.record)
        contents.ids.index = self.id_index
        answer = self.answer
        if answer is not None:
            contents.idempotency_keys = contents.idempotency_keys.with_room(math.inf, answer.at).put(answer)


class Written(NamedTuple):
    """A conversation was created or changed, its id chosen by the caller."""

    record: Record

    def apply(self, contents: Contents) -> None:
        contents.store.put(self.record)


class Deleted(NamedTuple):
    """A conversation was deleted. ``record`` is what it was."""

    record: Record

    def apply(self, contents: Contents) -> None:
        contents.store.delete(self.record.conversation.id)


class Lived(NamedTuple):
    """Conversations changed by themselves, until the place ``story`` in the story."""

    records: tuple[Record, ...]
    story: Story

    def apply(self, contents: Contents) -> None:
        for record in self.records:
            contents.store.put(record)
        contents.story = self.story


class KeyHeld(NamedTuple):
    """A delayed call holds an idempotency key from ``at`` until ``until``, in Unix seconds of the machine."""

    key: str
    at: float
    until: float

    def apply(self, contents: Contents) -> None:
        held = contents.held_keys
        for key in [key for key, until in held.items() if until <= self.at]:
            held = held.discard(key)
        contents.held_keys = held.insert(self.key, self.until)


class KeyReleased(NamedTuple):
    """A call does not hold its idempotency key any more."""

    key: str

    def apply(self, contents: Contents) -> None:
        contents.held_keys = contents.held_keys.discard(self.key)


class ClockSet(NamedTuple):
    """The clock was frozen, set ahead or resumed."""

    state: ClockState

    def apply(self, contents: Contents) -> None:
        contents.clock.set(self.state)


class RulesSet(NamedTuple):
    """The rules were replaced by ``rules``. Calls that sleep because of a rule that has ended must be woken."""

    rules: tuple[Rule, ...]

    def apply(self, contents: Contents) -> None:
        contents.book.install(self.rules)


class CallCounted(NamedTuple):
    """Rules have counted a call. ``counters`` are those that have changed."""

    counters: tuple[RuleCounters, ...]

    def apply(self, contents: Contents) -> None:
        contents.book.count(self.counters)


class GenerationBegun(NamedTuple):
    """A reset or an import. Calls that sleep must be woken. The journal is empty if it ``clears_journal``."""

    state: SandboxState
    clears_journal: bool = False

    def apply(self, contents: Contents) -> None:
        contents.begin_generation(self.state)


class SnapshotRestored(NamedTuple):
    """A snapshot was restored. Calls that sleep must be woken."""

    snapshot_id: str

    def apply(self, contents: Contents) -> None:
        contents.begin_generation(contents.snapshots.get(self.snapshot_id).state)


class SnapshotTaken(NamedTuple):
    """A snapshot was taken of the contents, at ``at`` in Unix seconds of the world."""

    at: float

    def apply(self, contents: Contents) -> None:
        contents.snapshots.take(self.at, contents.state())


class SnapshotDropped(NamedTuple):
    """A snapshot was forgotten."""

    snapshot_id: str

    def apply(self, contents: Contents) -> None:
        contents.snapshots.drop(self.snapshot_id)
