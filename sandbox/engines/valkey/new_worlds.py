"""The beginning of worlds in the store."""

import math
import secrets

from sandbox.engines.valkey.contents_codec import SavedContents, encode_contents
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.expiry import Expiry
from sandbox.engines.valkey.log import Alias
from sandbox.engines.valkey.store import Store
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.world_name import WorldName


class NewWorlds:
    """Begins worlds in ``store``, unless another call has done so. All methods raise StoreUnavailable.

    ``plain`` is the class of a sandbox in memory with the same behaviour.
    """

    def __init__(self, store: Store, plain: type[Sandbox], runtime: Runtime, expiry: Expiry) -> None:
        self._store = store
        self._plain = plain
        self._runtime = runtime
        self._life = expiry.life

    def begin(
        self,
        world_id: str,
        state: SandboxState,
        label: str,
        *,
        seconds_left: float | None = None,
        mark: str = "",
        for_ever: bool = False,
    ) -> bool:
        """Begin a world in ``state``, and return False if there is one.

        It ends after ``seconds_left``, if that is given. ``mark`` is that of its alias. Its keys expire when nobody
        uses them, unless it is ``for_ever``.
        """
        store = self._store
        # The store may have been emptied.
        store.identity.keep(store.courier)
        store.sources.keep_origin(state, for_ever=for_ever)
        # A sandbox in memory, since it may add to the state, like its place in the story.
        contents = SavedContents.begun(self._plain(state, self._runtime).state)
        return store.log(world_id).begin(
            encode_contents(contents, store.rules, store.pause),
            size=len(state.table),
            label=label,
            life=0 if for_ever else self._life,
            seconds_left=seconds_left,
            mark=mark,
        )

    def select_by(self, token_id: str, name: WorldName, seconds_left: float | None) -> str:
        """Let a token select the world of ``name`` that is about to begin, and return the mark of this world."""
        life = self._life if seconds_left is None else min(self._life or math.inf, seconds_left)
        expiry = ("PX", max(int(life * 1000), 1)) if life else ()
        # With the id of the token, so that the alias can be prolonged with the world.
        mark = f"{token_id}-{secrets.token_hex(8)}"
        alias = self._store.keys.world(token_id).alias
        succeeded(self._store.courier.ask(("SET", alias, Alias(name.text, mark).text, *expiry))[0])
        return mark
