"""Fault rules: a sandbox's own, or, without a token, the server-wide ones, which are tried behind them."""

from typing import Any

from sandbox import problems
from sandbox.control.context import ControlContext
from sandbox.faults.rule_document import FaultRuleListSchema, FaultRuleSchema, NewRule, rules_of
from sandbox.faults.written_rule import RuleChange, RuleList, Switch, WrittenRule
from sandbox.operations import Operation
from sandbox.schemas.control import RuleOrder, RulePath
from sandbox.web.endpoint import Endpoint, Scope
from sandbox.world.interface import Lease, RuleSet
from sandbox.world.rules import Rule, UnboundRule

PATH = "/__admin/faults"
RULE_PATH = PATH + "/{rule_id}"
EXAMPLE = {
    "id": "rule-1",
    "name": "flaky create",
    "match": {"operation": "createConversation"},
    "times": 2,
    "fault": {"type": "status", "status": 503, "retry_after": 1},
    "matched": 0,
    "fired": 0,
}


def show(context: ControlContext, lease: Lease | None) -> dict[str, Any]:
    """Return the rules in the order in which they are tried; the first that matches and fires wins."""
    rules, _ = _rules(context, lease)
    return {"data": [_shape(rules, rule) for rule in rules.rules]}


def add(context: ControlContext, lease: Lease | None, body: UnboundRule) -> dict[str, Any]:
    """Add a rule behind the others: one of your own, or that of a preset."""
    rules, generation = _rules(context, lease)
    return _shape(rules, rules.add_rule(generation, body))


def replace(context: ControlContext, lease: Lease | None, body: dict[str, Any]) -> dict[str, Any]:
    """Replace all rules, or change nothing if one of the new ones is invalid.

    The new ones are counted from zero, and their ids are those of their places. A list that is written as it was read
    changes nothing.
    """
    rules, generation = _rules(context, lease)
    written: tuple[WrittenRule, ...] = rules_of(body["data"], context.settings.max_rules)
    present = [(rule.id, rule.document) for rule in rules.rules]
    if [(each.id, each.rule.document) for each in written] != present:
        rules.replace_rules(generation, [each.rule for each in written])
    return show(context, lease)


def clear(context: ControlContext, lease: Lease | None) -> None:
    """Delete all rules. The calls that they delay continue."""
    rules, generation = _rules(context, lease)
    rules.replace_rules(generation, ())


def show_one(context: ControlContext, lease: Lease | None, rule_id: str) -> dict[str, Any]:
    """Return a rule, with its counters."""
    rules, _ = _rules(context, lease)
    return _shape(rules, rules.get_rule(rule_id))


def order(context: ControlContext, lease: Lease | None, body: dict[str, Any]) -> dict[str, Any]:
    """Put the rules in another order. They keep their counters."""
    rules, generation = _rules(context, lease)
    rules.order_rules(generation, body["ids"])
    return show(context, lease)


def change(context: ControlContext, lease: Lease | None, rule_id: str, body: WrittenRule) -> dict[str, Any]:
    """Replace a rule; the new one is counted from zero.

    If only ``enabled`` is given, or only ``enabled`` differs, the rule is switched and keeps its counters. So it does
    if it is written as it was read, with its id.
    """
    rules, generation = _rules(context, lease)
    new = body.rule
    if body.id is not None:
        if body.id != rule_id:
            raise problems.other_rule(rule_id, body.id)
        if isinstance(new, UnboundRule) and new.document == rules.get_rule(rule_id).document:
            new = Switch(new.enabled)
    if isinstance(new, Switch):
        return _shape(rules, rules.switch_rule(generation, rule_id, enabled=new.enabled))
    return _shape(rules, rules.change_rule(generation, rule_id, new))


def remove(context: ControlContext, lease: Lease | None, rule_id: str) -> None:
    """Delete a rule. The calls that it delays continue."""
    rules, generation = _rules(context, lease)
    rules.remove_rule(generation, rule_id)


def _rules(context: ControlContext, lease: Lease | None) -> tuple[RuleSet, int]:
    """Return the rules that the call is about, and the generation that its writes are for."""
    if lease is None:
        context.server_rules.follow()
        return context.server_rules, context.server_rules.generation
    return lease.world, lease.generation


def _shape(rules: RuleSet, rule: Rule) -> dict[str, Any]:
    counters = rules.counters(rule)
    return {"id": rule.id, **rule.document, "matched": counters.matched, "fired": counters.fired}


ENDPOINTS = (
    Endpoint(
        Operation("listFaults", "GET", PATH),
        show,
        Scope.EITHER,
        response=FaultRuleListSchema(),
        example={"data": [EXAMPLE]},
    ),
    Endpoint(
        Operation("addFault", "POST", PATH),
        add,
        Scope.EITHER,
        statuses=(201,),
        errors=(507,),
        body=NewRule(),
        response=FaultRuleSchema(),
        example=EXAMPLE,
    ),
    Endpoint(
        Operation("replaceFaults", "PUT", PATH),
        replace,
        Scope.EITHER,
        errors=(507,),
        body=RuleList(),
        response=FaultRuleListSchema(),
        example={"data": [EXAMPLE]},
    ),
    Endpoint(Operation("clearFaults", "DELETE", PATH), clear, Scope.EITHER, statuses=(204,)),
    Endpoint(
        Operation("orderFaults", "PUT", PATH + "/order"),
        order,
        Scope.EITHER,
        body=RuleOrder(),
        response=FaultRuleListSchema(),
        example={"data": [EXAMPLE]},
    ),
    Endpoint(
        Operation("getFault", "GET", RULE_PATH),
        show_one,
        Scope.EITHER,
        errors=(404,),
        path=RulePath(),
        response=FaultRuleSchema(),
        example=EXAMPLE,
    ),
    Endpoint(
        Operation("changeFault", "PUT", RULE_PATH),
        change,
        Scope.EITHER,
        errors=(404,),
        path=RulePath(),
        body=RuleChange(),
        response=FaultRuleSchema(),
        example=EXAMPLE,
    ),
    Endpoint(
        Operation("removeFault", "DELETE", RULE_PATH),
        remove,
        Scope.EITHER,
        statuses=(204,),
        errors=(404,),
        path=RulePath(),
    ),
)
