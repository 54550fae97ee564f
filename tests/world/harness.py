"""Helpers that several tests of the domain share: fake time, records, sandboxes and threads."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Barrier, Lock
from typing import Any, TypeVar

from sandbox.world.clock import Clock
from sandbox.world.conversation import Conversation, Record
from sandbox.world.ids import IdSequence
from sandbox.world.paging import ARCHIVED, MUTED, PINNED, Filter, Query
from sandbox.world.request_matcher import RequestInfo
from sandbox.world.rule_book import RuleBook
from sandbox.world.rules import Effect, RateWindow, Rule, Trial, UnboundRule
from sandbox.world.runtime import Bounds, Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.sleepers import Event, Wait, wait
from sandbox.world.state import SandboxState
from sandbox.world.store import Encode, Store
from sandbox.world.table import Table
from tests.sandboxes import SANDBOXES

BOUNDS = Bounds(conversations=100, snapshots=5, rules=5, journal_entries=5, journal_bytes=5000)
THREADS = 8

R = TypeVar("R")


class FakeClock:
    """The clock of the machine, set by hand. ``now`` is Unix seconds."""

    def __init__(self, now: float = 1000.5) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class FakeWait:
    """A wait that does not sleep: each call runs the next of ``actions``, if one is left.

    ``seconds`` are the times for which calls were to sleep.
    """

    def __init__(self, *actions: Callable[[], object]) -> None:
        self.actions = list(actions)
        self.seconds: list[float] = []

    def __call__(self, _event: Event, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.actions:
            self.actions.pop(0)()


def woken_calls(
    wait: FakeWait, sleeps: Sequence[Callable[[], bool]], action: Callable[[], object]
) -> list[bool]:
    """Return which of the calls that sleep at the same time ``action`` wakes.

    Each of ``sleeps`` lets one call sleep by ``wait``, and returns whether it was woken.
    """
    woken: list[bool] = []

    def sleep_next(rest: Sequence[Callable[[], bool]]) -> None:
        if not rest:
            action()
            return
        wait.actions.append(lambda: sleep_next(rest[1:]))
        woken.insert(0, rest[0]())

    sleep_next(sleeps)
    return woken


def encode(conversation: Conversation) -> bytes:
    return repr(conversation).encode()


def record_of(conversation: Conversation) -> Record:
    return Record(conversation, encode(conversation))


def table_of(*conversation_ids: str) -> Table:
    """Return a table of conversations that were created at second 1."""
    return Table.of(record_of(Conversation.begin(each, "contact", None, 1)) for each in conversation_ids)


def open_sandbox(
    state: SandboxState | None = None,
    now: Callable[[], float] | None = None,
    *,
    encode: Encode = encode,
    wait: Wait = wait,
    **bounds: Any,
) -> Sandbox:
    """Return a sandbox, by default one with the conversations ``a`` and ``b``, whose machine's clock shows 1000.5."""
    state = state or SandboxState(table_of("a", "b"), seed=7)
    return SANDBOXES.open(state, Runtime(now or FakeClock(), encode, replace(BOUNDS, **bounds), wait))


def ids_of(sandbox: Sandbox) -> list[str]:
    """Return the ids of all conversations of a sandbox, in list order."""
    return [record.conversation.id for record in sandbox.page(Query(1000)).records]


def matches_filter(conversation: Conversation, filter_: Filter) -> bool:
    """Return whether a list with this filter contains the conversation, as the documentation says."""
    return (
        (not filter_.flags & MUTED or conversation.is_muted)
        and (not filter_.flags & ARCHIVED or conversation.archived_at is not None)
        and (not filter_.flags & PINNED or conversation.is_pinned)
        and (filter_.group_id is None or conversation.group_id == filter_.group_id)
    )


@dataclass
class FakeRequest:
    """A request, by default one that creates a conversation."""

    operation_id: str | None = "createConversation"
    method: str = "POST"
    path: str = "/v1/conversations"
    query_attributes: Mapping[str, str] = field(default_factory=dict)
    body_attributes: Mapping[str, str] = field(default_factory=dict)


CREATE = FakeRequest()


class AlwaysDue:
    """An effect that is always due."""

    size = 0

    def due(self, window: RateWindow | None, now: float) -> tuple[bool, RateWindow | None]:
        return True, window


def unbound(effect: Effect | None = None, **attributes: Any) -> UnboundRule:
    return UnboundRule(effect or AlwaysDue(), {}, **attributes)


def run_in_threads(work: Callable[[int], R], count: int = THREADS) -> list[R]:
    """Call ``work`` with the number of each thread, all at the same moment, and return the results in order."""
    barrier = Barrier(count)

    def start(number: int) -> R:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


class Book(RuleBook):
    """A rule book that is changed in one step, by one thread after the other."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._turn = Lock()

    def add(self, unbound: UnboundRule, since: float | None) -> Rule:
        self.install(self.with_added(unbound, since))
        return self.rules[-1]

    def replace(self, unbound: Iterable[UnboundRule], since: float | None) -> None:
        self.install(self.with_replaced(unbound, since))

    def change(self, rule_id: str, unbound: UnboundRule, since: float | None) -> Rule:
        rules, changed = self.with_changed(rule_id, unbound, since)
        self.install(rules)
        return changed

    def switch(self, rule_id: str, *, enabled: bool) -> Rule:
        rules, switched = self.with_switched(rule_id, enabled=enabled)
        self.install(rules)
        return switched

    def order(self, rule_ids: Sequence[str]) -> None:
        self.install(self.with_order(rule_ids))

    def remove(self, rule_id: str) -> None:
        self.install(self.without(rule_id))

    def fire(self, request: RequestInfo, clock: Clock, server_rules: Collection[Rule] = ()) -> Trial:
        with self._turn:
            trial, counted = self.try_all(request, clock, server_rules)
            self.count(counted)
            self.forget_ended(len(self.rules) + len(server_rules))
            return trial


class Shelf(Store):
    """A store that is changed in one step."""

    def create(self, ids: IdSequence, contact_id: str | None, group_id: str | None, now: int) -> Record:
        record, ids.index = self.created(ids, contact_id, group_id, now)
        self.put(record)
        return record

    def arrange(self, conversation_id: str, attributes: Mapping[str, Any], now: int) -> tuple[Record, bool]:
        record, is_new = self.arranged(conversation_id, attributes, now)
        self.put(record)
        return record, is_new

    def update(self, conversation_id: str, changes: Mapping[str, Any]) -> Record:
        record = self.updated(conversation_id, changes)
        self.put(record)
        return record
