"""The server-wide rules, each change of which is in the file before it is answered."""

import json
from collections.abc import Sequence

from sandbox.engines.file.database import Database
from sandbox.faults.rule_document import RuleDocument
from sandbox.world.rules import Rule, UnboundRule
from sandbox.world.server_rules import ServerRules

_RULE = RuleDocument()


class KeptServerRules(ServerRules):
    """The rules that apply in every sandbox. The server-wide ones are kept in a file, once it is open.

    A write raises StorageFailed if the file cannot be written; it has changed nothing then.
    """

    _database: Database | None = None

    def open(self, database: Database) -> None:
        """Take over the rules of the file, with what they have counted over all worlds."""
        tallies = {
            rule_id: counts
            for rule_id, *counts in database.execute("SELECT rule, matched, fired FROM tallies")
        }
        kept = database.execute("SELECT rule FROM server_rules ORDER BY place")
        rules = [_rule_of(text) for (text,) in kept]
        for rule in rules:
            if rule.tally is not None and rule.id in tallies:
                rule.tally.add(*tallies[rule.id])
        self._book.rules = tuple(rules)
        self._database = database

    def _install(self, rules: tuple[Rule, ...]) -> None:
        database = self._database
        if database is not None:
            with database.transaction():
                _save(database, rules)
        super()._install(rules)


def _save(database: Database, rules: Sequence[Rule]) -> None:
    database.execute("DELETE FROM server_rules")
    database.execute_all(
        "INSERT INTO server_rules VALUES (?, ?)",
        [
            (place, json.dumps({"id": rule.id, "rule": dict(rule.document)}))
            for place, rule in enumerate(rules)
        ],
    )
    database.execute("DELETE FROM tallies")
    database.execute_all(
        "INSERT INTO tallies VALUES (?, ?, ?)",
        [(rule.id, rule.tally.matched, rule.tally.fired) for rule in rules if rule.tally is not None],
    )


def _rule_of(text: str) -> Rule:
    saved = json.loads(text)
    unbound: UnboundRule = _RULE.load(saved["rule"])
    return unbound.bind(saved["id"], None)
