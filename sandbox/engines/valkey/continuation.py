"""The rules of a checkpoint that takes the place of older contents: those that are still there keep their lives."""

from dataclasses import replace
from typing import Any

from sandbox.world.rule_book import RuleBook
from sandbox.world.rules import Rule


def continue_rules(book: RuleBook, before: RuleBook) -> None:
    """Give the rules of ``book`` the lives that they have in ``before``, an earlier book of the same generation.

    So calls go on sleeping whose rule is still there. Rules that are not there any more have ended.
    """
    known = {_identity(rule): rule.life for rule in before.rules}
    rules = tuple(replace(rule, life=known.get(_identity(rule), rule.life)) for rule in book.rules)
    counted = {each.rule.life: each for each in book.counted}
    counters = [
        replace(counted[old.life], rule=rule)
        for old, rule in zip(book.rules, rules, strict=True)
        if old.life in counted
    ]
    book.install(rules)
    book.count(counters)
    before.install(rules)


def _identity(rule: Rule) -> tuple[Any, ...]:
    """Return what stays the same when a rule is switched or moved, and tells it from a later one of its id."""
    return rule.id, rule.since, str({**rule.document, "enabled": None})
