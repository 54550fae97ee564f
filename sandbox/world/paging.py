"""Queries and pages: the values that a list call takes and returns. They know neither HTTP nor storage."""

from dataclasses import dataclass, field
from typing import NamedTuple

from sandbox.world.conversation import Conversation, Record

MUTED, ARCHIVED, PINNED = 1, 2, 4


class Filter(NamedTuple):
    """Selects the conversations of a list by flags and group.

    ``flags`` is a sum of MUTED, ARCHIVED and PINNED, all of which must be set; 0 requires none. ``group_id`` None
    selects any group or none. All combine (AND). Source: the optional attributes of "List all sound effects".
    """

    flags: int = 0
    group_id: str | None = None


class Order(NamedTuple):
    """The position of a conversation in every list: newest first, ties by id."""

    newest_first: int
    id: str


@dataclass(frozen=True, slots=True)
class Query:
    """The arguments of one list call. At most one of the two cursors is set; ``limit`` is at least 1."""

    limit: int
    filter: Filter = Filter()
    starting_after: str | None = None
    ending_before: str | None = None


@dataclass(slots=True)
class Page:
    """The records of one page, and whether more lie in the direction of travel."""

    records: list[Record]
    has_more: bool
    _json: bytes | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def json(self) -> bytes:
        """The JSON of the records, separated by commas. It is joined once."""
        if self._json is None:
            self._json = b",".join([record.json for record in self.records])
        return self._json


def order_of(conversation: Conversation) -> Order:
    """Return the position of ``conversation`` in every list."""
    return Order(-conversation.created_at, conversation.id)


def filters_of(conversation: Conversation) -> list[Filter]:
    """Return every filter that selects ``conversation``: at most sixteen, two for most."""
    shown = [0]
    if conversation.is_muted:
        shown += [flags | MUTED for flags in shown]
    if conversation.archived_at is not None:
        shown += [flags | ARCHIVED for flags in shown]
    if conversation.is_pinned:
        shown += [flags | PINNED for flags in shown]
    groups = (None,) if conversation.group_id is None else (None, conversation.group_id)
    return [Filter(flags, group) for group in groups for flags in shown]
