"""The agreement of all servers on a store: the format of the keys, and the key of the ids of sandboxes."""

import secrets
from hashlib import blake2b

from sandbox.engines.valkey.client import Client
from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.exchange import Reply, succeeded
from sandbox.engines.valkey.format import FORMAT
from sandbox.engines.valkey.keys import Keys
from sandbox.engines.valkey.topology import Command
from sandbox.world.engine import UnusableStore
from sandbox.world.errors import StoreUnavailable


class Identity:
    """The agreement of this server with the others. ``is_drawn`` means that servers find ``id_key`` in the store."""

    def __init__(self, keys: Keys, id_key: bytes, *, is_drawn: bool) -> None:
        self.id_key = id_key
        self.check = blake2b(b"id-key", key=id_key, digest_size=16).hexdigest().encode()
        self._keys = keys
        self._is_drawn = is_drawn

    @classmethod
    def agreed(cls, client: Client, keys: Keys, given: bytes | None) -> "Identity":
        """Return the agreement of the servers on a store, or begin it. Raises UnusableStore if this server differs.

        ``given`` is the key of the ids that this server was given.
        """
        _, found = _replies(client, ("SET", keys.format, FORMAT, "NX"), ("GET", keys.format))
        if found != str(FORMAT).encode():
            raise UnusableStore(
                f"has sandboxes of the format {found.decode()}, and this version reads the format {FORMAT}; "
                "name another --store-prefix, or run the version that wrote them"
            )
        key = given
        if key is None:
            _, key = _replies(client, ("SET", keys.id_key, secrets.token_hex(16), "NX"), ("GET", keys.id_key))
            assert key is not None
        identity = cls(keys, key, is_drawn=given is None)
        *_, found = _replies(client, *identity._commands())
        if found != identity.check:
            raise UnusableStore("is used by servers with another --id-key; give all of them the same one")
        return identity

    def keep(self, courier: Courier) -> None:
        """Write it again, if the store was emptied. Raises StoreUnavailable if other servers have begun another one."""
        *_, found = map(succeeded, courier.ask(*self._commands()))
        if found != self.check:
            raise StoreUnavailable("it was emptied, and has another key of ids by now: restart this server")

    def _commands(self) -> list[Command]:
        """Return the commands that write it, unless there is one. The last reply is the check of the one there is."""
        keys = self._keys
        drawn: list[Command] = [("SET", keys.id_key, self.id_key, "NX")] if self._is_drawn else []
        return [
            ("SET", keys.format, FORMAT, "NX"),
            *drawn,
            ("SET", keys.id_check, self.check, "NX"),
            ("GET", keys.id_check),
        ]


def _replies(client: Client, *commands: Command) -> list[Reply]:
    """Return the replies to commands of the start. Raises UnusableStore."""
    try:
        return [succeeded(reply) for reply in client.execute(commands)]
    except StoreUnavailable as error:
        raise UnusableStore(f"cannot be used: {error.reason}") from None
