"""Verdicts: values that are bounded."""

import sys
from typing import Any

from sandbox.world.verdict import MAX_TEXT, NO_VERDICTS, Reason, Verdict, Verdicts, cut


def verdict(**changes: Any) -> Verdict:
    return Verdict("rule-1", "slow", "sandbox", Reason("method", ("POST",)))._replace(**changes)


def test_long_text_of_a_rule_is_cut() -> None:
    assert cut("a" * 1000) == "a" * MAX_TEXT
    assert cut("ab") == "ab"


def test_size_is_at_least_the_memory_of_a_verdict() -> None:
    for each in (
        verdict(),
        verdict(name=None, reason=Reason("disabled")),
        verdict(name="\N{PILE OF POO}" * 200),
        verdict(reason=Reason("query", ("\N{PILE OF POO}" * 80, "b" * 80, "another"))),
        verdict(reason=Reason("probability", (0.3, 0.71))),
    ):
        parts = (each, each.rule_id, each.name, each.reason, each.reason.detail, *each.reason.detail)
        assert each.size >= sum(sys.getsizeof(part) for part in parts if part is not None) - 100
        assert each.size < 4 * (200 + 3 * MAX_TEXT) + 500


def test_size_of_verdicts_is_that_of_those_that_are_kept() -> None:
    assert NO_VERDICTS.size == 0
    assert Verdicts((verdict(), verdict(name="b")), omitted=7).size == verdict().size + verdict(name="b").size
