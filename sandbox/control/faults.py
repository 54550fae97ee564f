"""Fault rules: a sandbox's own, or, without a token, the server-wide ones, which come behind them."""

from collections.abc import Iterable
from typing import Any

from sandbox.control.context import ControlContext
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.faults.parsing import RULE, UnboundRule, rules_of
from sandbox.schemas.control import RuleList
from sandbox.world.fleet import SandboxSlot
from sandbox.world.rules import Rule, RuleBook

PATH = "/__admin/faults"
EXAMPLE = {
    "id": "rule-1",
    "name": "flaky create",
    "match": {"operation": "createConversation"},
    "times": 2,
    "fault": {"type": "status", "status": 503, "retry_after": 1},
    "matched": 0,
    "fired": 0,
}

SHAPE = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "matched": {"type": "integer", "description": "How many calls of this sandbox matched."},
        "fired": {"type": "integer", "description": "For how many of them the rule fired."},
    },
    "required": ["id", "matched", "fired"],
    "description": "The rule as it was given, with its id and its counters.",
}
LIST_SHAPE = {
    "type": "object",
    "properties": {"data": {"type": "array", "items": SHAPE}},
    "required": ["data"],
}


def show(context: ControlContext, slot: SandboxSlot | None) -> dict[str, Any]:
    """The rules in the order in which they are asked; the first that matches and fires wins."""
    return {"data": [_shape(context, slot, rule) for rule in _book(context, slot).rules]}


def add(context: ControlContext, slot: SandboxSlot | None, body: UnboundRule) -> dict[str, Any]:
    """Add a rule behind the others."""
    rule_book = _book(context, slot)
    since = _since(slot)
    rule = rule_book.add(lambda rule_id: body.rule(rule_id, since), _prefix(slot), context.settings.max_rules)
    return _shape(context, slot, rule)


def replace(context: ControlContext, slot: SandboxSlot | None, body: dict[str, Any]) -> dict[str, Any]:
    """Put other rules in the place of all, or change nothing where one of them is wrong."""
    rules = rules_of(body["data"], "data", _prefix(slot), _since(slot), context.settings.max_rules)
    rule_book = _book(context, slot)
    old = rule_book.rules
    rule_book.replace(rules)
    _wake(context, slot, old)
    return show(context, slot)


def clear(context: ControlContext, slot: SandboxSlot | None) -> None:
    """Delete all rules. The calls that they hold back go on."""
    rule_book = _book(context, slot)
    old = rule_book.rules
    rule_book.replace(())
    _wake(context, slot, old)


def show_one(context: ControlContext, slot: SandboxSlot | None, rule_id: str) -> dict[str, Any]:
    """One rule, and how often it matched and fired."""
    return _shape(context, slot, _book(context, slot).get(rule_id))


def change(
    context: ControlContext, slot: SandboxSlot | None, rule_id: str, body: UnboundRule
) -> dict[str, Any]:
    """Put another rule in the place of this one. It counts from zero."""
    rule_book = _book(context, slot)
    rule = body.rule(rule_id, _since(slot))
    rule_book.change(rule)
    _wake(context, slot, [rule])
    return _shape(context, slot, rule)


def remove(context: ControlContext, slot: SandboxSlot | None, rule_id: str) -> None:
    """Delete a rule. The calls that it holds back go on."""
    rule_book = _book(context, slot)
    old = rule_book.get(rule_id)
    rule_book.remove(rule_id)
    _wake(context, slot, [old])


def _book(context: ControlContext, slot: SandboxSlot | None) -> RuleBook:
    return context.rules.rule_book if slot is None else slot.sandbox.rule_book


def _since(slot: SandboxSlot | None) -> float | None:
    """When a rule begins to last: a server-wide one in each sandbox by itself."""
    return None if slot is None else slot.sandbox.clock.time()


def _prefix(slot: SandboxSlot | None) -> str:
    return "server-rule" if slot is None else "rule"


def _wake(context: ControlContext, slot: SandboxSlot | None, rules: Iterable[Rule]) -> None:
    for each in _meant(context, slot):
        for rule in rules:
            each.sandbox.sleepers.wake(rule.id)


def _meant(context: ControlContext, slot: SandboxSlot | None) -> list[SandboxSlot]:
    """Where a rule holds: a server-wide one everywhere."""
    return [context.anonymous, *context.fleet] if slot is None else [slot]


def _shape(context: ControlContext, slot: SandboxSlot | None, rule: Rule) -> dict[str, Any]:
    counters = [each.sandbox.rule_book.counters(rule) for each in _meant(context, slot)]
    matched = sum(counters.matched for counters in counters)
    return {
        "id": rule.id,
        **rule.document,
        "matched": matched,
        "fired": sum(counters.fired for counters in counters),
    }


ENDPOINTS = (
    Endpoint("listFaults", "GET", PATH, show, Scope.EITHER, example={"data": [EXAMPLE]}, shape=LIST_SHAPE),
    Endpoint(
        "addFault",
        "POST",
        PATH,
        add,
        Scope.EITHER,
        success=201,
        refusals=(507,),
        body=RULE,
        example=EXAMPLE,
        shape=SHAPE,
    ),
    Endpoint(
        "replaceFaults",
        "PUT",
        PATH,
        replace,
        Scope.EITHER,
        refusals=(507,),
        body=RuleList(),
        example={"data": [EXAMPLE]},
        shape=LIST_SHAPE,
    ),
    Endpoint("clearFaults", "DELETE", PATH, clear, Scope.EITHER, success=204),
    Endpoint(
        "getFault",
        "GET",
        f"{PATH}/{{rule_id}}",
        show_one,
        Scope.EITHER,
        refusals=(404,),
        example=EXAMPLE,
        shape=SHAPE,
    ),
    Endpoint(
        "changeFault",
        "PUT",
        f"{PATH}/{{rule_id}}",
        change,
        Scope.EITHER,
        refusals=(404,),
        body=RULE,
        example=EXAMPLE,
        shape=SHAPE,
    ),
    Endpoint(
        "removeFault", "DELETE", f"{PATH}/{{rule_id}}", remove, Scope.EITHER, success=204, refusals=(404,)
    ),
)
