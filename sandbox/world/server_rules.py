"""The rules that hold in every sandbox."""

from collections.abc import Iterable

from sandbox.world.rules import Rule, RuleBook


class ServerRules:
    """The rules that hold in every sandbox, behind its own: the server-wide ones, then the command line's.

    The server-wide ones are kept in ``rule_book`` and never fire there: each sandbox counts for itself.
    """

    def __init__(self, command_line: Iterable[Rule] = ()) -> None:
        self.rule_book = RuleBook(0, "")
        self._command_line = tuple(command_line)

    @property
    def all(self) -> tuple[Rule, ...]:
        """In the order in which they are asked."""
        return self.rule_book.rules + self._command_line if self.rule_book.rules else self._command_line
