"""The register of the sandboxes in the store: which there are, and when each of them was last used."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.expiry import Expiry
from sandbox.engines.valkey.label_codec import label_of
from sandbox.engines.valkey.slot import token_id_of
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.topology import Command
from sandbox.world.errors import FleetFull
from sandbox.world.fleet import GRACE_SECONDS
from sandbox.world.label import Summary

_LISTED_AT_ONCE: Final = 100


class Register:
    """At most ``capacity`` sandboxes. All methods but :meth:`use` raise StoreUnavailable."""

    def __init__(self, store: Store, capacity: int, expiry: Expiry) -> None:
        self._store = store
        self._capacity = capacity
        self._life = int(expiry.life * 1000)
        self._keys = store.keys.used, store.keys.ending

    def admit(self, world_id: str, seconds_left: float | None = None) -> None:
        """Make room for a sandbox, which ends in ``seconds_left``, if that is given. Raises FleetFull.

        The one that was idle longest makes room.
        """
        left = "" if seconds_left is None else max(int(seconds_left * 1000), 1)
        (reply,) = self._store.courier.ask(
            (
                *("FCALL", "sandbox1_admit", 2, *self._keys, world_id, self._capacity),
                *(self._life, int(GRACE_SECONDS * 1000), left),
            )
        )
        dropped = succeeded(reply)
        if dropped == b"full":
            raise FleetFull(self._capacity)
        if dropped:
            self.drop(dropped.decode())

    def use(self, world_ids: Sequence[str]) -> Command:
        """Return the command that says that sandboxes are in use."""
        return ("FCALL", "sandbox1_use", 1, self._store.keys.used, *world_ids)

    def drop(self, world_id: str) -> bool:
        """Forget a sandbox and its world, and return whether there was one."""
        store, world = self._store, self._store.keys.world(world_id)
        listed, _, mark = map(
            succeeded,
            store.courier.ask(
                *(("ZREM", key, world_id) for key in self._keys),
                ("HGET", world.meta, "a"),
            ),
        )
        if mark is not None:
            # Another declared world would have another token.
            alias = store.keys.world(token_id_of(mark.decode())).alias
            succeeded(store.courier.ask(("UNLINK", alias))[0])
        return store.log(world_id).drop() or bool(listed)

    def size(self) -> int:
        """Return the number of sandboxes."""
        (reply,) = self._store.courier.ask(("FCALL_RO", "sandbox1_size", 2, *self._keys, self._life))
        size: int = succeeded(reply)
        return size

    def used(self) -> list[tuple[str, float]]:
        """Return the ids of all sandboxes with the time of their last use in Unix seconds, the oldest first."""
        (reply,) = self._store.courier.ask(("ZRANGE", self._store.keys.used, 0, -1, "WITHSCORES"))
        pairs = iter(succeeded(reply))
        return [(world_id.decode(), float(at) / 1000) for world_id, at in zip(pairs, pairs, strict=True)]

    def summaries(self) -> Iterator[Summary]:
        """Iterate over what a list says of the sandboxes, least recently used first."""
        keys = self._store.keys
        for some in _parts(self.used()):
            commands: list[Any] = [("TIME",)]
            for world_id, _ in some:
                world = keys.world(world_id)
                commands += [("HMGET", world.meta, "l", "z", "e"), ("HVALS", world.counts)]
            (seconds, micros), *replies = map(succeeded, self._store.courier.ask(*commands))
            now = int(seconds) + int(micros) / 1e6
            for (_, used_at), (label, size, ends), counts in zip(
                some, replies[::2], replies[1::2], strict=True
            ):
                if label is not None:
                    yield Summary(
                        label_of(label.decode()),
                        int(size),
                        sum(map(int, counts)),
                        max(now - used_at, 0.0),
                        None if ends is None else int(ends) / 1000 - now,
                    )


def _parts(used: list[tuple[str, float]]) -> Iterator[list[tuple[str, float]]]:
    for at in range(0, len(used), _LISTED_AT_ONCE):
        yield used[at : at + _LISTED_AT_ONCE]
