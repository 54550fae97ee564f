"""Idempotency keys as a value: replays, the end of a key, and the limits."""

from collections.abc import Callable, Iterable

import pytest

from sandbox.world.conversation import Conversation, Record
from sandbox.world.errors import KeyReused, KeysFull
from sandbox.world.idempotency import LIFETIME_SECONDS, IdempotencyKeys, StoredAnswer
from sandbox.world.memory import IDEMPOTENCY_KEY_BYTES, RECORD_BYTES
from tests.world.harness import record_of, table_of

pytestmark = pytest.mark.usefixtures("narrow_nodes")

DAY = 86_400.0
RECORD = record_of(Conversation.begin("a", "c1", None, 1))


def answer(key: str, at: float = 0.0, record: Record = RECORD) -> StoredAnswer:
    return StoredAnswer(key, record, at)


def keys_of(answers: Iterable[StoredAnswer]) -> IdempotencyKeys:
    """Return the value to which the answers were added one by one."""
    keys = IdempotencyKeys()
    for each in answers:
        keys = keys.put(each)
    return keys


def test_lifetime_is_a_day() -> None:
    assert LIFETIME_SECONDS == DAY


def test_record_is_replayed_for_its_key_alone() -> None:
    keys = keys_of([answer("k")])
    assert keys.replay("k", "c1", None, 5.0) is RECORD
    for other in ("K", "k ", '"k"', "", "kk"):
        assert keys.replay(other, "c1", None, 5.0) is None


@pytest.mark.parametrize(
    ("contact_id", "group_id"), [("c2", None), ("c1", "g1"), (None, "c1"), (None, None), ("C1", None)]
)
def test_key_of_a_create_of_other_attributes_is_refused(contact_id: str | None, group_id: str | None) -> None:
    keys = keys_of([answer("k")])
    with pytest.raises(KeyReused) as refused:
        keys.replay("k", contact_id, group_id, 5.0)
    assert (refused.value.key, refused.value.contact_id, refused.value.group_id) == ("k", "c1", None)


@pytest.mark.parametrize(
    ("now", "is_known"),
    [
        (1000.25, True),
        (1000.25 + DAY - 0.001, True),
        (1000.25 + DAY, False),
        (1000.25 + 2 * DAY, False),
        # The clock was set back.
        (0.0, True),
    ],
)
def test_key_is_known_for_less_than_a_day(now: float, is_known: bool) -> None:
    keys = keys_of([answer("k", 1000.25)])
    assert (keys.replay("k", "c1", None, now) is RECORD) is is_known
    assert (keys.find("k", now) is not None) is is_known
    # Its attributes are forgotten with it.
    if not is_known:
        assert keys.replay("k", "c2", None, now) is None


def test_change_leaves_the_old_value_as_it_was() -> None:
    old = keys_of([answer("k")])
    new = old.put(answer("l", 1.0))
    assert [each.key for each in old] == ["k"]
    assert [each.key for each in new] == ["k", "l"]


def test_answer_replaces_that_of_the_same_key() -> None:
    keys = keys_of([answer("k", 5.0), answer("l", 6.0), answer("k", 7.0)])
    assert [(each.key, each.at) for each in keys] == [("l", 6.0), ("k", 7.0)]
    assert len(keys) == keys.places == 2


@pytest.mark.parametrize("make", [IdempotencyKeys.of, keys_of])
@pytest.mark.parametrize("count", [0, 1, 300, 3000])
def test_answers_are_in_the_order_of_their_times(
    make: Callable[[list[StoredAnswer]], IdempotencyKeys], count: int
) -> None:
    answers = [answer(f"k{number}", float(number * 7 % 100)) for number in range(count)]
    keys = make(answers)
    assert list(keys) == sorted(answers, key=lambda each: (each.at, each.key))
    assert len(keys) == count
    assert all(keys.find(each.key, 5.0) is each for each in answers)


def test_making_many_pauses_again_and_again() -> None:
    pauses: list[int] = []
    IdempotencyKeys.of((answer(f"k{number}") for number in range(5000)), lambda: pauses.append(1))
    assert len(pauses) > 5


def test_room_is_made_by_forgetting_expired_keys_the_oldest_first() -> None:
    keys = keys_of(answer(f"k{number:02}", float(number)) for number in range(40))
    assert len(keys.with_room(41, 50.0)) == 40
    assert len(keys.with_room(40, DAY)) == 39
    # Not all of the expired ones at once.
    left = keys.with_room(40, DAY + 30)
    assert [each.key for each in left] == [f"k{number}" for number in range(16, 40)]
    assert left.find("k15", 50.0) is None


def test_full_keys_refuse_another_one() -> None:
    keys = keys_of([answer("k"), answer("l", 1.0)])
    with pytest.raises(KeysFull) as refused:
        keys.with_room(2, DAY - 1)
    assert refused.value.capacity == 2
    assert keys.with_room(3, DAY - 1) == keys


def test_expired_keys_never_leave_the_limit_exceeded() -> None:
    keys = IdempotencyKeys()
    for number in range(200):
        at = number * DAY / 50
        keys = keys.with_room(60, at).put(answer(f"k{number}", at))
    assert [each.key for each in keys] == [f"k{number}" for number in range(150, 200)]


def test_parts_that_values_share_are_counted_once() -> None:
    table = table_of("a", "b")
    one = keys_of([answer("k", record=table.get("a")), answer("l")])
    other = one.put(answer("m", 5.0))
    seen: set[int] = set()
    table.memory_besides(seen)
    # The record of "k" is in the table, and that of "l" is not.
    assert one.memory_besides(seen) == 2 * IDEMPOTENCY_KEY_BYTES + RECORD_BYTES
    assert one.memory_besides(seen) == 0
    assert other.memory_besides(seen) == IDEMPOTENCY_KEY_BYTES
    assert other.memory == 3 * (IDEMPOTENCY_KEY_BYTES + RECORD_BYTES)


def test_places_besides_other_keys_are_those_of_nodes_that_they_do_not_share() -> None:
    record = record_of(Conversation.begin("a", "contact", None, 0))
    keys = IdempotencyKeys.of(StoredAnswer(f"k{number:03}", record, float(number)) for number in range(200))
    assert keys.places_besides([]) == keys.places == 200
    assert keys.places_besides([IdempotencyKeys(), keys]) == 0
    more = keys.put(StoredAnswer("new", record, 500.0))
    assert 0 < more.places_besides([keys]) < 100
