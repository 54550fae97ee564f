"""A sandbox with a pulse: its conversations live on by themselves, on its clock.

The story (:mod:`sandbox.world.pulse`) is brought up to date when somebody looks or writes, so a sandbox that nobody
uses costs nothing. What a client writes comes after everything that happened until then.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.world.changes import Lived
from sandbox.world.contents import clock_of
from sandbox.world.conversation import Record
from sandbox.world.paging import Page, Query
from sandbox.world.pulse import CAST, Story, lived
from sandbox.world.sandbox import Sandbox
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState

NEWEST = Query(CAST)
"""The page of the conversations that take part."""


class PulsingSandbox(Sandbox):
    """A sandbox in whose conversations something happens. Its place in the story is part of its state."""

    __slots__ = ()

    def get(self, conversation_id: str) -> Record:
        self._live()
        return super().get(conversation_id)

    def page(self, query: Query) -> Page:
        self._live()
        return super().page(query)

    def create(self, generation: int, contact_id: str | None, group_id: str | None) -> Record:
        self._live()
        return super().create(generation, contact_id, group_id)

    def create_once(
        self, generation: int, key: str, contact_id: str | None, group_id: str | None
    ) -> tuple[Record, bool]:
        self._live()
        return super().create_once(generation, key, contact_id, group_id)

    def update(self, generation: int, conversation_id: str, attributes: Mapping[str, Any]) -> Record:
        self._live()
        return super().update(generation, conversation_id, attributes)

    def put(
        self, generation: int, conversation_id: str, attributes: Mapping[str, Any]
    ) -> tuple[Record, bool]:
        self._live()
        return super().put(generation, conversation_id, attributes)

    def delete(self, generation: int, conversation_id: str) -> None:
        self._live()
        super().delete(generation, conversation_id)

    def freeze_clock(self, generation: int, at: float | None) -> None:
        # Before, as the clock may be set back, and after, as the story then goes back with it.
        self._live()
        super().freeze_clock(generation, at)
        self._live()

    @property
    def state(self) -> SandboxState:
        self._live()
        return super().state

    def fork(self) -> Sandbox:
        self._live()
        return super().fork()

    def take_snapshot(self, generation: int) -> Snapshot[SandboxState]:
        self._live()
        return super().take_snapshot(generation)

    def _live(self) -> None:
        """Let everything happen that is due."""
        if not self._ended and self._contents.clock.seconds() != self._story.until:
            self._write(None, self._lived)

    def _lived(self) -> tuple[Lived, None]:
        """Return what has happened since somebody looked."""
        contents, story = self._contents, self._story
        now, seed, store = contents.clock.seconds(), contents.ids.seed, contents.store
        records = []
        if now > story.until:
            for record in store.table.page(NEWEST).records:
                conversation = lived(record.conversation, seed, story, now)
                if conversation != record.conversation:
                    records.append(store.record(conversation))
        return Lived(tuple(records), story._replace(until=now)), None

    def _begun(self, state: SandboxState) -> SandboxState:
        """Return ``state`` with a place in the story, which begins now if it has none."""
        # The clock of the new state may be another one than that of the world.
        now = clock_of(state, self._runtime).seconds()
        return replace(state, story=state.story or Story(now, now))

    @property
    def _story(self) -> Story:
        story = self._contents.story
        assert story is not None
        return story
