"""OrderedSet against a plain sorted list, in trees of several levels."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
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
from sandbox.world.ordered import OrderedSet

numbers = st.integers(0, 120)
counts = st.integers(0, 40)
Version = tuple[OrderedSet[int], list[int]]
"""A set, and the sorted list that it has to agree with."""


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


def root_of(made: OrderedSet[int]) -> Any:
    return made._root  # noqa: SLF001  # the shape of the tree is what some tests are about


def check_shape(node: Any) -> int:
    """The height of a well-formed tree: leaves equally deep, no node empty or too wide, true signposts."""
    if isinstance(node, tuple):
        assert 0 < len(node) <= ordered.FANOUT
        return 1
    assert 0 < len(node.children) <= ordered.FANOUT
    assert len(node.lowest) == len(node.children)
    for lowest, child in zip(node.lowest, node.children, strict=True):
        assert lowest == (child[0] if isinstance(child, tuple) else child.lowest[0])
    heights = {check_shape(child) for child in node.children}
    assert len(heights) == 1
    return heights.pop() + 1


def check(version: Version) -> None:
    made, expected = version
    assert list(made) == expected
    assert bool(made) == bool(expected)
    if expected:
        assert (made.lowest, made.highest) == (expected[0], expected[-1])
        check_shape(root_of(made))


class OrderedSetMachine(RuleBasedStateMachine):
    """Every version that was ever made stays what it was, whatever is made from it."""

    versions: Bundle[Version] = Bundle("versions")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Version] = []

    def keep(self, made: OrderedSet[int], expected: list[int]) -> Version:
        version = made, expected
        check(version)
        self.all.append(version)
        return version

    @initialize(target=versions, items=st.lists(numbers, max_size=90))
    def build(self, items: list[int]) -> Version:
        return self.keep(OrderedSet(items), sorted(set(items)))

    @rule(target=versions, version=versions, item=numbers)
    def add(self, version: Version, item: int) -> Version:
        made, expected = version
        return self.keep(made.add(item), sorted({*expected, item}))

    @rule(target=versions, version=versions, item=numbers)
    def remove(self, version: Version, item: int) -> Version:
        made, expected = version
        return self.keep(made.remove(item), [other for other in expected if other != item])

    @rule(
        target=versions, version=consumes(versions), first=numbers, step=st.integers(1, 7), grow=st.booleans()
    )
    def add_or_remove_a_run(self, version: Version, first: int, step: int, grow: bool) -> Any:
        """Many at a time, up to whole subtrees: one leaf after another splits, or empties and goes."""
        made, expected = version
        for item in range(first, 121, step):
            made = made.add(item) if grow else made.remove(item)
        run = set(range(first, 121, step))
        after = set(expected) | run if grow else set(expected) - run
        return multiple(version, self.keep(made, sorted(after)))

    @rule(version=versions, cursor=numbers, count=counts)
    def read_after(self, version: Version, cursor: int, count: int) -> None:
        made, expected = version
        at = bisect_right(expected, cursor)
        assert made.after(cursor, count) == expected[at : at + count]
        assert made.after(cursor, -1) == expected[at:]

    @rule(version=versions, cursor=numbers, count=counts)
    def read_before(self, version: Version, cursor: int, count: int) -> None:
        made, expected = version
        at = bisect_left(expected, cursor)
        assert made.before(cursor, count) == expected[max(at - count, 0) : at]

    @rule(version=versions, count=counts)
    def read_from_the_beginning(self, version: Version, count: int) -> None:
        made, expected = version
        assert made.after(None, count) == expected[:count]

    @rule(version=versions, item=numbers)
    def ask(self, version: Version, item: int) -> None:
        made, expected = version
        assert (item in made) == (item in expected)

    def teardown(self) -> None:
        for version in self.all:
            check(version)


def test_an_ordered_set_agrees_with_a_sorted_list_and_old_versions_never_change() -> None:
    run_state_machine_as_test(
        OrderedSetMachine,
        settings=settings(max_examples=60, stateful_step_count=30, deadline=None, report_multiple_bugs=False),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, max_size=90), st.sets(numbers))
def test_every_page_before_and_after_every_cursor_is_a_slice_of_the_sorted_list(
    items: list[int], removed: set[int]
) -> None:
    made, expected = OrderedSet(items), sorted(set(items) - removed)
    for item in removed:
        made = made.remove(item)
    for cursor in range(-1, 122, 3):
        below, above = bisect_left(expected, cursor), bisect_right(expected, cursor)
        for count in (1, 2, 5, 200):
            assert made.after(cursor, count) == expected[above : above + count]
            assert made.before(cursor, count) == expected[max(below - count, 0) : below]


def test_a_few_dozen_items_make_a_tree_of_at_least_four_levels() -> None:
    built = OrderedSet(range(80))
    grown: OrderedSet[int] = OrderedSet()
    for item in range(80):
        grown = grown.add(item)
    assert check_shape(root_of(built)) >= 4
    assert check_shape(root_of(grown)) >= 4


@pytest.mark.parametrize("step", [1, -1, 7])
def test_a_tree_stays_low_in_whatever_order_it_grows(step: int) -> None:
    """Nodes are at least half full where nothing was removed: at most the binary logarithm of the size."""
    grown: OrderedSet[int] = OrderedSet()
    for number in range(1000):
        grown = grown.add(number * step % 1009)
    assert check_shape(root_of(grown)) <= 10


def test_a_tree_gets_low_again_when_its_items_go() -> None:
    made = OrderedSet(range(80))
    for item in range(1, 80):
        made = made.remove(item)
    assert list(made) == [0]
    assert check_shape(root_of(made)) == 1
    assert not made.remove(0)


def test_an_empty_set_holds_nothing_and_can_grow() -> None:
    empty: OrderedSet[int] = OrderedSet()
    assert not empty
    assert 1 not in empty
    assert empty.after(None, 5) == empty.after(1, 5) == empty.before(1, 5) == list(empty) == []
    assert list(empty.add(1)) == [1]


def test_a_change_that_changes_nothing_answers_the_set_itself() -> None:
    made = OrderedSet(range(0, 80, 2))
    assert made.add(40) is made
    assert made.remove(41) is made


def test_a_change_copies_one_path_and_shares_every_other_node() -> None:
    made = OrderedSet(range(0, 2000, 2))
    old = {id(node) for node in nodes_of(root_of(made))}
    for changed in (made.add(999), made.remove(1000), made.add(-1), made.add(5000)):
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
def test_a_page_costs_a_few_comparisons_however_large_the_set(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordered, "FANOUT", 64)
    made = OrderedSet(map(Counted, range(size)))
    middle = Counted(size // 2)
    Counted.comparisons = 0
    made.after(middle, 51)
    made.before(middle, 51)
    made.add(middle).remove(middle)
    assert 0 < Counted.comparisons < 150
