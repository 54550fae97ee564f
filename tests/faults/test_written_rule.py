"""Fault rules in JSON that take the place of others, perhaps as they were read."""

from typing import Any

import pytest
from marshmallow import ValidationError

from sandbox.faults.written_rule import RuleChange, RuleReplacement, Switch, WrittenRule
from sandbox.schemas.error_messages import message_of
from sandbox.schemas.loading import load

READ = {"id": "rule-3", "matched": 5, "fired": 2}


@pytest.mark.parametrize("schema", [RuleReplacement(), RuleChange()])
@pytest.mark.parametrize("read_only", [{}, READ, {"id": "server-rule-12"}, {"fired": 0}])
def test_read_only_attributes_are_no_part_of_the_document(
    schema: RuleReplacement, read_only: dict[str, Any]
) -> None:
    document = {"name": "a", "delay": 1, "enabled": False}
    written: WrittenRule = load(schema, {**read_only, **document}, "this rule")
    assert written.id == read_only.get("id")
    assert written.rule.document == document
    assert not written.rule.enabled


@pytest.mark.parametrize("read_only", [{}, READ])
def test_enabled_alone_is_a_switch_whatever_is_read_only(read_only: dict[str, Any]) -> None:
    written = load(RuleChange(), {**read_only, "enabled": True}, "this rule")
    assert written == WrittenRule(Switch(enabled=True), read_only.get("id"))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"delay": 1, "id": 3}, "id must be the id of a rule, like rule-1, not 3."),
        ({"delay": 1, "id": "rule"}, "id must be the id of a rule, like rule-1"),
        ({"delay": 1, "id": "rule-" + "1" * 60}, "id must be the id of a rule, like rule-1"),
        ({"delay": 1, "id": None}, "id must be the id of a rule, like rule-1, not null."),
        ({"delay": 1, "matched": "5"}, "matched must be an integer"),
        ({"delay": 1, "fired": 1.5}, "fired must be an integer"),
        (READ, "A rule needs a delay, a fault or both."),
        ({"delay": 1, "phase": "after", **READ}, "phase after goes with a fault"),
    ],
)
def test_invalid_rule_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        load(RuleChange(), document, "this rule")
    assert said in message_of(error.value)
