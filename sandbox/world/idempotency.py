"""Idempotency keys: a create that is repeated with the same key is answered again, and creates nothing.

Undocumented, our decision, after the IETF draft "The Idempotency-Key HTTP Header Field" and Stripe.
"""

from __future__ import annotations  # rpds types are generic for type checkers alone

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any, NamedTuple

from rpds import HashTrieMap

from sandbox.world.conversation import Record
from sandbox.world.errors import KeyReused, KeysFull
from sandbox.world.memory import IDEMPOTENCY_KEY_BYTES, RECORD_BYTES
from sandbox.world.ordered import OrderedMap
from sandbox.world.pause import Pause, no_pause
from sandbox.world.release import Part

LIFETIME_SECONDS = 86_400
"""A key is forgotten after this time on the sandbox's clock."""

FORGOTTEN_AT_ONCE = 16
"""The most expired keys that one create forgets: all of them at once could take a second."""
_FILLED_AT_ONCE = 1024


class StoredAnswer(NamedTuple):
    """The conversation that a create with ``key`` made at ``at`` (Unix seconds of the sandbox), as it was then."""

    key: str
    record: Record
    at: float

    @property
    def age(self) -> _Age:
        """The position among all answers, the oldest first."""
        return self.at, self.key


_Age = tuple[float, str]
_ByAge = OrderedMap[_Age, StoredAnswer]

_NO_ANSWERS: _ByAge = OrderedMap()


@dataclass(frozen=True, slots=True)
class IdempotencyKeys:
    """The keys that creates were made with, and their answers, as one immutable value.

    A change returns a new value that shares nearly all of the old one. Shape: key → answer, age → answer.
    """

    _by_key: HashTrieMap[str, StoredAnswer] = HashTrieMap()
    _by_age: _ByAge = _NO_ANSWERS

    @classmethod
    def of(cls, answers: Iterable[StoredAnswer], pause: Pause = no_pause) -> IdempotencyKeys:
        """Return the value of ``answers``, whose keys differ. ``pause`` is called again and again."""
        by_key: HashTrieMap[str, StoredAnswer] = HashTrieMap()
        by_age: dict[_Age, StoredAnswer] = {}
        rest = iter(answers)
        while some := list(islice(rest, _FILLED_AT_ONCE)):
            by_key = by_key.update({each.key: each for each in some})
            by_age.update((each.age, each) for each in some)
            pause()
        return cls(by_key, OrderedMap(by_age.items(), pause))

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[StoredAnswer]:
        """Iterate over the answers, the oldest first."""
        return iter(self._by_age)

    def get(self, key: str) -> StoredAnswer | None:
        """Return the answer of ``key``, which may be expired; None if it has none."""
        return self._by_key.get(key)

    def find(self, key: str, now: float) -> StoredAnswer | None:
        """Return the answer of ``key``; None if it has none, or if it is forgotten at ``now`` (Unix seconds)."""
        stored = self.get(key)
        return None if stored is None or _is_expired(stored, now) else stored

    def replay(self, key: str, contact_id: str | None, group_id: str | None, now: float) -> Record | None:
        """Return what the first create with ``key`` made; None if there was none.

        Raises KeyReused if that was a create of other attributes.
        """
        stored = self.find(key, now)
        if stored is None:
            return None
        # A conversation is created with the attributes of its call, so its record has them.
        made = stored.record.conversation
        if (made.contact_id, made.group_id) != (contact_id, group_id):
            raise KeyReused(key, made.contact_id, made.group_id)
        return stored.record

    def with_room(self, capacity: float, now: float) -> IdempotencyKeys:
        """Return this value with room for one more answer, without the oldest ones that are expired.

        Raises KeysFull if ``capacity`` answers are left.
        """
        by_key, by_age = self._by_key, self._by_age
        for oldest in self.forgotten(now):
            by_key, by_age = by_key.remove(oldest.key), by_age.remove(oldest.age)
        if len(by_key) >= capacity:
            raise KeysFull(capacity)
        return IdempotencyKeys(by_key, by_age)

    def forgotten(self, now: float) -> Iterator[StoredAnswer]:
        """Iterate over the answers that the next create forgets, which are expired at ``now``."""
        return takewhile(lambda answer: _is_expired(answer, now), self._by_age.after(None, FORGOTTEN_AT_ONCE))

    def put(self, answer: StoredAnswer) -> IdempotencyKeys:
        """Return this value with ``answer``, which replaces that of the same key."""
        by_age, old = self._by_age, self._by_key.get(answer.key)
        if old is not None:
            by_age = by_age.remove(old.age)
        return IdempotencyKeys(self._by_key.insert(answer.key, answer), by_age.put(answer.age, answer))

    @property
    def places(self) -> int:
        """The number of keys."""
        return len(self)

    def places_besides(self, others: Iterable[Part]) -> int:
        """Return the number of keys that none of ``others`` shares, counted in whole nodes of the map by age."""
        seen: set[int] = set()
        for other in others:
            other.see(seen)
        return sum(map(len, self._by_age.parts(seen)))

    def see(self, seen: set[int]) -> None:
        """Add the nodes of the map by age to ``seen`` by their identity."""
        for _ in self._by_age.parts(seen):
            pass

    def taken_apart(self) -> tuple[list[HashTrieMap[str, Any]], list[object]]:
        """Return the map by key, and the leaves of the map by age: all that occupies much memory."""
        return [self._by_key], list(self._by_age.leaves())

    @property
    def memory(self) -> int:
        """About how many bytes the value occupies in memory, what it shares with others included."""
        return len(self) * (IDEMPOTENCY_KEY_BYTES + RECORD_BYTES)

    def memory_besides(self, seen: set[int]) -> int:
        """Return about how many bytes the value occupies in memory, without the objects whose identity is in ``seen``.

        What is counted is added to ``seen``, so that what values share, also with tables, is counted once.
        """
        size = 0
        for answers in self._by_age.parts(seen):
            for answer in answers:
                if id(answer) in seen:
                    continue
                seen.add(id(answer))
                size += IDEMPOTENCY_KEY_BYTES
                if id(answer.record) not in seen:
                    seen.add(id(answer.record))
                    size += RECORD_BYTES
        return size


def _is_expired(answer: StoredAnswer, now: float) -> bool:
    return now >= answer.at + LIFETIME_SECONDS
