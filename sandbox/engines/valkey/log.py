"""The log of a world in the store, as a worker sees it that has a copy of the world."""

import secrets
from itertools import count
from typing import Any, Final, NamedTuple

from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.exchange import Reply, succeeded
from sandbox.engines.valkey.format import FORMAT
from sandbox.engines.valkey.keys import Keys, WorldKeys
from sandbox.engines.valkey.topology import Command
from sandbox.world.errors import StoreUnavailable

SAME: Final = b"same"
OTHER: Final = b"other"
RULES: Final = b"rules"
ABSENT: Final = b"absent"

FOLLOWED_AT_ONCE: Final = 1000
"""The most changes that the store returns at once."""
LARGE: Final = 262_144
"""A change of more bytes has a connection of its own, so that the changes of other calls need not wait for it."""


class Position(NamedTuple):
    """The last change that a worker knows: its number and its nonce, in an incarnation of the world."""

    incarnation: bytes
    number: int
    nonce: bytes


class Entry(NamedTuple):
    """A change in the log."""

    nonce: bytes
    change: bytes

    @classmethod
    def of(cls, text: bytes) -> "Entry":
        """Return the entry that is ``text`` in the store."""
        nonce, _, change = text.partition(b"\n")
        return cls(nonce, change)


class Saved(NamedTuple):
    """A world in the store: a checkpoint, the position in it, and the first changes since.

    ``seconds_left`` is the time until its end, or None. ``mark`` is repeated by the alias of a declared world.
    """

    position: Position
    label: str
    seconds_left: float | None
    mark: str
    checkpoint: bytes
    entries: list[bytes]

    def has(self, position: Position) -> bool:
        """Return True if ``position`` is that of the checkpoint, or of one of the changes since."""
        number = position.number - self.position.number
        if not 0 < number <= len(self.entries):
            return position == self.position
        return Entry.of(self.entries[number - 1]).nonce == position.nonce


class Alias(NamedTuple):
    """The name of a declared world, which a token selects. ``mark`` tells the world from later ones of its name."""

    name: str
    mark: str

    @property
    def text(self) -> str:
        """The alias in the store."""
        return f"{self.name} {self.mark}"


class Nonces:
    """Texts that are all different, also from those of others. All begin with ``prefix``, and no other ones do."""

    def __init__(self) -> None:
        self.prefix = f"{secrets.token_hex(6)}-".encode()
        self._numbers = count(1)

    def next(self) -> bytes:
        """Return a nonce."""
        return b"%b%d" % (self.prefix, next(self._numbers))


