"""A sandbox with a pulse: it lives on its clock, whoever looks, and what clients write has its place in the story."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from sandbox.world.conversation import Conversation
from sandbox.world.errors import SandboxReset, UnknownConversation
from sandbox.world.interface import World
from sandbox.world.paging import Query
from sandbox.world.pulse import CAST, Story
from sandbox.world.pulsing_sandbox import PulsingSandbox
from sandbox.world.runtime import Bounds, Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
from sandbox.world.table import Table
from tests.world.harness import BOUNDS, FakeClock, encode, ids_of, record_of

START = 1_800_000_000.0
HOUR, DAY, WEEK = 3600, 86_400, 604_800
NAMES = [f"id-{number}" for number in range(8)]
BOUNDS_OF_MANY = replace(BOUNDS, conversations=1000)


def state_of(names: Iterable[str] = NAMES, **attributes: object) -> SandboxState:
    """Return a state in which one conversation was created every minute before the start."""
    return SandboxState(
        Table.of(
            record_of(Conversation.begin(name, "contact", None, int(START) - 60 * number))
            for number, name in enumerate(names)
        ),
        seed=7,
        **attributes,  # type: ignore[arg-type]  # named as the fields are
    )


def open_pulsing(
    now: Callable[[], float],
    state: SandboxState | None = None,
    bounds: Bounds = BOUNDS_OF_MANY,
    encode: Callable[[Conversation], bytes] = encode,
) -> PulsingSandbox:
    return PulsingSandbox(state or state_of(), Runtime(now, encode, bounds))


def conversations(sandbox: Sandbox) -> list[Conversation]:
    return [record.conversation for record in sandbox.page(Query(1000)).records]


def story_of(sandbox: Sandbox) -> Story | None:
    return sandbox.state.story


def test_conversations_live_on_while_time_passes() -> None:
    now = FakeClock(START)
    sandbox = open_pulsing(now)
    begun = conversations(sandbox)
    now.now += HOUR
    lived = conversations(sandbox)
    assert [each.id for each in lived] == [each.id for each in begun] == NAMES
    assert all(after != before for after, before in zip(lived, begun, strict=True))
    assert [(each.created_at, each.contact_id) for each in lived] == [
        (each.created_at, each.contact_id) for each in begun
    ]
    assert sandbox.get("id-0").json == encode(lived[0])


def test_nothing_happens_without_a_look() -> None:
    encoded: list[Conversation] = []

    def counted(conversation: Conversation) -> bytes:
        encoded.append(conversation)
        return encode(conversation)

    now = FakeClock(START)
    sandbox = open_pulsing(now, encode=counted)
    now.now += WEEK
    assert sandbox.size == len(NAMES)
    assert sandbox.time() == START + WEEK
    assert encoded == []
    sandbox.get("id-0")
    assert len(encoded) == len(NAMES)  # each is written once, after a week as after a minute
    sandbox.get("id-0")
    assert len(encoded) == len(NAMES)


@pytest.mark.parametrize(
    "look",
    [
        lambda sandbox: sandbox.get("id-0"),
        lambda sandbox: sandbox.page(Query(1)),
        lambda sandbox: sandbox.state,
        lambda sandbox: sandbox.fork(),
        lambda sandbox: sandbox.take_snapshot(1),
        lambda sandbox: sandbox.freeze_clock(1, None),
    ],
)
def test_every_look_sees_the_present(look: Callable[[PulsingSandbox], object]) -> None:
    now = FakeClock(START)
    sandbox = open_pulsing(now)
    now.now += HOUR
    look(sandbox)
    assert sandbox.state.story == (START, START + HOUR)


def test_only_what_shows_and_changes_no_conversation_leaves_the_story_where_it_is() -> None:
    members = {name for name in dir(World) if not name.startswith("_")}
    assert members - vars(PulsingSandbox).keys() == {
        "add_rule",
        "advance_clock",
        "change_rule",
        "check",
        "clear_journal",
        "clock_state",
        "count_calls",
        "counters",
        "current",
        "draw",
        "draw_bytes",
        "drop_snapshot",
        "end",
        "entries",
        "fire",
        "generation",
        "get_rule",
        "hold_key",
        "journal_truncated",
        "load",  # it replaces everything, as the next two do
        "reset",
        "restore",
        "numbered_entries",
        "order_rules",
        "record",
        "release_key",
        "remove_rule",
        "replace_rules",
        "resume_clock",
        "rules",
        "size",
        "sleep",
        "snapshots",
        "switch_rule",
        "time",
        "validate",
    }


def test_a_fork_and_a_snapshot_show_the_present() -> None:
    now = FakeClock(START)
    sandbox = open_pulsing(now)
    now.now += HOUR
    present = [sandbox.fork(), open_pulsing(now, sandbox.take_snapshot(1).state)]
    assert [conversations(each) for each in present] == [conversations(sandbox)] * 2


def write(sandbox: PulsingSandbox, hour: int) -> None:
    """Write what a client writes at an hour of the test below."""
    if hour == 1:
        sandbox.update(1, "id-1", {"is_pinned": True, "archived_at": int(sandbox.time())})
        sandbox.delete(1, "id-2")
    elif hour == 2:
        sandbox.create(1, "new", None)
        sandbox.create_once(1, "key", "new too", None)
        sandbox.put(1, "id-3", {"last_active_at": None})
    elif hour == 3:
        sandbox.advance_clock(1, 500)
        sandbox.put(1, "made", {"contact_id": "other", "created_at": int(START)})
    elif hour == 4:
        sandbox.freeze_clock(1, START + 2 * HOUR)
        sandbox.resume_clock(1)


@pytest.mark.parametrize("step", [7, 60, 1800])
def test_the_frequency_of_looks_changes_nothing(step: int) -> None:
    watched_now, now = FakeClock(START), FakeClock(START)
    watched, left_alone = open_pulsing(watched_now), open_pulsing(now)
    for hour in range(1, 6):
        while watched_now.now < START + hour * HOUR:
            watched_now.now = min(watched_now.now + step, START + hour * HOUR)
            watched.get("id-0")
        now.now = watched_now.now
        for each in (watched, left_alone):
            write(each, hour)
    assert conversations(watched) == conversations(left_alone)
    assert watched.state.story == left_alone.state.story


def test_all_worlds_of_a_seed_have_the_same_story() -> None:
    now = FakeClock(START)
    sandboxes = [PulsingSandbox(state_of(), Runtime(now, encode, BOUNDS), key) for key in ("me", "you")]
    now.now += HOUR
    assert conversations(sandboxes[0]) == conversations(sandboxes[1])
    other = open_pulsing(FakeClock(START), replace(state_of(), seed=8))
    other.advance_clock(1, HOUR)
    assert conversations(other) != conversations(sandboxes[0])


def test_a_frozen_clock_stops_the_story_and_an_advance_goes_on() -> None:
    now = FakeClock(START)
    frozen, running = open_pulsing(now, state_of(frozen_at=START)), open_pulsing(now)
    begun = conversations(frozen)
    now.now += HOUR
    assert conversations(frozen) == begun
    frozen.advance_clock(1, HOUR)
    assert conversations(frozen) == conversations(running) != begun


def test_times_are_on_the_clock_of_the_sandbox_and_never_in_its_future() -> None:
    sandbox = open_pulsing(FakeClock(START), state_of(frozen_at=START))
    for _ in range(100):
        sandbox.advance_clock(1, 97.3)
        for each in conversations(sandbox):
            times = each.last_active_at, each.last_opened_at, each.archived_at
            assert all(START < time <= sandbox.time() for time in times if time is not None)


def test_a_clock_that_is_set_back_tells_the_story_again() -> None:
    sandbox = open_pulsing(FakeClock(START), state_of(frozen_at=START))
    sandbox.advance_clock(1, DAY)
    told = conversations(sandbox)
    sandbox.freeze_clock(1, START)
    assert story_of(sandbox) == (START, START)
    sandbox.advance_clock(1, DAY)
    assert conversations(sandbox) == told


def test_writes_of_a_client_are_overtaken_by_later_events_alone() -> None:
    sandbox = open_pulsing(FakeClock(START), state_of(frozen_at=START))
    sandbox.advance_clock(1, HOUR)
    record = sandbox.put(1, "id-0", {"last_active_at": 5, "last_opened_at": 6})[0]
    assert sandbox.get("id-0") == record
    sandbox.advance_clock(1, 10_000)
    assert sandbox.get("id-0").conversation.last_active_at != 5


def test_a_deleted_conversation_stays_deleted_and_a_created_one_takes_part() -> None:
    sandbox = open_pulsing(FakeClock(START), state_of(frozen_at=START))
    sandbox.delete(1, "id-0")
    created = sandbox.create(1, "contact", None).conversation
    sandbox.advance_clock(1, DAY)
    with pytest.raises(UnknownConversation):
        sandbox.get("id-0")
    assert sandbox.get(created.id).conversation.last_active_at is not None


def test_only_the_newest_take_part() -> None:
    names = [f"id-{number}" for number in range(CAST + 20)]
    sandbox = open_pulsing(FakeClock(START), state_of(names, frozen_at=START))
    sandbox.advance_clock(1, WEEK)
    active = [each.id for each in conversations(sandbox) if each.last_active_at is not None]
    assert active == names[:CAST]


def test_a_reset_begins_the_story_anew() -> None:
    now = FakeClock(START)
    sandbox = open_pulsing(now)
    now.now += HOUR
    told = conversations(sandbox)
    sandbox.reset(state_of())
    assert conversations(sandbox) == conversations(open_pulsing(FakeClock(START)))
    now.now += HOUR
    assert [each.last_active_at for each in conversations(sandbox)] == [
        None if each.last_active_at is None else each.last_active_at + HOUR for each in told
    ]


def test_a_restored_snapshot_goes_on_from_its_place() -> None:
    now = FakeClock(START)
    sandbox, undisturbed = open_pulsing(now), open_pulsing(now)
    now.now += HOUR
    snapshot = sandbox.take_snapshot(1)
    now.now += HOUR
    sandbox.reset(state_of(NAMES[:1]))
    now.now += HOUR
    sandbox.restore(snapshot.id)
    assert conversations(sandbox) == conversations(undisturbed)
    now.now += HOUR
    assert conversations(sandbox) == conversations(undisturbed)


def test_a_loaded_state_goes_on_from_its_place_or_begins_at_the_time_of_the_clock() -> None:
    now = FakeClock(START)
    first = open_pulsing(now)
    now.now += HOUR
    state = first.state
    now.now += DAY
    other = open_pulsing(now)
    other.load(1, state)
    assert conversations(other) == conversations(first)
    other.load(2, replace(state, story=None))
    assert other.state.story == (now.now, now.now)


def test_a_state_from_a_later_time_waits_for_nothing() -> None:
    sandbox = open_pulsing(
        FakeClock(START), state_of(story=open_pulsing(FakeClock(START + WEEK)).state.story)
    )
    begun = conversations(sandbox)
    assert begun == conversations(open_pulsing(FakeClock(START)))
    sandbox.advance_clock(1, 2 * WEEK)
    assert conversations(sandbox) != begun


def test_a_plain_sandbox_has_no_story() -> None:
    now = FakeClock(START)
    state = open_pulsing(now).state
    sandbox = Sandbox(state, Runtime(now, encode, BOUNDS))
    begun = conversations(sandbox)
    now.now += WEEK
    assert conversations(sandbox) == begun
    assert sandbox.state.story is None


def test_a_write_of_an_older_generation_is_refused() -> None:
    now = FakeClock(START)
    sandbox = open_pulsing(now)
    sandbox.reset(state_of())
    now.now += HOUR
    with pytest.raises(SandboxReset):
        sandbox.update(1, "id-0", {"is_muted": True})
    assert ids_of(sandbox) == NAMES


def test_nothing_happens_after_the_end() -> None:
    now = FakeClock(START)
    sandbox = open_pulsing(now)
    before = conversations(sandbox)
    sandbox.end()
    now.now += HOUR
    assert conversations(sandbox) == before
