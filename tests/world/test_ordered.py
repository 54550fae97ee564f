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

pytestmark = pytest.mark.usefixtures("narrow_nodes")

numbers = st.integers(0, 120)
values = st.integers(0, 3)
counts = st.integers(0, 40)
Version = tuple[OrderedMap[int, str], dict[int, str]]
"""A map, and a dictionary with the same items."""


def value_of(number: int, value: int = 0) -> str:
    """Return a value that shows its key and its version."""
    return f"{number}.{value}"


def map_of(keys: Iterable[int]) -> OrderedMap[int, str]:
    return OrderedMap((key, value_of(key)) for key in keys)


def values_of(expected: dict[int, str], keys: list[int]) -> list[str]:
    return [expected[key] for key in keys]


def nodes_of(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", ()):
        yield from nodes_of(child)


def root_of(tree: OrderedMap[Any, Any]) -> Any:
    return tree._root  # noqa: SLF001  # some tests check the shape of the tree


def check_shape(node: Any) -> int:
    """Return the height of a tree, after checking that leaves are equally deep, node sizes valid and keys correct."""
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
    tree, expected = version
    assert list(tree) == values_of(expected, sorted(expected))
    assert bool(tree) == bool(expected)
    if expected:
        assert tree.highest == max(expected)
        check_shape(root_of(tree))


class OrderedMapMachine(RuleBasedStateMachine):
    """Changes return new versions of a map; earlier versions never change."""

    versions: Bundle[Version] = Bundle("versions")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Version] = []

    def keep(self, tree: OrderedMap[int, str], expected: dict[int, str]) -> Version:
        version = tree, expected
        check(version)
        self.all.append(version)
        return version

    @initialize(target=versions, keys=st.lists(numbers, max_size=90))
    def build(self, keys: list[int]) -> Version:
        return self.keep(map_of(keys), {key: value_of(key) for key in keys})

    @rule(target=versions, version=versions, key=numbers, value=values)
    def put(self, version: Version, key: int, value: int) -> Version:
        tree, expected = version
        return self.keep(tree.put(key, value_of(key, value)), expected | {key: value_of(key, value)})

    @rule(target=versions, version=versions, key=numbers)
    def remove(self, version: Version, key: int) -> Version:
        tree, expected = version
        return self.keep(tree.remove(key), {other: expected[other] for other in expected if other != key})

    @rule(
        target=versions, version=consumes(versions), first=numbers, step=st.integers(1, 7), grow=st.booleans()
    )
    def put_or_remove_range(self, version: Version, first: int, step: int, grow: bool) -> Any:
        """Put or remove many keys, up to whole subtrees, so that leaves split or become empty."""
        tree, expected = version
        run = range(first, 121, step)
        for key in run:
            tree = tree.put(key, value_of(key, 9)) if grow else tree.remove(key)
        left = {key: value for key, value in expected.items() if key not in run}
        return multiple(
            version, self.keep(tree, left | {key: value_of(key, 9) for key in run} if grow else left)
        )

    @rule(version=versions, cursor=numbers, count=counts)
    def read_after(self, version: Version, cursor: int, count: int) -> None:
        tree, expected = version
        above = [key for key in sorted(expected) if key > cursor]
        assert tree.after(cursor, count) == values_of(expected, above[:count])
        assert tree.after(cursor, -1) == values_of(expected, above)

    @rule(version=versions, cursor=numbers, count=counts)
    def read_before(self, version: Version, cursor: int, count: int) -> None:
        tree, expected = version
        below = [key for key in sorted(expected) if key < cursor]
        assert tree.before(cursor, count) == values_of(expected, below[max(len(below) - count, 0) :])

    @rule(version=versions, count=counts)
    def read_first(self, version: Version, count: int) -> None:
        tree, expected = version
        assert tree.after(None, count) == values_of(expected, sorted(expected)[:count])

    @rule(version=versions, key=numbers)
    def contains(self, version: Version, key: int) -> None:
        tree, expected = version
        assert (key in tree) == (key in expected)

    def teardown(self) -> None:
        for version in self.all:
            check(version)


def test_map_agrees_with_a_dictionary_and_earlier_versions_never_change() -> None:
    run_state_machine_as_test(
        OrderedMapMachine,
        settings=settings(max_examples=60, stateful_step_count=30, deadline=None, report_multiple_bugs=False),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, max_size=90), st.sets(numbers))
