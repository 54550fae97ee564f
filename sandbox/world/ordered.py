"""An immutable ordered set: every change answers a new set that shares almost everything with the old one.

A B+ tree without parent links. A leaf is a tuple of items; a branch keeps the smallest item below each of
its children. A change copies the path from one leaf to the root, three or four short tuples however large
the set is, so that forks and snapshots are references. Emptied nodes are dropped and sparse ones are left
alone: a page reads at most one leaf an item, and no read is ever slower than that.

No maintained library offers an ordered *and* persistent collection: sortedcontainers is mutable (a fork is
a copy of all of it), rpds and immutables are unordered.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

FANOUT = 64


class _Comparable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=_Comparable)


class _Branch(Generic[T]):
    __slots__ = ("children", "lowest")

    def __init__(self, lowest: tuple[T, ...], children: tuple["_Node[T]", ...]) -> None:
        self.lowest = lowest
        self.children = children


_Node = tuple[T, ...] | _Branch[T]


class OrderedSet(Generic[T]):
    """An immutable set of comparable items in ascending order."""

    __slots__ = ("_root", "_size")

    def __init__(self, items: Iterable[T] = ()) -> None:
        ordered = sorted(set(items))
        self._root: _Node[T] = _build(ordered)
        self._size = len(ordered)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[T]:
        return iter(self.after(None, -1))

    def __contains__(self, item: T) -> bool:
        node = self._root
        while isinstance(node, _Branch):
            node = node.children[max(bisect_right(node.lowest, item) - 1, 0)]
        at = bisect_left(node, item)
        return at < len(node) and node[at] == item

    @property
    def lowest(self) -> T:
        """The first item. Only where there is one."""
        return _lowest(self._root)

    @property
    def highest(self) -> T:
        """The last item. Only where there is one."""
        node = self._root
        while isinstance(node, _Branch):
            node = node.children[-1]
        return node[-1]

    def add(self, item: T) -> "OrderedSet[T]":
        """This set and ``item``; the set itself where it holds the item already."""
        if item in self:
            return self
        nodes = _add(self._root, item)
        return self._with(nodes[0] if len(nodes) == 1 else _branch(nodes), self._size + 1)

    def remove(self, item: T) -> "OrderedSet[T]":
        """This set without ``item``; the set itself where it does not hold the item."""
        if item not in self:
            return self
        node = _remove(self._root, item)
        while isinstance(node, _Branch) and len(node.children) == 1:
            node = node.children[0]
        return self._with(() if node is None else node, self._size - 1)

    def after(self, item: T | None, count: int) -> list[T]:
        """The first ``count`` items above ``item`` (which need not be in the set), ascending.

        ``None`` starts at the beginning; a negative ``count`` takes all.
        """
        found: list[T] = []
        _collect_after(self._root, item, count, found)
        return found

    def before(self, item: T, count: int) -> list[T]:
        """The last ``count`` items below ``item`` (which need not be in the set), ascending."""
        found: list[T] = []
        _collect_before(self._root, item, count, found)
        found.reverse()
        return found

    def _with(self, root: _Node[T], size: int) -> "OrderedSet[T]":
        made: OrderedSet[T] = OrderedSet.__new__(OrderedSet)
        made._root = root
        made._size = size
        return made


def _lowest(node: _Node[T]) -> T:
    return node.lowest[0] if isinstance(node, _Branch) else node[0]


def _branch(nodes: Iterable[_Node[T]]) -> _Branch[T]:
    children = tuple(nodes)
    return _Branch(tuple(_lowest(child) for child in children), children)


def _build(items: list[T]) -> _Node[T]:
    # Nodes are left a quarter empty, so that the first writes split nothing.
    size = FANOUT * 3 // 4
    nodes: list[_Node[T]] = [tuple(items[at : at + size]) for at in range(0, len(items), size)]
    while len(nodes) > 1:
        nodes = [_branch(nodes[at : at + size]) for at in range(0, len(nodes), size)]
    return nodes[0] if nodes else ()


def _add(node: _Node[T], item: T) -> tuple[_Node[T], ...]:
    if not isinstance(node, _Branch):
        at = bisect_left(node, item)
        grown = (*node[:at], item, *node[at:])
        if len(grown) <= FANOUT:
            return (grown,)
        half = len(grown) // 2
        return grown[:half], grown[half:]
    at = max(bisect_right(node.lowest, item) - 1, 0)
    made = _add(node.children[at], item)
    children = (*node.children[:at], *made, *node.children[at + 1 :])
    lowest = (*node.lowest[:at], *map(_lowest, made), *node.lowest[at + 1 :])
    if len(children) <= FANOUT:
        return (_Branch(lowest, children),)
    half = len(children) // 2
    return _Branch(lowest[:half], children[:half]), _Branch(lowest[half:], children[half:])


def _remove(node: _Node[T], item: T) -> _Node[T] | None:
    if not isinstance(node, _Branch):
        at = bisect_left(node, item)
        return (*node[:at], *node[at + 1 :]) or None
    at = bisect_right(node.lowest, item) - 1
    left = _remove(node.children[at], item)
    kept = () if left is None else (left,)
    children = (*node.children[:at], *kept, *node.children[at + 1 :])
    if not children:
        return None
    return _Branch((*node.lowest[:at], *map(_lowest, kept), *node.lowest[at + 1 :]), children)


def _collect_after(node: _Node[T], item: T | None, count: int, found: list[T]) -> None:
    if not isinstance(node, _Branch):
        at = 0 if item is None else bisect_right(node, item)
        found.extend(node[at:] if count < 0 else node[at : at + count - len(found)])
        return
    at = 0 if item is None else max(bisect_right(node.lowest, item) - 1, 0)
    for child in node.children[at:]:
        _collect_after(child, item, count, found)
        if len(found) == count:
            return
        item = None


def _collect_before(node: _Node[T], item: T | None, count: int, found: list[T]) -> None:
    if not isinstance(node, _Branch):
        at = len(node) if item is None else bisect_left(node, item)
        found.extend(reversed(node[max(at - count + len(found), 0) : at]))
        return
    at = len(node.children) if item is None else bisect_left(node.lowest, item)
    for child in reversed(node.children[:at]):
        _collect_before(child, item, count, found)
        if len(found) == count:
            return
        item = None
