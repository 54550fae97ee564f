"""The story of a sandbox with a pulse: what happens, when, and that nobody needs to look for it to happen."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.world import pulse
from sandbox.world.conversation import Conversation
from sandbox.world.pulse import Event, Story, after, beat_of, events, lived

SINCE = 1_800_000_000
HOUR, DAY, WEEK = 3600, 86_400, 604_800
KINDS = {"active", "opened", "pinned", "unpinned", "muted", "unmuted", "archived", "unarchived"}
QUIET = Conversation.begin("a", "contact", None, SINCE - DAY)

seeds = st.integers(0, 2**63 - 1)
ids = st.text("abcXYZ019_-", min_size=1, max_size=16)
seconds = st.integers(0, 40 * DAY)


def all_events(seed: int, conversation_id: str, until: int, step: int = 1) -> list[Event]:
    """Return all events of a conversation as somebody sees them who looks every ``step`` seconds."""
    found: list[Event] = []
    for told in range(0, until, step):
        found += events(seed, conversation_id, Story(SINCE, SINCE + told), SINCE + min(told + step, until))
    return found


def test_the_same_seed_and_time_give_the_same_story() -> None:
    assert events(7, "a", Story(SINCE, SINCE), SINCE + HOUR) == events(
        7, "a", Story(SINCE, SINCE), SINCE + HOUR
    )
    assert [(event.at - SINCE, event.kind) for event in all_events(7, "a", 2400, 60)] == [
        (207, "active"),
        (426, "opened"),
        (954, "unmuted"),
        (1253, "active"),
        (1404, "opened"),
        (1453, "unarchived"),
        (2363, "pinned"),
    ]


@pytest.mark.parametrize("other", [(8, "a"), (7, "b")])
def test_another_seed_or_id_gives_another_story(other: tuple[int, str]) -> None:
    assert all_events(7, "a", DAY, 60) != all_events(*other, DAY, 60)


def test_the_story_counts_from_its_beginning() -> None:
    first = events(7, "a", Story(SINCE, SINCE), SINCE + HOUR)
    later = events(7, "a", Story(SINCE + 1000, SINCE + 1000), SINCE + 1000 + HOUR)
    assert [event._replace(at=event.at + 1000) for event in first] == later


@settings(deadline=None, max_examples=200)
@given(seeds, ids, st.lists(seconds, min_size=1, max_size=30), st.booleans(), st.booleans())
def test_it_does_not_matter_when_somebody_looked(
    seed: int, conversation_id: str, looks: list[int], archived: bool, pinned: bool
) -> None:
    archived_at = SINCE - HOUR if archived else None
    begun = replace(QUIET, id=conversation_id, archived_at=archived_at, is_pinned=pinned)
    end = SINCE + max(looks)
    watched, until = begun, SINCE
    for look in sorted(SINCE + each for each in looks):
        watched = lived(watched, seed, Story(SINCE, until), look)
        until = look
    assert watched == lived(begun, seed, Story(SINCE, SINCE), end)


@pytest.mark.parametrize("conversation_id", ["a", "b", "c", "d"])
def test_a_look_every_second_sees_what_one_look_sees(conversation_id: str) -> None:
    begun = replace(QUIET, id=conversation_id)
    watched = begun
    for second in range(SINCE, SINCE + 2 * HOUR):
        watched = lived(watched, 7, Story(SINCE, second), second + 1)
    assert watched == lived(begun, 7, Story(SINCE, SINCE), SINCE + 2 * HOUR)
    assert watched.last_active_at is not None


def test_a_late_opening_of_an_early_beat_counts_even_if_nobody_looked() -> None:
    # Three beats before this second, the conversation was opened later than two beats before, and not since.
    conversation = lived(replace(QUIET, id="id-0"), 7, Story(SINCE, SINCE), SINCE + 5500)
    assert conversation.last_opened_at == SINCE + 5192


@settings(deadline=None)
@given(seeds, ids, seconds, seconds)
def test_events_are_in_order_and_within_the_time_asked_for(
    seed: int, conversation_id: str, told: int, more: int
) -> None:
    story, now = Story(SINCE, SINCE + told), SINCE + told + more
    found = events(seed, conversation_id, story, now)
    assert all(story.until < event.at <= now for event in found)
    assert [event.at for event in found] == sorted(event.at for event in found)
    assert {event.kind for event in found} <= KINDS


@pytest.mark.parametrize("absence", [DAY, WEEK, 1000 * WEEK])
def test_a_long_absence_takes_a_bounded_number_of_events(absence: int) -> None:
    for number in range(100):
        assert len(events(7, f"id-{number}", Story(SINCE, SINCE), SINCE + absence)) <= 14


def test_nothing_happens_before_the_story_begins_or_while_time_stands_still() -> None:
    assert events(7, "a", Story(SINCE, SINCE - WEEK), SINCE - 1) == []
    assert events(7, "a", Story(SINCE, SINCE + WEEK), SINCE + WEEK) == []


def test_nothing_happens_before_a_conversation_is_created() -> None:
    early = replace(QUIET, created_at=SINCE + WEEK)
    assert lived(early, 7, Story(SINCE, SINCE), SINCE + WEEK - 1) == early
    late = lived(early, 7, Story(SINCE, SINCE), SINCE + 2 * WEEK)
    assert late.last_active_at is not None
    assert late.last_active_at >= SINCE + WEEK


def test_a_conversation_is_opened_after_it_became_active() -> None:
    found = all_events(7, "a", 2 * DAY, 60)
    active = [event.at for event in found if event.kind == "active"]
    opened = [event.at for event in found if event.kind == "opened"]
    assert len(active) - len(opened) in (0, 1, 2)
    assert all(first <= second for first, second in zip(active, sorted(opened), strict=False))


def test_paces_differ_and_are_within_their_bounds() -> None:
    beats = [beat_of(7, f"id-{number}") for number in range(500)]
    assert min(beats) >= pulse.SHORTEST_BEAT
    assert max(beats) < pulse.LONGEST_BEAT
    assert min(beats) < 2 * pulse.SHORTEST_BEAT
    assert max(beats) > pulse.LONGEST_BEAT / 2


def test_among_forty_conversations_something_happens_every_few_seconds() -> None:
    found = sorted(event.at for number in range(40) for event in all_events(7, f"id-{number}", HOUR, 60))
    gaps = sorted(later - earlier for earlier, later in pairwise(found))
    assert 1 <= gaps[len(gaps) // 2] <= 20
    assert gaps[-1] < 120


def test_every_kind_of_event_happens_and_flags_less_often() -> None:
    counted = Counter(
        event.kind for number in range(40) for event in all_events(7, f"id-{number}", 6 * HOUR, 60)
    )
    assert set(counted) == KINDS
    assert counted["active"] > 4 * (counted["pinned"] + counted["unpinned"])
    assert counted["unpinned"] > counted["pinned"]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("active", {"last_active_at": 9, "archived_at": None}),
        ("opened", {"last_opened_at": 9}),
        ("pinned", {"is_pinned": True}),
        ("unpinned", {"is_pinned": False}),
        ("muted", {"is_muted": True}),
        ("unmuted", {"is_muted": False}),
        ("unarchived", {"archived_at": None}),
    ],
)
@pytest.mark.parametrize("flags", [True, False])
def test_an_event_sets_its_attributes_and_no_other(
    kind: str, changes: dict[str, object], flags: bool
) -> None:
    before = replace(
        QUIET, last_active_at=1, is_pinned=flags, is_muted=flags, archived_at=5 if flags else None
    )
    assert after(before, Event(9, kind)) == replace(before, **changes)  # type: ignore[arg-type]  # values of several types


@pytest.mark.parametrize(("archived_at", "expected"), [(None, 9), (5, 5)])
def test_archiving_keeps_the_time_of_an_archived_conversation(archived_at: int | None, expected: int) -> None:
    assert after(replace(QUIET, archived_at=archived_at), Event(9, "archived")).archived_at == expected


def test_a_conversation_is_not_opened_for_activity_before_it_was_created() -> None:
    # It would have become active after 207 seconds, and is opened after 426.
    late = replace(QUIET, created_at=SINCE + 300)
    assert lived(late, 7, Story(SINCE, SINCE), SINCE + 500) == late


@settings(deadline=None)
@given(seeds, ids, seconds)
@example(308982, "id-561", 2126).via("activity in the second in which the story begins")
def test_a_conversation_stays_possible(seed: int, conversation_id: str, elapsed: int) -> None:
    now = SINCE + elapsed
    conversation = lived(replace(QUIET, id=conversation_id), seed, Story(SINCE, SINCE), now)
    times = conversation.last_active_at, conversation.last_opened_at, conversation.archived_at
    assert all(SINCE <= time <= now for time in times if time is not None)
    if conversation.last_opened_at is not None:
        assert conversation.last_active_at is not None
    if conversation.archived_at is not None and conversation.last_active_at is not None:
        assert conversation.archived_at >= conversation.last_active_at