def test_before_and_after_return_slices_of_the_sorted_values(keys: list[int], removed: set[int]) -> None:
    tree, left = map_of(keys), sorted(set(keys) - removed)
    expected = list(map(value_of, left))
    for key in removed:
        tree = tree.remove(key)
    for cursor in range(-1, 122, 3):
        below, above = bisect_left(left, cursor), bisect_right(left, cursor)
        for count in (1, 2, 5, 200):
            assert tree.after(cursor, count) == expected[above : above + count]
            assert tree.before(cursor, count) == expected[max(below - count, 0) : below]


def test_eighty_items_make_a_tree_of_at_least_four_levels() -> None:
    grown: OrderedMap[int, str] = OrderedMap()
    for key in range(80):
        grown = grown.put(key, value_of(key))
    assert check_shape(root_of(map_of(range(80)))) >= 4
    assert check_shape(root_of(grown)) >= 4


@pytest.mark.parametrize("step", [1, -1, 7])
def test_height_is_logarithmic_for_any_insertion_order(step: int) -> None:
    """Nodes are at least half full where nothing was removed: at most the binary logarithm of the size."""
    grown: OrderedMap[int, str] = OrderedMap()
    for number in range(1000):
        grown = grown.put(number * step % 1009, "")
    assert check_shape(root_of(grown)) <= 10


def test_height_decreases_when_items_are_removed() -> None:
    tree = map_of(range(80))
    for key in range(1, 80):
        tree = tree.remove(key)
    assert list(tree) == [value_of(0)]
    assert check_shape(root_of(tree)) == 1
    assert not tree.remove(0)


def test_empty_map_contains_nothing_and_accepts_items() -> None:
    empty: OrderedMap[int, str] = OrderedMap()
    assert not empty
    assert 1 not in empty
    assert empty.after(None, 5) == empty.after(1, 5) == empty.before(1, 5) == list(empty) == []
    assert list(empty.put(1, "one")) == ["one"]


def test_remove_of_an_unknown_key_returns_the_same_map() -> None:
    tree = map_of(range(0, 80, 2))
    assert tree.remove(41) is tree


def test_change_copies_one_path_and_shares_all_other_nodes() -> None:
    tree = map_of(range(0, 2000, 2))
    old = {id(node) for node in nodes_of(root_of(tree))}
    for changed in (
        tree.put(999, ""),
        tree.put(1000, ""),
        tree.remove(1000),
        tree.put(-1, ""),
        tree.put(5000, ""),
    ):
        new = [node for node in nodes_of(root_of(changed)) if id(node) not in old]
        assert len(new) <= 2 * check_shape(root_of(tree)) + 1


@total_ordering
class CountingNumber:
    """A number of a class that counts comparisons."""

    comparisons = 0

    def __init__(self, value: int) -> None:
        self.value = value

    def __lt__(self, other: CountingNumber) -> bool:
        CountingNumber.comparisons += 1
        return self.value < other.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CountingNumber) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


@pytest.mark.parametrize("size", [100, 20_000])
def test_page_takes_a_few_comparisons_for_any_size(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordered, "FANOUT", 64)
    tree = OrderedMap((CountingNumber(number), number) for number in range(size))
    middle = CountingNumber(size // 2)
    CountingNumber.comparisons = 0
    tree.after(middle, 51)
    tree.before(middle, 51)
    tree.put(middle, 0).remove(middle)
    assert 0 < CountingNumber.comparisons < 150


def test_parts_of_several_maps_are_their_values_and_shared_ones_occur_once() -> None:
    first = map_of(range(100))
    second = first.put(1000, "new").remove(50)
    seen: set[int] = set()
    assert [value for part in first.parts(seen) for value in part] == list(first)
    added = [value for part in second.parts(seen) for value in part]
    assert "new" in added
    assert len(added) < 20
    assert list(second.parts(seen)) == []
    assert list(OrderedMap[int, str]().parts(set())) in ([], [()])


def test_iteration_needs_only_the_part_that_it_has_reached() -> None:
    tree = map_of(range(100))
    iterator = iter(tree)
    assert next(iterator) == value_of(0)
    assert list(iterator) == [value_of(number) for number in range(1, 100)]
