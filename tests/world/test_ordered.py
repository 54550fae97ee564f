"""OrderedMap against a plain dictionary, in trees of several levels."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import total_ordering
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from sandbox.world import ordered
from sandbox.world.ordered import OrderedMap

numbers = st.integers(0, 120)
values = st.integers(0, 3)
counts = st.integers(0, 40)
Version = tuple[OrderedMap[int, str], dict[int, str]]
"""A map, and the dictionary that it has to agree with."""


def named(number: int, value: int = 0) -> str:
    """A value that tells its key, and how it was put there."""
    return f"{number}.{value}"


def made_of(keys: Iterable[int]) -> OrderedMap[int, str]:
    return OrderedMap((key, named(key)) for key in keys)


def values_of(expected: dict[int, str], keys: list[int]) -> list[str]:
    return [expected[key] for key in keys]


@pytest.fixture(autouse=True, scope="module")
def narrow_nodes() -> Iterator[None]:
    """Nodes of at most four, so that a few dozen items make a deep tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "FANOUT", 4)
        yield


def nodes_of(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", ()):
        yield from nodes_of(child)


def root_of(made: OrderedMap[Any, Any]) -> Any:
    return made._root  # noqa: SLF001  # the shape of the tree is what some tests are about


def check_shape(node: Any) -> int:
    """The height of a well-formed tree: leaves equally deep, no node empty or too wide, true signposts."""
    assert 0 < len(node.keys) <= ordered.FANOUT
    children = getattr(node, "children", None)
    if children is None:
        assert len(node.values) == len(node.keys)
        return 1
    assert [child.keys[0] for child in children] == list(node.keys)
    heights = {check_shape(child) for child in children}
    assert len(heights) == 1
    return heights.pop() + 1


def check(version: Version) -> None:
    made, expected = version
    assert list(made) == values_of(expected, sorted(expected))
    assert bool(made) == bool(expected)
    if expected:
        assert made.highest == max(expected)
        check_shape(root_of(made))


class OrderedMapMachine(RuleBasedStateMachine):
    """Every version that was ever made stays what it was, whatever is made from it."""

    versions: Bundle[Version] = Bundle("versions")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Version] = []

    def keep(self, made: OrderedMap[int, str], expected: dict[int, str]) -> Version:
        version = made, expected
        check(version)
        self.all.append(version)
        return version

    @initialize(target=versions, keys=st.lists(numbers, max_size=90))
    def build(self, keys: list[int]) -> Version:
        return self.keep(made_of(keys), {key: named(key) for key in keys})

    @rule(target=versions, version=versions, key=numbers, value=values)
    def put(self, version: Version, key: int, value: int) -> Version:
        made, expected = version
        return self.keep(made.put(key, named(key, value)), expected | {key: named(key, value)})

    @rule(target=versions, version=versions, key=numbers)
    def remove(self, version: Version, key: int) -> Version:
        made, expected = version
        return self.keep(made.remove(key), {other: expected[other] for other in expected if other != key})

    @rule(
        target=versions, version=consumes(versions), first=numbers, step=st.integers(1, 7), grow=st.booleans()
    )
    def put_or_remove_a_run(self, version: Version, first: int, step: int, grow: bool) -> Any:
        """Many at a time, up to whole subtrees: one leaf after another splits, or empties and goes."""
        made, expected = version
        run = range(first, 121, step)
        for key in run:
            made = made.put(key, named(key, 9)) if grow else made.remove(key)
        left = {key: value for key, value in expected.items() if key not in run}
        return multiple(
            version, self.keep(made, left | {key: named(key, 9) for key in run} if grow else left)
        )

    @rule(version=versions, cursor=numbers, count=counts)
    def read_after(self, version: Version, cursor: int, count: int) -> None:
        made, expected = version
        above = [key for key in sorted(expected) if key > cursor]
        assert made.after(cursor, count) == values_of(expected, above[:count])
        assert made.after(cursor, -1) == values_of(expected, above)

    @rule(version=versions, cursor=numbers, count=counts)
    def read_before(self, version: Version, cursor: int, count: int) -> None:
        made, expected = version
        below = [key for key in sorted(expected) if key < cursor]
        assert made.before(cursor, count) == values_of(expected, below[max(len(below) - count, 0) :])

    @rule(version=versions, count=counts)
    def read_from_the_beginning(self, version: Version, count: int) -> None:
        made, expected = version
        assert made.after(None, count) == values_of(expected, sorted(expected)[:count])

    @rule(version=versions, key=numbers)
    def ask(self, version: Version, key: int) -> None:
        made, expected = version
        assert (key in made) == (key in expected)

    def teardown(self) -> None:
        for version in self.all:
            check(version)


