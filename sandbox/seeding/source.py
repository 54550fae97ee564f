"""The sources of tables: the conversations of a scenario, and the document in which they can be kept.

The first line of a document says whether times are ``absolute`` (Unix seconds) or ``before_start``, as in a scenario
file. Each other line is a conversation, as the API returns it. Times before the start are negative.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b
from itertools import chain
from weakref import WeakValueDictionary

from sandbox.schemas.conversation import decode, encode
from sandbox.world.conversation import Conversation, Record
from sandbox.world.origin import Origin, Source
from sandbox.world.pause import Pause, no_pause, with_pauses
from sandbox.world.table import Table

_ABSOLUTE = b'{"times":"absolute"}'
_BEFORE_START = b'{"times":"before_start"}'


class _Conversations(ABC):
    """The conversations of a scenario, and the digest of their document."""

    _known_digest: str | None = None

    @abstractmethod
    def document(self) -> Iterator[bytes]: ...

    def digest(self, pause: Pause = no_pause) -> str:
        if self._known_digest is None:
            digest = blake2b(digest_size=16)
            for line in with_pauses(self.document(), pause):
                digest.update(line + b"\n")
            self._known_digest = digest.hexdigest()
        return self._known_digest


class AbsoluteSource(_Conversations):
    """A source whose times are Unix seconds. Its table is the same for every start."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def document(self) -> Iterator[bytes]:
        return chain((_ABSOLUTE,), (record.json for record in self._table))

    def table(self, at: int, pause: Pause = no_pause) -> Table:
        return self._table

    def origin(self, _at: int, _pause: Pause = no_pause) -> Origin:
        """Return the origin of a sandbox, which is the same for every start."""
        return Origin(self, 0, self._table)


class RelativeSource(_Conversations):
    """A source whose times are seconds that are counted from the start of a sandbox: most are negative."""

    def __init__(self, conversations: Iterable[Conversation]) -> None:
        self._conversations = tuple(conversations)
        # The tables that are in use, by the second of the start, and the latest one, which the next start may share.
        self._tables: WeakValueDictionary[int, Table] = WeakValueDictionary()
        self._latest: Table | None = None

    def document(self) -> Iterator[bytes]:
        return chain((_BEFORE_START,), map(encode, self._conversations))

    def table(self, at: int, pause: Pause = no_pause) -> Table:
        table = self._tables.get(at)
        if table is None:
            timed = (_timed(each, at) for each in self._conversations)
            made = Table.of((Record(each, encode(each)) for each in timed), pause=pause)
            # Another call may have made the same meanwhile.
            table = self._tables.setdefault(at, made)
        self._latest = table
        return table

    def origin(self, at: int, pause: Pause = no_pause) -> Origin:
        """Return the origin of a sandbox that starts at ``at`` (Unix seconds)."""
        return Origin(self, at, self.table(at, pause))


def source_of(document: Iterable[bytes], pause: Pause = no_pause) -> Source:
    """Return the source whose document has these lines.

    The server has written it, so that conversations are not validated. Raises ValueError if the first line is none that
    this version knows.
    """
    lines = iter(document)
    times = json.loads(next(lines, b"null"))
    conversations = with_pauses(lines, pause)
    if times == json.loads(_ABSOLUTE):
        return AbsoluteSource(Table.of((Record(decode(line), line) for line in conversations), pause=pause))
    if times == json.loads(_BEFORE_START):
        return RelativeSource(map(decode, conversations))
    raise ValueError(times)


def _timed(conversation: Conversation, moment: int) -> Conversation:
    """Return ``conversation``, whose times count from the start of a sandbox, for one that starts at ``moment``."""

    def at(time: int | None) -> int | None:
        return None if time is None else max(moment + time, 0)

    return replace(
        conversation,
        last_active_at=at(conversation.last_active_at),
        last_opened_at=at(conversation.last_opened_at),
        created_at=max(moment + conversation.created_at, 0),
        archived_at=at(conversation.archived_at),
    )
