"""The server-wide rules in a file."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.engines.file import KeptServerRules
from sandbox.world.errors import StorageFailed, UnknownRule
from sandbox.world.sandbox import Sandbox
from tests.engines.file.harness import Server, failing, failing_in_the_end, rule
from tests.world.harness import FakeRequest

Write = Callable[[KeptServerRules], object]

WRITES: dict[str, Write] = {
    "add": lambda rules: rules.add_rule(0, rule(name="new")),
    "replace": lambda rules: rules.replace_rules(0, [rule(name="new"), rule()]),
    "change": lambda rules: rules.change_rule(0, "server-rule-1", rule(name="new")),
    "switch": lambda rules: rules.switch_rule(0, "server-rule-1", enabled=False),
    "order": lambda rules: rules.order_rules(0, ["server-rule-2", "server-rule-1"]),
    "remove": lambda rules: rules.remove_rule(0, "server-rule-1"),
}


@pytest.fixture(autouse=True)
def _two_rules(server: Server) -> None:
    server.rules.replace_rules(0, [rule(name="first", times=2), rule(name="second")])


def picture(rules: KeptServerRules) -> list[Any]:
    return [
        (each.id, dict(each.document), each.enabled, rules.counters(each).matched, rules.counters(each).fired)
        for each in rules.rules
    ]


def fire(server: Server, key: str = "me") -> str | None:
    world = server.world(key)
    assert isinstance(world, Sandbox)
    match = world.fire(1, FakeRequest(), server.rules.all).match
    return None if match is None else match.rule.id


@pytest.mark.parametrize("name", WRITES)
def test_a_write_outlasts_the_process(server: Server, name: str) -> None:
    fire(server)
    before = picture(server.rules)
    WRITES[name](server.rules)
    after = picture(server.rules)
    assert before != after
    server.restart()
    assert picture(server.rules) == after


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_cannot_be_stored_is_not_made(server: Server, name: str) -> None:
    before = picture(server.rules)
    for fail in (failing, failing_in_the_end):
        with fail(server), pytest.raises(StorageFailed):
            WRITES[name](server.rules)
    assert picture(server.rules) == before


def test_a_write_that_is_refused_changes_nothing(server: Server) -> None:
    before = picture(server.rules)
    with pytest.raises(UnknownRule):
        server.rules.remove_rule(0, "server-rule-9")
    server.restart()
    assert picture(server.rules) == before


def test_each_world_goes_on_counting_and_so_does_the_sum(server: Server) -> None:
    assert [fire(server), fire(server, "you")] == ["server-rule-1", "server-rule-1"]
    server.restart()
    assert [fire(server), fire(server), fire(server, "you")] == [
        "server-rule-1",
        "server-rule-2",
        "server-rule-1",
    ]
    assert [counts for *_, _, matched, fired in picture(server.rules) for counts in [(matched, fired)]] == [
        (5, 4),
        (1, 1),
    ]
    server.restart()
    assert [(each[3], each[4]) for each in picture(server.rules)] == [(5, 4), (1, 1)]


def test_a_count_that_cannot_be_stored_is_not_made(server: Server) -> None:
    server.world()
    with failing(server), pytest.raises(StorageFailed):
        fire(server)
    assert (picture(server.rules)[0][3:], server.world().state.counters) == ((0, 0), ())
    server.restart()
    assert [fire(server), fire(server), fire(server)] == ["server-rule-1", "server-rule-1", "server-rule-2"]


def test_rules_of_a_file_that_is_not_open_yet_can_be_read(server: Server) -> None:
    rules = KeptServerRules(5, lambda: None)
    rules.add_rule(0, rule())
    assert len(rules.all) == 1
    del server
