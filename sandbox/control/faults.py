"""Fault rules: a sandbox's own, or, without a token, the server-wide ones, which come behind them."""

from collections.abc import Iterable
from typing import Any

from sandbox.control.desk import Desk
from sandbox.control.endpoint import Endpoint, Scope
from sandbox.faults.parsing import RULE, Draft, rules_of
from sandbox.schemas.control import RuleList
from sandbox.world.fleet import Berth
from sandbox.world.rules import Book, Rule

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


def show(desk: Desk, berth: Berth | None) -> dict[str, Any]:
    """The rules in the order in which they are asked; the first that matches and fires wins."""
    return {"data": [_shape(desk, berth, rule) for rule in _book(desk, berth).rules]}


def add(desk: Desk, berth: Berth | None, body: Draft) -> dict[str, Any]:
    """Add a rule behind the others."""
    book = _book(desk, berth)
    since = _since(berth)
    rule = book.add(lambda rule_id: body.rule(rule_id, since), _prefix(berth), desk.settings.max_rules)
    return _shape(desk, berth, rule)


def replace(desk: Desk, berth: Berth | None, body: dict[str, Any]) -> dict[str, Any]:
    """Put other rules in the place of all, or change nothing where one of them is wrong."""
    rules = rules_of(body["data"], "data", _prefix(berth), _since(berth), desk.settings.max_rules)
    book = _book(desk, berth)
    old = book.rules
    book.replace(rules)
    _wake(desk, berth, old)
    return show(desk, berth)


def clear(desk: Desk, berth: Berth | None) -> None:
    """Delete all rules. The calls that they hold back go on."""
    book = _book(desk, berth)
    old = book.rules
    book.replace(())
    _wake(desk, berth, old)


def show_one(desk: Desk, berth: Berth | None, rule_id: str) -> dict[str, Any]:
    """One rule, and how often it matched and fired."""
    return _shape(desk, berth, _book(desk, berth).get(rule_id))


def change(desk: Desk, berth: Berth | None, rule_id: str, body: Draft) -> dict[str, Any]:
    """Put another rule in the place of this one. It counts from zero."""
    book = _book(desk, berth)
    rule = body.rule(rule_id, _since(berth))
    book.change(rule)
    _wake(desk, berth, [rule])
    return _shape(desk, berth, rule)


def remove(desk: Desk, berth: Berth | None, rule_id: str) -> None:
    """Delete a rule. The calls that it holds back go on."""
    book = _book(desk, berth)
    old = book.get(rule_id)
    book.remove(rule_id)
    _wake(desk, berth, [old])


def _book(desk: Desk, berth: Berth | None) -> Book:
    return desk.rules.book if berth is None else berth.sandbox.book


def _since(berth: Berth | None) -> float | None:
    """When a rule begins to last: a server-wide one in each sandbox by itself."""
    return None if berth is None else berth.sandbox.clock.time()


def _prefix(berth: Berth | None) -> str:
    return "server-rule" if berth is None else "rule"


def _wake(desk: Desk, berth: Berth | None, rules: Iterable[Rule]) -> None:
    for each in _meant(desk, berth):
        for rule in rules:
            each.sandbox.sleepers.wake(rule.id)


def _meant(desk: Desk, berth: Berth | None) -> list[Berth]:
    """Where a rule holds: a server-wide one everywhere."""
    return [desk.nobody, *desk.fleet] if berth is None else [berth]


def _shape(desk: Desk, berth: Berth | None, rule: Rule) -> dict[str, Any]:
    tallies = [each.sandbox.book.tally(rule) for each in _meant(desk, berth)]
    matched = sum(tally.matched for tally in tallies)
    return {
        "id": rule.id,
        **rule.document,
        "matched": matched,
        "fired": sum(tally.fired for tally in tallies),
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
