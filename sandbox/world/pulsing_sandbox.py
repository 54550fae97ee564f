"""A sandbox with a pulse: its conversations live on by themselves, on its clock.

The story (:mod:`sandbox.world.pulse`) is brought up to date when somebody looks or writes, so a sandbox that nobody
uses costs nothing. What a client writes comes after everything that happened until then.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

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

    __slots__ = ("_story",)

    _story: Story

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

    def update(self, generation: int, conversation_id: str, changes: Mapping[str, Any]) -> Record:
        self._live()
        return super().update(generation, conversation_id, changes)

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

    def _is_due(self) -> bool:
        """Return whether something may have happened since somebody looked."""
        return not self._ended and self._clock.seconds() != self._story.until

    def _live(self) -> None:
        """Let everything happen that is due."""
        if not self._is_due():
            return
        with self._lock:
            now, story = self._clock.seconds(), self._story
            if now > story.until:
                seed, store = self._ids.seed, self._store
                for record in store.table.page(NEWEST).records:
                    conversation = lived(record.conversation, seed, story, now)
                    if conversation != record.conversation:
                        store.write(conversation)
            self._story = story._replace(until=now)

    def _set_state(self, state: SandboxState) -> None:
        super()._set_state(state)
        now = self._clock.seconds()
        self._story = state.story or Story(now, now)

    def _state(self) -> SandboxState:
        return replace(super()._state(), story=self._story)
