"""The rules that apply in every sandbox, as they are in the store."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import Any, Final, TypeVar

from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.server_rule_numbers import ServerRuleNumbers
from sandbox.engines.valkey.store import Store
from sandbox.engines.valkey.topology import Command
from sandbox.faults.rule_document import RULE
from sandbox.world.errors import StoreUnavailable
from sandbox.world.rules import Rule, RuleCounters
from sandbox.world.server_rules import ServerRules

T = TypeVar("T")

RULES_ID: Final = "rules"
"""The id under which the channel of wakes says that these rules have changed."""


class SharedServerRules(ServerRules):
    """The server-wide rules, in the store once it is open, and those of the command line, which this server has.

    Each rule has a number, as :class:`~sandbox.engines.valkey.server_rule_numbers.ServerRuleNumbers` says. Writes raise
    StoreUnavailable.
    """

    _store: Store | None = None

    def open(self, store: Store) -> None:
        """Use the rules of ``store``, which the first call reads."""
        self._store = store
        self._version, self._nonce = 0, b""
        self._numbers = {rule.life: -number for number, rule in enumerate(self._command_line, 1)}
        ended = RULE.load({"fault": {"type": "EMPTY_RESPONSE"}}).bind("ended", None)
        ended.life.has_ended = True
        self.forgiving: ServerRuleNumbers = _Forgiving(self, ended)

    @property
    def nonce(self) -> bytes:
        """The nonce of the rules that this worker knows; none if there were never any."""
        return self._nonce

    # Numbers

    def number_of(self, rule: Rule, /) -> int:
        """Return the number of a rule; 0 if it has ended."""
        return self._numbers.get(rule.life, 0)

    def rule_of(self, number: int, /) -> Rule | None:
        """Return the rule of a number; None if it has ended, or if this worker does not know it yet."""
        return next((rule for rule in self.all if self._numbers.get(rule.life) == number), None)

    # Following the rules in the store

    def see(self) -> Command:
        """Return the command whose reply :meth:`take` applies."""
        return "HGET", self._shared.keys.rules, "t"

    def follow(self) -> None:
        """Take over the rules that are in the store now. Raises StoreUnavailable."""
        (reply,) = self._shared.courier.ask(self.see())
        self.take(succeeded(reply))

    def take(self, nonce: bytes | None) -> None:
        """Apply the reply to :meth:`see`. Rules that are not known are read. Raises StoreUnavailable."""
        known = self._nonce
        if (nonce or b"") != known:
            (reply,) = self._shared.courier.ask(("HMGET", self._shared.keys.rules, "n", "t", "d"))
            self._take_over(known, *succeeded(reply))

    def _take_over(
        self, known: bytes, version: bytes | None, nonce: bytes | None, text: bytes | None
    ) -> None:
        """Become the rules that were read when ``known`` was the nonce."""
        number = int(version or 0)
        with self._lock:
            if self._nonce != known and number <= self._version:
                # Others were applied meanwhile, and these may be older. Otherwise the store may have lost some.
                return
            self._become(number, nonce or b"", self._decoded(text or b"[]"))
        self._wake()

    # Writing

    def _write(self, decide: Callable[[], tuple[tuple[Rule, ...], T]]) -> T:
        if self._store is None:
            return super()._write(decide)
        while True:
            with self._lock:
                known, version, nonce = self._nonce, self._version + 1, self._store.nonces.next()
                rules, result = decide()
                numbers = self._numbers_of(rules, version)
                text = json.dumps([[numbers[rule.life], rule.id, dict(rule.document)] for rule in rules])
            reply = self._replaced(known, version, nonce, text)
            if reply == 1 or (isinstance(reply, list) and reply[1] == nonce):
                break
            self._take_over(known, *reply)
        with self._lock:
            if self._nonce == known:
                self._become(version, nonce, [(numbers[rule.life], rule) for rule in rules])
        self._wake()
        return result

    def _replaced(self, known: bytes, version: int, nonce: bytes, text: str) -> Any:
        keys, courier = self._shared.keys, self._shared.courier
        command = (
            *("FCALL", "sandbox1_set_rules", 1, keys.rules, known, version, nonce, text),
            *(keys.wakes, RULES_ID),
        )
        try:
            return succeeded(courier.ask(command)[0])
        except StoreUnavailable as error:
            if not error.may_be_done:
                raise
            # It finds the rules if the attempt before it has written them.
            return succeeded(courier.ask_again(command)[0])

    def _become(self, version: int, nonce: bytes, numbered: Iterable[tuple[int, Rule]]) -> None:
        numbered = list(numbered)
        self._book.install(tuple(rule for _, rule in numbered))
        command_line = {life: number for life, number in self._numbers.items() if number < 0}
        self._numbers = command_line | {rule.life: number for number, rule in numbered}
        self._version, self._nonce = version, nonce

    def _numbers_of(self, rules: tuple[Rule, ...], version: int) -> dict[Any, int]:
        """Return the numbers of rules that are written as ``version``. That of a new rule was never used before."""
        new = count(version * self._book.capacity + version)
        return {
            rule.life: self._numbers[rule.life] if rule.life in self._numbers else next(new) for rule in rules
        }

    def _decoded(self, text: bytes) -> list[tuple[int, Rule]]:
        return [
            (number, self._continued(number, rule_id, document))
            for number, rule_id, document in json.loads(text)
        ]

    def _continued(self, number: int, rule_id: str, document: dict[str, Any]) -> Rule:
        """Return the rule of a number, with the life and the tally that it has in this worker, if it is known."""
        rule: Rule = RULE.load(document).bind(rule_id, None)
        known = self.rule_of(number)
        return rule if known is None else replace(rule, life=known.life, tally=known.tally)

    # Counting

    def tally(self, counters: Iterable[RuleCounters], before: Callable[[Rule], RuleCounters]) -> None:
        """Add what a call in one of the sandboxes has counted. It is sent before the call is answered."""
        for after in counters:
            number = self.number_of(after.rule)
            if after.rule.tally is not None and number > 0:
                earlier = before(after.rule)
                self._count(f"{number}:matched", after.matched - earlier.matched)
                self._count(f"{number}:fired", after.fired - earlier.fired)

    def counters(self, rule: Rule) -> RuleCounters:
        """Return the sums over all sandboxes, those that are gone or were reset included. Raises StoreUnavailable."""
        number = self.number_of(rule)
        fields = f"{number}:matched", f"{number}:fired"
        (reply,) = self._shared.courier.ask(("HMGET", self._shared.keys.tallies, *fields))
        matched, fired = (int(each or 0) for each in succeeded(reply))
        return RuleCounters(rule, matched, fired)

    def _count(self, field: str, number: int) -> None:
        if number:
            self._shared.unsent.add(("HINCRBY", self._shared.keys.tallies, field, number))

    @property
    def _shared(self) -> Store:
        assert self._store is not None
        return self._store


class _Forgiving:
    """Numbers that are all known: those of rules that have ended stand for one that has ended."""

    def __init__(self, numbers: ServerRuleNumbers, ended: Rule) -> None:
        self._numbers = numbers
        self._ended = ended

    def number_of(self, rule: Rule, /) -> int:
        return self._numbers.number_of(rule)

    def rule_of(self, number: int, /) -> Rule:
        return self._numbers.rule_of(number) or self._ended
