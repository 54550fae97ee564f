"""What a list call asks for, and what it gets. No HTTP, no storage: shapes and rules alone."""

from dataclasses import dataclass
from typing import NamedTuple

from sandbox.world.conversation import Conversation, Record

MUTED, ARCHIVED, PINNED = 1, 2, 4


class Filter(NamedTuple):
    """Which conversations a list shows: the flags that must hold, and the group.

    ``flags`` is a sum of MUTED, ARCHIVED and PINNED; 0 asks for none of them. ``group_id`` None asks for
    any group or none. All combine (AND). Source: the optional attributes of "List all sound effects".
    """

    flags: int = 0
    group_id: str | None = None


class Order(NamedTuple):
    """Where a conversation stands in every list: newest first, ties by id."""

    newest_first: int
    id: str


@dataclass(frozen=True, slots=True)
class Query:
    """One list call. At most one of the two cursors is set; ``limit`` is at least 1."""

    limit: int
    filter: Filter = Filter()
    starting_after: str | None = None
    ending_before: str | None = None


class Page(NamedTuple):
    """The records of one list answer, and whether more lie in the direction of travel."""

    records: list[Record]
    has_more: bool


def order_of(conversation: Conversation) -> Order:
    """The place of ``conversation`` in every list."""
    return Order(-conversation.created_at, conversation.id)


def filters_of(conversation: Conversation) -> list[Filter]:
    """Every filter that shows ``conversation``: at most sixteen, two for most."""
    shown = [0]
    if conversation.is_muted:
        shown += [flags | MUTED for flags in shown]
    if conversation.archived_at is not None:
        shown += [flags | ARCHIVED for flags in shown]
    if conversation.is_pinned:
        shown += [flags | PINNED for flags in shown]
    groups = (None,) if conversation.group_id is None else (None, conversation.group_id)
    return [Filter(flags, group) for group in groups for flags in shown]
