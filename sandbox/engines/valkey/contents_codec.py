"""Checkpoints: the whole contents of a world as bytes.

The first line is JSON: the generation, the held keys and the snapshots. Behind it are the lines of the current state,
and those of the snapshots' states in their order.
"""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sandbox.engines.valkey.server_rule_numbers import ServerRuleNumbers
from sandbox.engines.valkey.state_codec import Sources, decode_lines, encode_lines, to_json
from sandbox.world.contents import Contents
from sandbox.world.pause import Pause, no_pause
from sandbox.world.snapshots import Snapshot
from sandbox.world.state import SandboxState


class SavedContents(NamedTuple):
    """The contents of a world, from which a sandbox begins: ``Sandbox(state, runtime, key, generation)``.

    :meth:`fill` adds the rest to its contents. ``taken`` snapshots were taken in all.
    """

    state: SandboxState
    generation: int
    held_keys: Mapping[str, float]
    snapshots: tuple[Snapshot[SandboxState], ...]
    taken: int

    @classmethod
    def begun(cls, state: SandboxState) -> "SavedContents":
        """Return the contents of a new world."""
        return cls(state, 1, {}, (), 0)

    @classmethod
    def of(cls, contents: Contents) -> "SavedContents":
        """Return the values of ``contents`` at this moment. A caller that shares them with writers holds their lock."""
        return cls(
            contents.state(),
            contents.generation,
            dict(contents.held_keys.items()),
            tuple(contents.snapshots),
            contents.snapshots.taken,
        )

    def fill(self, contents: Contents) -> None:
        """Add all but the state and the generation to the contents of a sandbox that began with these."""
        contents.fill(self.held_keys, self.snapshots, self.taken)


def encode_contents(saved: SavedContents, numbers: ServerRuleNumbers, pause: Pause = no_pause) -> bytes:
    """Return contents as bytes. ``pause`` is called again and again."""
    return b"\n".join(_lines(saved, numbers, pause))


def decode_contents(
    text: bytes, sources: Sources, numbers: ServerRuleNumbers, pause: Pause = no_pause
) -> SavedContents:
    """Return the contents that :func:`encode_contents` made ``text`` of, as :func:`decode_state` returns a state."""
    lines = iter(text.split(b"\n"))
    header = json.loads(next(lines))
    state = decode_lines(lines, sources, numbers, None, pause)
    snapshots = tuple(
        Snapshot(snapshot_id, at, decode_lines(lines, sources, numbers, state.table, pause))
        for snapshot_id, at in header["snapshots"]
    )
    return SavedContents(
        state, header["generation"], header["held_keys"], snapshots, header["snapshots_taken"]
    )


def _lines(saved: SavedContents, numbers: ServerRuleNumbers, pause: Pause) -> Iterator[bytes]:
    header = {
        "generation": saved.generation,
        "held_keys": dict(sorted(saved.held_keys.items())),
        "snapshots": [(each.id, each.at) for each in saved.snapshots],
        "snapshots_taken": saved.taken,
    }
    yield to_json(header).encode()
    yield from encode_lines(saved.state, numbers, None, pause)
    for snapshot in saved.snapshots:
        yield from encode_lines(snapshot.state, numbers, saved.state.table, pause)
