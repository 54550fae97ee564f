"""An immutable ordered map: every change returns a new map that shares almost everything with the old one.

It is a B+ tree without parent links. A leaf holds keys in order and their values; a branch keeps the smallest key below
each of its children. A change copies the path from one leaf to the root, which is three or four short tuples however
large the map is, so forks and snapshots are references. Empty nodes are dropped and sparse ones are kept: a page reads
at most one leaf per item.

No maintained library offers an ordered *and* persistent collection: sortedcontainers is mutable, so a fork would copy
it, and rpds and immutables are unordered.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain, islice
from typing import Any, Generic, Protocol, TypeVar

from sandbox.world.pause import Pause, no_pause, with_pauses

FANOUT = 64
SORTED_AT_ONCE = 2048


class _Comparable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


K = TypeVar("K", bound=_Comparable)
V = TypeVar("V")


class _Leaf(Generic[K, V]):
    __slots__ = ("keys", "values")

    def __init__(self, keys: tuple[K, ...], values: tuple[V, ...]) -> None:
        self.keys = keys
        self.values = values


class _Branch(Generic[K, V]):
    __slots__ = ("children", "keys")

    def __init__(self, keys: tuple[K, ...], children: tuple["_Node[K, V]", ...]) -> None:
        self.keys = keys
        self.children = children


_Node = _Leaf[K, V] | _Branch[K, V]


class OrderedMap(Generic[K, V]):
    """An immutable map whose values are iterated in ascending order of their keys."""

    __slots__ = ("_root",)

    def __init__(self, items: Iterable[tuple[K, V]] = (), pause: Pause = no_pause) -> None:
        known = dict(with_pauses(items, pause))
        self._root: _Node[K, V] = _build(list(_leaves(_sorted(known, pause), known)), pause)

    def __bool__(self) -> bool:
        """Return whether the map has items."""
        return bool(self._root.keys)

    def __iter__(self) -> Iterator[V]:
        return chain.from_iterable(self.parts(set()))

    def parts(self, seen: set[int]) -> Iterator[tuple[V, ...]]:
        """Iterate over the values in parts, those of one leaf each.

        Parts whose nodes are in ``seen`` by their identity are left out, and the others are added to it: of several
        maps, what they share is iterated over once.
        """
        nodes = [self._root]
        while nodes:
            node = nodes.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, _Leaf):
                yield node.values
            else:
                nodes += reversed(node.children)

    def leaves(self) -> Iterator[object]:
        """Iterate over the nodes that hold the items, in any order."""
        nodes = [self._root]
        while nodes:
            node = nodes.pop()
            if isinstance(node, _Branch):
                nodes += node.children
            else:
                yield node

    def __contains__(self, key: K) -> bool:
        node = self._root
        while isinstance(node, _Branch):
            node = node.children[max(bisect_right(node.keys, key) - 1, 0)]
        at = bisect_left(node.keys, key)
        return at < len(node.keys) and node.keys[at] == key

    @property
    def highest(self) -> K:
        """The last key. The map must not be empty."""
        node = self._root
        while isinstance(node, _Branch):
            node = node.children[-1]
        return node.keys[-1]

    def put(self, key: K, value: V) -> "OrderedMap[K, V]":
        """Return this map with ``value`` at ``key``."""
        nodes = _put(self._root, key, value)
        return self._with(nodes[0] if len(nodes) == 1 else _branch(nodes))

    def remove(self, key: K) -> "OrderedMap[K, V]":
        """Return this map without ``key``; the map itself if it does not contain the key."""
        if key not in self:
            return self
        node = _remove(self._root, key)
        while isinstance(node, _Branch) and len(node.children) == 1:
            node = node.children[0]
        return self._with(_Leaf((), ()) if node is None else node)

    def after(self, key: K | None, count: int) -> list[V]:
        """Return the first ``count`` values above ``key`` (which need not be in the map), in ascending order.

        ``None`` starts at the beginning; a negative ``count`` returns all.
        """
        found: list[V] = []
        _collect_after(self._root, key, count, found)
        return found

    def before(self, key: K, count: int) -> list[V]:
        """Return the last ``count`` values below ``key`` (which need not be in the map), in ascending order."""
        found: list[V] = []
        _collect_before(self._root, key, count, found)
        found.reverse()
        return found

    def _with(self, root: _Node[K, V]) -> "OrderedMap[K, V]":
        made: OrderedMap[K, V] = OrderedMap.__new__(OrderedMap)
        made._root = root
        return made


def _branch(nodes: Iterable[_Node[K, V]]) -> _Branch[K, V]:
    children = tuple(nodes)
    return _Branch(tuple(child.keys[0] for child in children), children)


def _sorted(keys: Iterable[K], pause: Pause) -> Iterator[K]:
    """Iterate over ``keys`` in order. They are sorted in short runs, with a pause after each."""
    rest = iter(keys)
    runs = []
    while run := sorted(islice(rest, SORTED_AT_ONCE)):
        runs.append(run)
        pause()
    return with_pauses(runs[0] if len(runs) == 1 else merge(*runs), pause)


def _leaves(keys: Iterator[K], values: Mapping[K, V]) -> "Iterator[_Node[K, V]]":
    while some := tuple(islice(keys, _filled())):
        yield _Leaf(some, tuple([values[key] for key in some]))


def _filled() -> int:
    # Nodes are filled to three quarters, so that the first writes split none.
    return FANOUT * 3 // 4


def _build(nodes: "list[_Node[K, V]]", pause: Pause) -> _Node[K, V]:
    size = _filled()
    while len(nodes) > 1:
        pause()
        nodes = [_branch(nodes[at : at + size]) for at in range(0, len(nodes), size)]
    return nodes[0] if nodes else _Leaf((), ())


def _put(node: _Node[K, V], key: K, value: V) -> tuple[_Node[K, V], ...]:
    """Return ``node`` with ``value`` at ``key``; split in two if it would be too wide."""
    if isinstance(node, _Leaf):
        return _put_in_leaf(node, key, value)
    at = max(bisect_right(node.keys, key) - 1, 0)
    made = _put(node.children[at], key, value)
    children = (*node.children[:at], *made, *node.children[at + 1 :])
    if len(made) == 1 and made[0].keys[0] is node.keys[at]:
        return (_Branch(node.keys, children),)
    keys = (*node.keys[:at], *[child.keys[0] for child in made], *node.keys[at + 1 :])
    if len(children) <= FANOUT:
        return (_Branch(keys, children),)
    half = len(children) // 2
    return _Branch(keys[:half], children[:half]), _Branch(keys[half:], children[half:])


def _put_in_leaf(leaf: _Leaf[K, V], key: K, value: V) -> tuple[_Node[K, V], ...]:
    keys, values = leaf.keys, leaf.values
    at = bisect_left(keys, key)
    if at < len(keys) and keys[at] == key:
        return (_Leaf(keys, (*values[:at], value, *values[at + 1 :])),)
    keys = (*keys[:at], key, *keys[at:])
    values = (*values[:at], value, *values[at:])
    if len(keys) <= FANOUT:
        return (_Leaf(keys, values),)
    half = len(keys) // 2
    return _Leaf(keys[:half], values[:half]), _Leaf(keys[half:], values[half:])


def _remove(node: _Node[K, V], key: K) -> _Node[K, V] | None:
    if isinstance(node, _Leaf):
        at = bisect_left(node.keys, key)
        if len(node.keys) == 1:
            return None
        return _Leaf(
            (*node.keys[:at], *node.keys[at + 1 :]),
            (*node.values[:at], *node.values[at + 1 :]),
        )
    at = bisect_right(node.keys, key) - 1
    left = _remove(node.children[at], key)
    kept = () if left is None else (left,)
    children = (*node.children[:at], *kept, *node.children[at + 1 :])
    if not children:
        return None
    return _Branch((*node.keys[:at], *[child.keys[0] for child in kept], *node.keys[at + 1 :]), children)


def _collect_after(node: _Node[K, V], key: K | None, count: int, found: list[V]) -> None:
    if isinstance(node, _Leaf):
        at = 0 if key is None else bisect_right(node.keys, key)
        found.extend(node.values[at:] if count < 0 else node.values[at : at + count - len(found)])
        return
    at = 0 if key is None else max(bisect_right(node.keys, key) - 1, 0)
    for child in node.children[at:]:
        _collect_after(child, key, count, found)
        if len(found) == count:
            return
        key = None


def _collect_before(node: _Node[K, V], key: K | None, count: int, found: list[V]) -> None:
    if isinstance(node, _Leaf):
        at = len(node.keys) if key is None else bisect_left(node.keys, key)
        found.extend(reversed(node.values[max(at - count + len(found), 0) : at]))
        return
    at = len(node.children) if key is None else bisect_left(node.keys, key)
    for child in reversed(node.children[:at]):
        _collect_before(child, key, count, found)
        if len(found) == count:
            return
        key = None
