"""Worlds in two processes, for the tests of this folder: one writes, and the other applies what it reads of that."""

from collections.abc import Iterable
from typing import Any

from sandbox.engines.valkey.change_codec import decode_change, encode_change
from sandbox.engines.valkey.contents_codec import SavedContents, decode_contents, encode_contents
from sandbox.engines.valkey.server_rule_numbers import ServerRuleNumbers
from sandbox.faults.rule_document import RuleDocument
from sandbox.schemas.conversation import encode
from sandbox.seeding.source import AbsoluteSource, RelativeSource, source_of
from sandbox.world.changes import Change
from sandbox.world.contents import Contents
from sandbox.world.conversation import Conversation, Record
from sandbox.world.origin import Source
from sandbox.world.pulsing_sandbox import PulsingSandbox
from sandbox.world.rule_life import RuleLife
from sandbox.world.rules import Rule, UnboundRule
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from tests.applications import picture_of_state
from tests.world.harness import BOUNDS, FakeClock


def conversation(conversation_id: str, created_at: int = 1, **attributes: Any) -> Conversation:
    return Conversation(
        **{
            "contact_id": "contact",
            "group_id": None,
            "pinned_message_id": None,
            "is_pinned": False,
            "is_muted": False,
            "last_active_at": None,
            "last_opened_at": None,
            "archived_at": None,
        }
        | attributes,
        id=conversation_id,
        created_at=created_at,
    )


def record(conversation_id: str, created_at: int = 1, **attributes: Any) -> Record:
    made = conversation(conversation_id, created_at, **attributes)
    return Record(made, encode(made))


def absolute_source(*conversation_ids: str) -> AbsoluteSource:
    return AbsoluteSource(Table.of(record(each) for each in conversation_ids))


def relative_source(*conversation_ids: str) -> RelativeSource:
    return RelativeSource(conversation(each, -1 - number) for number, each in enumerate(conversation_ids))


def begun(source: AbsoluteSource | RelativeSource, at: int = 1000, **attributes: Any) -> SandboxState:
    """Return the state of a sandbox that begins with ``source`` at ``at``."""
    origin = source.origin(at)
    return SandboxState(origin.table, seed=7, origin=origin, **attributes)


def rule(**document: Any) -> UnboundRule:
    """Return a fault rule, by default one that fails every call."""
    loaded: UnboundRule = RuleDocument().load({"fault": {"type": "status", "status": 503}, **document})
    return loaded


class ServerRuleList:
    """The server-wide rules of one process, by number."""

    def __init__(self) -> None:
        self.rules: dict[int, Rule] = {}
        self._numbers: dict[RuleLife, int] = {}

    def add(self, number: int, unbound: UnboundRule) -> None:
        bound = unbound.bind(f"server-rule-{number}", None)
        self.rules[number] = bound
        self._numbers[bound.life] = number

    def switch(self, number: int, *, enabled: bool) -> None:
        self.rules[number] = self.rules[number].switched(enabled=enabled)

    def remove(self, number: int) -> None:
        self.rules.pop(number).life.has_ended = True

    def in_another_process(self) -> "ServerRuleList":
        """Return equal rules with lives of their own."""
        other = ServerRuleList()
        for number, each in self.rules.items():
            other.add(number, RuleDocument().load(each.document))
        return other

    def number_of(self, rule: Rule, /) -> int:
        return self._numbers[rule.life]

    def rule_of(self, number: int, /) -> Rule | None:
        return self.rules.get(number)


class SourceDocuments:
    """The documents of sources, as one process reads them from the store."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._documents = {each.digest(): list(each.document()) for each in sources}
        self._sources: dict[str, Source] = {}

    def __call__(self, digest: str) -> Source:
        if digest not in self._sources:
            self._sources[digest] = source_of(self._documents[digest])
        return self._sources[digest]


class Leader(Sandbox):
    """A sandbox that writes each change to ``log`` before it makes it."""

    def __init__(self, state: SandboxState, runtime: Runtime, numbers: ServerRuleNumbers) -> None:
        super().__init__(state, runtime, "key")
        self.log: list[bytes] = []
        self.numbers = numbers

    @property
    def contents(self) -> Contents:
        return self._contents

    def checkpoint(self) -> bytes:
        return encode_contents(SavedContents.of(self._contents), self.numbers)

    def _apply(self, change: Change) -> None:
        self.log.append(encode_change(change, self._contents, self.numbers))
        super()._apply(change)


class PulsingLeader(Leader, PulsingSandbox):
    """A leader with a pulse."""


class Follower:
    """The copy of a leader's world in another process, which begins with a checkpoint."""

    def __init__(
        self, checkpoint: bytes, runtime: Runtime, sources: SourceDocuments, numbers: ServerRuleNumbers
    ) -> None:
        saved = decode_contents(checkpoint, sources, numbers)
        self.contents = Contents(saved.state, runtime, "key", saved.generation)
        saved.fill(self.contents)
        self._sources = sources
        self._numbers = numbers

    def read(self, entry: bytes) -> Change:
        """Return the change of an entry of the log."""
        return decode_change(entry, self.contents, self._sources, self._numbers)

    def follow(self, entries: Iterable[bytes]) -> None:
        """Apply entries of the log."""
        for entry in entries:
            self.read(entry).apply(self.contents)


def runtime_of(clock: FakeClock) -> Runtime:
    return Runtime(clock, encode, BOUNDS)


def picture_of_contents(contents: Contents) -> dict[str, Any]:
    """Return all that contents are, as values that can be compared."""
    return {
        "state": picture_of_state(contents.state()),
        "time": contents.clock.time(),
        "generation": contents.generation,
        "held keys": dict(contents.held_keys.items()),
        "snapshots": [(each.id, each.at, picture_of_state(each.state)) for each in contents.snapshots],
        "snapshots taken": contents.snapshots.taken,
        "suspended": [rule.life.is_suspended for rule in contents.book.rules],
        "rules": [(rule.id, rule.since, rule.document, rule.enabled) for rule in contents.book.rules],
        "lists": lists_of(contents.store.table),
    }


def lists_of(table: Table) -> dict[Any, list[Record]]:
    """Return the records that each filter selects."""
    return {shown: list(listed) for shown, listed in table._lists.items()}  # noqa: SLF001  # to compare all of them
