"""The rules that apply in every sandbox."""

import math
from collections.abc import Callable, Iterable, Sequence

from sandbox.world.rule_book import RuleBook
from sandbox.world.rules import Rule, RuleCounters, UnboundRule


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
        self._command_line = tuple(command_line)

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
        return self._book.add(unbound, None)

    def replace_rules(self, _generation: int, unbound: Iterable[UnboundRule]) -> None:
        """Replace all rules, and wake the calls that the old ones delay. Raises RulesFull and RulesTooLarge."""
        self._book.replace(unbound, None)
        self._wake()

    def change_rule(self, _generation: int, rule_id: str, unbound: UnboundRule) -> Rule:
        """Replace the rule of this id, wake the calls that it delays, and return the new one.

        Raises UnknownRule and RulesTooLarge.
        """
        rule = self._book.change(rule_id, unbound, None)
        self._wake()
        return rule

    def switch_rule(self, _generation: int, rule_id: str, *, enabled: bool) -> Rule:
        """Switch a rule on, or off and wake the calls that it delays. Return it. Raises UnknownRule."""
        rule = self._book.switch(rule_id, enabled=enabled)
        self._wake()
        return rule

    def order_rules(self, _generation: int, rule_ids: Sequence[str]) -> None:
        """Put the rules in the order of ``rule_ids``. Raises WrongOrder."""
        self._book.order(rule_ids)

    def remove_rule(self, _generation: int, rule_id: str) -> None:
        """Remove a rule, and wake the calls that it delays. Raises UnknownRule."""
        self._book.remove(rule_id)
        self._wake()