def test_an_ordered_map_agrees_with_a_dictionary_and_old_versions_never_change() -> None:
    run_state_machine_as_test(
        OrderedMapMachine,
        settings=settings(max_examples=60, stateful_step_count=30, deadline=None, report_multiple_bugs=False),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, max_size=90), st.sets(numbers))
def test_every_page_before_and_after_every_cursor_is_a_slice_of_the_sorted_values(
    keys: list[int], removed: set[int]
) -> None:
    made, left = made_of(keys), sorted(set(keys) - removed)
    expected = list(map(named, left))
    for key in removed:
        made = made.remove(key)
    for cursor in range(-1, 122, 3):
        below, above = bisect_left(left, cursor), bisect_right(left, cursor)
        for count in (1, 2, 5, 200):
            assert made.after(cursor, count) == expected[above : above + count]
            assert made.before(cursor, count) == expected[max(below - count, 0) : below]


def test_a_few_dozen_items_make_a_tree_of_at_least_four_levels() -> None:
    grown: OrderedMap[int, str] = OrderedMap()
    for key in range(80):
        grown = grown.put(key, named(key))
    assert check_shape(root_of(made_of(range(80)))) >= 4
    assert check_shape(root_of(grown)) >= 4


@pytest.mark.parametrize("step", [1, -1, 7])
def test_a_tree_stays_low_in_whatever_order_it_grows(step: int) -> None:
    """Nodes are at least half full where nothing was removed: at most the binary logarithm of the size."""
    grown: OrderedMap[int, str] = OrderedMap()
    for number in range(1000):
        grown = grown.put(number * step % 1009, "")
    assert check_shape(root_of(grown)) <= 10


def test_a_tree_gets_low_again_when_its_items_go() -> None:
    made = made_of(range(80))
    for key in range(1, 80):
        made = made.remove(key)
    assert list(made) == [named(0)]
    assert check_shape(root_of(made)) == 1
    assert not made.remove(0)


def test_an_empty_map_holds_nothing_and_can_grow() -> None:
    empty: OrderedMap[int, str] = OrderedMap()
    assert not empty
    assert 1 not in empty
    assert empty.after(None, 5) == empty.after(1, 5) == empty.before(1, 5) == list(empty) == []
    assert list(empty.put(1, "one")) == ["one"]


def test_removing_what_is_not_there_answers_the_map_itself() -> None:
    made = made_of(range(0, 80, 2))
    assert made.remove(41) is made


def test_a_change_copies_one_path_and_shares_every_other_node() -> None:
    made = made_of(range(0, 2000, 2))
    old = {id(node) for node in nodes_of(root_of(made))}
    for changed in (
        made.put(999, ""),
        made.put(1000, ""),
        made.remove(1000),
        made.put(-1, ""),
        made.put(5000, ""),
    ):
        new = [node for node in nodes_of(root_of(changed)) if id(node) not in old]
        assert len(new) <= 2 * check_shape(root_of(made)) + 1


@total_ordering
class Counted:
    """A number that counts how often numbers like it are compared."""

    comparisons = 0

    def __init__(self, value: int) -> None:
        self.value = value

    def __lt__(self, other: Counted) -> bool:
        Counted.comparisons += 1
        return self.value < other.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counted) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


@pytest.mark.parametrize("size", [100, 20_000])
def test_a_page_costs_a_few_comparisons_however_large_the_map(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordered, "FANOUT", 64)
    made = OrderedMap((Counted(number), number) for number in range(size))
    middle = Counted(size // 2)
    Counted.comparisons = 0
    made.after(middle, 51)
    made.before(middle, 51)
    made.put(middle, 0).remove(middle)
    assert 0 < Counted.comparisons < 150
