"""A world with a pulse in a file."""

from dataclasses import replace

from sandbox.engines.file.world import KeptSandbox
from sandbox.world.pulse import Story
from sandbox.world.pulsing_sandbox import NEWEST, PulsingSandbox
from sandbox.world.state import SandboxState


class KeptPulsingSandbox(KeptSandbox, PulsingSandbox):
    """A kept sandbox in whose conversations something happens.

    What has happened until somebody looks is in the file before it is seen, with the place in the story. So after a
    restart the story goes on from there.
    """

    __slots__ = ()

    def reset(self, state: SandboxState) -> None:
        super().reset(self._with_story(state))

    def load(self, generation: int, state: SandboxState) -> None:
        super().load(generation, self._with_story(state))

    def _live(self) -> None:
        if not self._is_due():
            return
        with self._writing():
            before = self._store.table
            super()._live()
            for record in self._store.table.page(NEWEST).records:
                if before.get(record.conversation.id) is not record:
                    self._file.states.put(self._state_row, record)

    def _with_story(self, state: SandboxState) -> SandboxState:
        """Return ``state`` with a place in the story, which begins now if it has none."""
        # The clock of the new state may be another one than that of the world.
        now = self._clock_of(state).seconds()
        return replace(state, story=state.story or Story(now, now))
