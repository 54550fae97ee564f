"""The rules that apply in every sandbox."""

import math
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import TypeVar

from sandbox.world.rule_book import RuleBook
from sandbox.world.rules import Rule, RuleCounters, UnboundRule

T = TypeVar("T")


class ServerRules:
    """The rules that apply in every sandbox, behind its own: the server-wide ones, then those of the command line.

    They never fire here: each sandbox counts them for itself when its calls meet them, and adds to the tally of the
    rule. So a change costs the same for any number of sandboxes. Nothing resets the rules, so that their ``generation``
    never changes. ``wake`` wakes the calls of all sandboxes that sleep because of a rule.
    """

    generation = 0

    def __init__(
        self,
        capacity: int,
        wake: Callable[[], None],
        command_line: Iterable[Rule] = (),
        max_bytes: float = math.inf,
    ) -> None:
        self._book = RuleBook(0, "", capacity, id_prefix="server-rule", max_bytes=max_bytes)
        self._wake = wake
        self._lock = Lock()
        self._command_line = tuple(command_line)

    def follow(self) -> None:
        """Take over what other processes have changed. These rules are those of one process, so nothing is done."""

    @property
    def all(self) -> tuple[Rule, ...]:
        """The rules in the order in which they are tried."""
        return self._book.rules + self._command_line if self._book.rules else self._command_line

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The server-wide rules, without those of the command line."""
        return self._book.rules

    def get_rule(self, rule_id: str) -> Rule:
        """Return the rule of this id. Raises UnknownRule."""
        return self._book.get(rule_id)

    def counters(self, rule: Rule) -> RuleCounters:
        """Return the counters of a rule: the sums over all sandboxes, those that are gone or were reset included."""
        tally = rule.tally
        return RuleCounters(rule) if tally is None else RuleCounters(rule, tally.matched, tally.fired)

    def add_rule(self, _generation: int, unbound: UnboundRule) -> Rule:
        """Add a rule behind the others, and return it. Raises RulesFull and RulesTooLarge."""

        def decide() -> tuple[tuple[Rule, ...], Rule]:
            rules = self._book.with_added(unbound, None)
            return rules, rules[-1]

        return self._write(decide)

    def replace_rules(self, _generation: int, unbound: Iterable[UnboundRule]) -> None:
        """Replace all rules, and wake the calls that the old ones delay. Raises RulesFull and RulesTooLarge."""
        unbound = tuple(unbound)
        self._write(lambda: (self._book.with_replaced(unbound, None), None))

    def change_rule(self, _generation: int, rule_id: str, unbound: UnboundRule) -> Rule:
        """Replace the rule of this id, wake the calls that it delays, and return the new one.

        Raises UnknownRule and RulesTooLarge.
        """
        return self._write(lambda: self._book.with_changed(rule_id, unbound, None))

    def switch_rule(self, _generation: int, rule_id: str, *, enabled: bool) -> Rule:
        """Switch a rule on, or off and wake the calls that it delays. Return it. Raises UnknownRule."""
        return self._write(lambda: self._book.with_switched(rule_id, enabled=enabled))

    def order_rules(self, _generation: int, rule_ids: Sequence[str]) -> None:
        """Put the rules in the order of ``rule_ids``. Raises WrongOrder."""
        self._write(lambda: (self._book.with_order(rule_ids), None))

    def remove_rule(self, _generation: int, rule_id: str) -> None:
        """Remove a rule, and wake the calls that it delays. Raises UnknownRule."""
        self._write(lambda: (self._book.without(rule_id), None))

    def _write(self, decide: Callable[[], tuple[tuple[Rule, ...], T]]) -> T:
        """Install the rules that ``decide`` returns, and return what it returns besides."""
        with self._lock:
            rules, result = decide()
            self._install(rules)
        self._wake()
        return result

    def _install(self, rules: tuple[Rule, ...]) -> None:
        """Put ``rules`` in the place of those of now."""
        self._book.install(rules)
