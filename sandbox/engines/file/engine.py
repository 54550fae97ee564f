"""The engine that keeps worlds in a file."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

from sandbox.engines.file.bases import Bases
from sandbox.engines.file.calls import Calls
from sandbox.engines.file.database import Database
from sandbox.engines.file.pulsing_world import KeptPulsingSandbox
from sandbox.engines.file.server_rules import KeptServerRules
from sandbox.engines.file.states import States
from sandbox.engines.file.world import KeptSandbox
from sandbox.engines.file.worlds import WorldRow, Worlds
from sandbox.world.engine import KeptWorld, UnusableFile
from sandbox.world.errors import StorageFailed
from sandbox.world.interface import World
from sandbox.world.journal import Counted
from sandbox.world.pause import Pause
from sandbox.world.pulsing_sandbox import PulsingSandbox
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldKey, key_of, text_of


class FileEngine:
    """Worlds in memory, each change of which is in the file at ``path`` before it is answered.

    ``initial_state`` returns the state of a new world. The file is opened by :meth:`kept`, in the process that answers.
    A world that is launched before lives in memory alone. If it ``has_pulse``, conversations change by themselves.
    Raises UnusableFile if the file cannot be used.
    """

    def __init__(
        self,
        path: str,
        initial_state: Callable[[], SandboxState],
        runtime: Runtime,
        server_rules: KeptServerRules,
        pause: Pause,
        *,
        has_pulse: bool = False,
    ) -> None:
        self._path = path
        self._initial_state = initial_state
        self._runtime = runtime
        self._server_rules = server_rules
        self._pause = pause
        self._kind, self._kind_in_memory = (
            (KeptPulsingSandbox, PulsingSandbox) if has_pulse else (KeptSandbox, Sandbox)
        )
        self._worlds: Worlds | None = None
        # What is wrong with the file is said before the process is started that answers.
        Database(path).close()

    def launch(self, key: WorldKey) -> World:
        """Return a new world for ``key``. Raises StorageFailed."""
        return self._launched(key, self._initial_state())

    def prepared(self, state: SandboxState) -> AbstractContextManager[object]:
        """Write the table of ``state``, with pauses. It is not deleted before the block ends. Raises StorageFailed."""
        return nullcontext() if self._worlds is None else self._worlds.bases.holding(state.table)

    def declare(self, key: WorldKey, token: str, state: SandboxState, ttl_seconds: float | None) -> World:
        """Return a new world for ``key`` in ``state``, and keep how it is selected and when it ends.

        Raises StorageFailed.
        """
        ends_at = None if ttl_seconds is None else self._runtime.now() + ttl_seconds
        return self._launched(key, state, token, ends_at)

    def kept(self) -> Iterator[KeptWorld]:
        """Open the file, and yield the worlds in it, least recently launched first.

        The first is that of the requests without a token, which is launched if it is not there. Raises UnusableFile.
        """
        try:
            yield from self._kept(Database(self._path))
        except StorageFailed as error:
            raise UnusableFile(f"cannot be used: {error}") from None

    def close(self) -> None:
        """Close the file. The worlds cannot change any more."""
        if self._worlds is not None:
            self._worlds.database.close()

    def _kept(self, database: Database) -> Iterator[KeptWorld]:
        self._server_rules.open(database)
        bases = Bases(database, self._pause)
        states = States(database, bases, self._runtime.now, lambda: self._server_rules.all)
        calls = Calls(database, self._runtime.bounds.journal_entries)
        self._worlds = worlds = Worlds(database, bases, states, calls)
        bases.sweep()
        # So that the worlds in the file share the table of the scenario with those that are launched later.
        with bases.holding(self._initial_state().table):
            rows = list(worlds.all())
            if not any(row.key == "" for row in rows):
                yield KeptWorld("", self.launch(""))
            yield from self._loaded(rows, worlds)

    def _launched(
        self, key: WorldKey, state: SandboxState, token: str = "", ends_at: float | None = None
    ) -> World:
        text = text_of(key)
        world = self._kind_in_memory(state, self._runtime, text)
        if self._worlds is None:
            return world
        # With its place in the story, if it has a pulse.
        state = world.state
        row, state_row = self._worlds.add(text, state, token, ends_at)
        return self._kind(state, self._runtime, text, self._worlds, row, state_row)

    def _loaded(self, rows: list[WorldRow], worlds: Worlds) -> Iterator[KeptWorld]:
        # A world that has changed its table does not keep it for the next one.
        tables = worlds.bases.load_all()
        loaded = {row.row: self._load(row, worlds) for row in rows}
        del tables
        for world, entry in worlds.calls.all():
            loaded[world].recall(entry)
        counts: defaultdict[int, dict[Counted, int]] = defaultdict(dict)
        for world, counted, number in worlds.calls.counts():
            counts[world][counted] = number
        for row in rows:
            sandbox = loaded[row.row]
            sandbox.recount(counts[row.row])
            seconds_left = None if row.ends_at is None else row.ends_at - self._runtime.now()
            yield KeptWorld(key_of(row.key), sandbox, row.token, seconds_left)

    def _load(self, row: WorldRow, worlds: Worlds) -> KeptSandbox:
        state = worlds.states.load(row.state_row)
        sandbox = self._kind(state, self._runtime, row.key, worlds, row.row, row.state_row)
        sandbox.fill_snapshots(worlds.snapshots(row.row), row.snapshots_taken)
        return sandbox
