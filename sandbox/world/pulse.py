"""The pulse: a story in which conversations become active, are opened, pinned, muted and archived.

The life of a conversation is divided into beats, whose length is drawn from its id: in some conversations something
happens every minute, in others every hour. In each beat it becomes active once and is opened some time later. Every
few beats, it is decided anew whether it is pinned, muted and archived. An archived conversation that becomes active
leaves the archive.

What happens in a beat is drawn from the seed, the id and the number of the beat, and from nothing else. Each event sets
an attribute, regardless of what it was, so only the last few beats before a moment matter for that moment: the story
is brought up to date in the same number of steps after a second and after a year, and with the same result as if
somebody had looked every second. Times are whole seconds.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sandbox.world.conversation import Conversation
from sandbox.world.draws import draw_bits

ACTIVE, OPENED = "active", "opened"
PINNED, UNPINNED = "pinned", "unpinned"
MUTED, UNMUTED = "muted", "unmuted"
ARCHIVED, UNARCHIVED = "archived", "unarchived"

CAST = 50
"""Only so many conversations take part, the newest ones: the first page of a client that asks for no other limit."""

SHORTEST_BEAT, LONGEST_BEAT = 60, 3600
"""Seconds."""

BEATS_OF_FLAGS = 5
"""The number of beats in which each flag is decided once."""

_FLAGS = ((PINNED, UNPINNED, 10), (MUTED, UNMUTED, 15), (ARCHIVED, UNARCHIVED, 30))
"""An event, its opposite, and how often of a hundred times it is the first of the two."""

_CHANGES: Mapping[str, Callable[[int], Mapping[str, Any]]] = {
    ACTIVE: lambda at: {"last_active_at": at, "archived_at": None},
    OPENED: lambda at: {"last_opened_at": at},
    PINNED: lambda _at: {"is_pinned": True},
    UNPINNED: lambda _at: {"is_pinned": False},
    MUTED: lambda _at: {"is_muted": True},
    UNMUTED: lambda _at: {"is_muted": False},
    ARCHIVED: lambda at: {"archived_at": at},
    UNARCHIVED: lambda _at: {"archived_at": None},
}

# A conversation is opened less than one beat after it became active, which is less than two beats after the beat began.
# So whatever happens before the beat three beats ago is followed by another event of its kind.
_BEATS_LOOKED_AT = 4
_FLAG_BEATS_LOOKED_AT = 2

_CUBE = 2**32


class Story(NamedTuple):
    """The place of a sandbox in its story, in Unix seconds of its clock.

    The story began at ``since``. The conversations are as it left them at ``until``.
    """

    since: int
    until: int


class Event(NamedTuple):
    """Something that happens to a conversation: when (Unix seconds), and one of the names above."""

    at: int
    kind: str


def beat_of(seed: int, conversation_id: str) -> int:
    """Return the length of the beats of a conversation, in seconds."""
    bits = draw_bits(seed, "pulse", conversation_id)
    return SHORTEST_BEAT + _small(bits, LONGEST_BEAT - SHORTEST_BEAT)


def events(seed: int, conversation_id: str, story: Story, now: int) -> list[Event]:
    """Return what happens to a conversation after ``story.until`` and until ``now``, in order.

    Left out is what later events make irrelevant, so there are never more than a few.
    """
    beat = beat_of(seed, conversation_id)
    found = [
        *_visits(seed, conversation_id, story.since, beat, now),
        *_decisions(seed, conversation_id, story.since, beat * BEATS_OF_FLAGS, now),
    ]
    # Of those in the same second, activity is first: it would undo the archiving.
    return sorted(
        (event for event in found if story.until < event.at <= now),
        key=lambda event: (event.at, event.kind != ACTIVE, event.kind),
    )


def lived(conversation: Conversation, seed: int, story: Story, now: int) -> Conversation:
    """Return ``conversation`` at ``now``, which nobody else has changed since ``story.until``."""
    for event in events(seed, conversation.id, story, now):
        if event.at >= conversation.created_at:
            conversation = after(conversation, event)
    return conversation


def after(conversation: Conversation, event: Event) -> Conversation:
    """Return ``conversation`` after an event. One that was never active is not opened."""
    if event.kind == ARCHIVED and conversation.archived_at is not None:
        return conversation
    if event.kind == OPENED and conversation.last_active_at is None:
        # The activity of its beat was before the story began, or before the conversation was created.
        return conversation
    return replace(conversation, **_CHANGES[event.kind](event.at))


def _visits(seed: int, conversation_id: str, since: int, beat: int, now: int) -> Iterator[Event]:
    for number in _last(_BEATS_LOOKED_AT, since, beat, now):
        bits, into = divmod(draw_bits(seed, "pulse", conversation_id, "beat", number), beat)
        at = since + number * beat + into
        yield Event(at, ACTIVE)
        yield Event(at + _small(bits, beat), OPENED)


def _decisions(seed: int, conversation_id: str, since: int, length: int, now: int) -> Iterator[Event]:
    for number in _last(_FLAG_BEATS_LOOKED_AT, since, length, now):
        bits = draw_bits(seed, "pulse", conversation_id, "flags", number)
        for kind, opposite, percent in _FLAGS:
            bits, into = divmod(bits, length)
            bits, lot = divmod(bits, 100)
            yield Event(since + number * length + into, kind if lot < percent else opposite)


def _last(count: int, since: int, length: int, now: int) -> range:
    """Return the numbers of the last ``count`` periods of ``length`` seconds until ``now``, counted from ``since``."""
    current = (now - since) // length
    return range(max(current - count + 1, 0), current + 1)


def _small(bits: int, bound: int) -> int:
    """Return an integer from 0 to below ``bound``; small ones are likelier."""
    number = bits % _CUBE
    return number * number * number * bound // _CUBE**3