class WorldLog:
    """The log of the world of ``world_id``. ``nonces`` are those of one copy of it.

    All methods raise StoreUnavailable.
    """

    def __init__(self, world_id: str, keys: Keys, courier: Courier) -> None:
        self.world_id = world_id
        self.keys: WorldKeys = keys.world(world_id)
        self.nonces = Nonces()
        self._server_keys = keys
        self._courier = courier

    def renew_nonces(self) -> None:
        """Let a change that may have been appended count as one by another copy."""
        self.nonces = Nonces()

    def see(self, position: Position) -> Command:
        """Return the command that asks for the changes since ``position``.

        Its reply is SAME, ABSENT, OTHER (the copy has to be loaded anew), or up to FOLLOWED_AT_ONCE changes.
        """
        return ("FCALL", "sandbox1_see", 2, self.keys.meta, self.keys.log, *position)

    def append(
        self,
        position: Position,
        entry: Entry,
        *,
        size: int,
        generation: int,
        clears_journal: bool,
        wakes: bool,
        rules: bytes | None = None,
    ) -> bool | Reply:
        """Append a change, and return True; or return the reply of :meth:`see`, if ``position`` is not the last one.

        With ``rules``, which is for one server only, the reply is RULES if this is not the nonce of the server-wide
        rules. If the reply of an attempt is lost, there is another one, which finds the change if it is there.
        """
        keys, server_keys = self.keys, self._server_keys
        names = keys.meta, keys.log, keys.calls, keys.counts
        command = (
            *(
                ("FCALL", "sandbox1_append", 4, *names)
                if rules is None
                else ("FCALL", "sandbox1_append_if_valid", 5, *names, server_keys.rules)
            ),
            *position,
            *(entry.nonce, entry.change, size, generation),
            server_keys.calls if clears_journal else "",
            server_keys.wakes if wakes else "",
            self.world_id,
            *(() if rules is None else (rules,)),
        )
        try:
            reply = self._asked(command, is_large=len(entry.change) > LARGE)
        except StoreUnavailable as error:
            if not error.may_be_done:
                raise
            reply = succeeded(self._courier.ask_again(command)[0])
            if reply == OTHER:
                # The log that would say whether it was appended is gone.
                raise
        if isinstance(reply, list) and reply and Entry.of(reply[0]).nonce == entry.nonce:
            # The attempt before this one.
            return True
        return True if reply == 1 else reply

    def load(self) -> Saved | Alias | None:
        """Return the world, the alias of its token, or None."""
        keys = self.keys
        reply: Any = succeeded(
            self._courier.ask(
                ("FCALL", "sandbox1_load", 4, keys.meta, keys.log, keys.checkpoint, keys.alias)
            )[0]
        )
        if reply == ABSENT:
            return None
        if len(reply) == 1:
            return Alias(*reply[0].decode().split())
        found, incarnation, number, nonce, label, left, mark, checkpoint, entries = reply
        if int(found) != FORMAT:
            raise StoreUnavailable(f"this world has the format {int(found)} of another version")
        if checkpoint is None:
            raise StoreUnavailable("a checkpoint is missing: were keys evicted, or deleted by hand?")
        return Saved(
            Position(incarnation, int(number), nonce),
            label.decode(),
            int(left) / 1000 if left else None,
            mark.decode(),
            checkpoint,
            entries,
        )

    def begin(
        self,
        checkpoint: bytes,
        *,
        size: int,
        label: str,
        life: float,
        seconds_left: float | None = None,
        mark: str = "",
    ) -> bool:
        """Begin a world in ``checkpoint`` unless there is one, and return whether it has begun.

        Its keys expire after ``life`` seconds, unless this is 0, and at its end. ``mark`` is that of its alias.
        """
        incarnation = self.nonces.next()
        left = "" if seconds_left is None else max(int(seconds_left * 1000), 1)
        keys = self.keys
        begun = self._asked(
            (
                *("FCALL", "sandbox1_begin", 2, keys.meta, keys.checkpoint),
                *(FORMAT, incarnation, incarnation, checkpoint, size, label, int(life * 1000), left, mark),
            ),
            is_large=len(checkpoint) > LARGE,
        )
        return bool(begun)

    def save(self, position: Position, checkpoint: bytes) -> None:
        """Replace the changes up to ``position`` by a checkpoint, unless another worker has done so."""
        keys = self.keys
        self._asked(
            (
                *("FCALL", "sandbox1_checkpoint", 3, keys.meta, keys.log, keys.checkpoint),
                *(*position, checkpoint),
            ),
            is_large=len(checkpoint) > LARGE,
        )

    def drop(self) -> bool:
        """Forget the world, and return whether there was one."""
        keys = self.keys[:-1]
        (reply,) = self._courier.ask(
            ("FCALL", "sandbox1_drop", len(keys), *keys, self._server_keys.wakes, self.world_id)
        )
        return bool(succeeded(reply))

    def keep(self, seconds: float) -> Command:
        """Return the command that lets the keys live on."""
        keys = self.keys[:-1]
        return ("FCALL", "sandbox1_keep", len(keys), *keys, int(seconds * 1000))

    def _asked(self, command: Command, *, is_large: bool) -> Reply:
        ask = self._courier.ask_apart if is_large else self._courier.ask
        return succeeded(ask(command)[0])
