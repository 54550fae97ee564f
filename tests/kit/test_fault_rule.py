"""Rules that were added to a sandbox."""

import pytest

from protocol_sandbox import ControlError, Sandbox
from protocol_sandbox.fault_rule import rule_document


def test_document_has_the_operation_and_the_effects_that_are_given() -> None:
    document = rule_document(
        "createConversation", {"times": 2, "match": {"body": {"a": "b"}}}, delay=5, fault=None
    )
    assert document == {
        "delay": 5,
        "times": 2,
        "match": {"operation": "createConversation", "body": {"a": "b"}},
    }


def test_document_without_an_operation_has_only_what_is_given() -> None:
    assert rule_document(None, {"match": {"method": "GET"}}) == {"match": {"method": "GET"}}
    assert rule_document(None, {}) == {}


def test_removed_rule_is_gone(world: Sandbox) -> None:
    rule = world.fail("listConversations", name="one")
    assert rule.document["name"] == "one"
    assert "'name': 'one'" in repr(rule)
    rule.remove()
    for gone in (lambda: rule.fired, lambda: rule.matched, rule.remove):
        with pytest.raises(ControlError, match=rule.id):
            gone()
