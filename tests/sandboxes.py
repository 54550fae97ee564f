"""The sandboxes of tests of the domain: in memory or, with ``--engine valkey``, copies of worlds in a store."""

from itertools import count
from typing import Any

from flask import Flask

from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from tests.applications import fleet_of


class Sandboxes:
    """Opens sandboxes. ``app`` is an application with a store, in which they live; None: they are in memory."""

    def __init__(self) -> None:
        self.app: Flask | None = None
        self._numbers = count(1)

    def open(self, state: SandboxState, runtime: Runtime, key: str = "") -> Sandbox:
        """Return a sandbox in ``state``. Its rules may have effects that only this process knows."""
        if self.app is None:
            return Sandbox(state, runtime, key)
        return self._shared(self.app, state, runtime, key)

    def _shared(self, app: Flask, state: SandboxState, runtime: Runtime, key: str) -> Sandbox:
        from sandbox.engines.valkey.contents_codec import SavedContents, encode_contents  # noqa: PLC0415  # the client
        from sandbox.engines.valkey.log import Saved  # noqa: PLC0415  # likewise
        from sandbox.engines.valkey.world import SharedSandbox  # noqa: PLC0415  # likewise

        fleet: Any = fleet_of(app)
        store = fleet._store  # noqa: SLF001  # no caller of the server needs it
        log = store.log(f"sandbox-{next(self._numbers)}")
        contents = SavedContents.begun(state)
        log.begin(encode_contents(contents, store.rules), size=len(state.table), label="", life=0)
        saved = log.load()
        assert isinstance(saved, Saved)
        return SharedSandbox(contents, runtime, key, store, log, saved.position)


SANDBOXES = Sandboxes()
