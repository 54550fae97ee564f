"""The numbers of server-wide rules, by which counters in the store name their rules."""

from typing import Protocol

from sandbox.world.rules import Rule


class ServerRuleNumbers(Protocol):
    """The numbers of the rules that apply in every sandbox, those of the command line included.

    A number belongs to the life of a rule: a rule that is switched or moved keeps it, while one that replaces another
    gets a new one. All processes that share a store know the same numbers.
    """

    def number_of(self, rule: Rule, /) -> int:
        """Return the number of a rule."""
        ...

    def rule_of(self, number: int, /) -> Rule | None:
        """Return the rule of a number; None if it has ended, or if this process does not know it yet."""
        ...


class UnknownRuleNumber(LookupError):
    """A server-wide rule of this ``number`` has ended, or this process does not know it yet."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no server-wide rule of number {number}.")
        self.number = number
