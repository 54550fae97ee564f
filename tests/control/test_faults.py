"""``/__admin/faults``: a sandbox's own rules, and the server-wide ones."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.faults.harness import RULES, Harness

Check = Callable[..., str]

FLAKY: dict[str, Any] = {
    "name": "flaky create",
    "match": {"operation": "createConversation"},
    "skip": 0,
    "times": 2,
    "every": 1,
    "probability": 1.0,
    "ttl_seconds": 60,
    "delay": {"type": "lognormal", "median": 80, "p99": 400},
    "fault": {"type": "status", "status": 503, "retry_after": 1},
    "phase": "before",
}
"""The rule of the contract."""

OWNERS = pytest.mark.parametrize(
    ("owner", "prefix"), [("me", "rule"), (None, "server-rule")], ids=["own", "server-wide"]
)
OWNER = pytest.mark.parametrize("owner", ["me", None], ids=["own", "server-wide"])


def rules(bench: Harness, owner: str | None) -> list[dict[str, Any]]:
    answer = bench.call("GET", RULES, owner)
    assert answer.status_code == 200
    data: list[dict[str, Any]] = answer.get_json()["data"]
    return data


@pytest.fixture
def bench() -> Harness:
    return Harness()


@OWNERS
def test_a_rule_is_added_shown_changed_and_removed(bench: Harness, owner: str | None, prefix: str) -> None:
    assert rules(bench, owner) == []
    added = bench.call("POST", RULES, owner, json=FLAKY)
    assert added.status_code == 201
    shown = {"id": f"{prefix}-1", **FLAKY, "matched": 0, "fired": 0}
    assert added.get_json() == shown
    assert rules(bench, owner) == [shown]
    one = f"{RULES}/{prefix}-1"
    assert bench.call("GET", one, owner).get_json() == shown
    changed = bench.call("PUT", one, owner, json={"delay": 5})
    assert changed.status_code == 200
    assert changed.get_json() == {"id": f"{prefix}-1", "delay": 5, "matched": 0, "fired": 0}
    removed = bench.call("DELETE", one, owner)
    assert (removed.status_code, removed.data) == (204, b"")
    assert rules(bench, owner) == []


def test_the_rule_of_the_contract_does_what_it_says(bench: Harness) -> None:
    bench.rule(**FLAKY)
    answers = [bench.create() for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 201, 201]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["1", "1", None, None]
    assert [answer.headers.get("X-Sandbox-Rule") for answer in answers] == ["flaky create"] * 2 + [None] * 2
    assert len(bench.slept) == 2
    assert bench.call().status_code == 200


@OWNERS
def test_ids_are_given_in_order_and_rules_stay_in_theirs(
    bench: Harness, owner: str | None, prefix: str
) -> None:
    given = [bench.rule(owner, name=f"n{at}", delay=at) for at in range(4)]
    assert given == [f"{prefix}-{at}" for at in range(1, 5)]
    bench.call("DELETE", f"{RULES}/{prefix}-2", owner)
    assert bench.rule(owner, name="n4", delay=4) == f"{prefix}-5"
    bench.call("PUT", f"{RULES}/{prefix}-3", owner, json={"name": "changed", "delay": 1})
    assert [(rule["id"], rule["name"]) for rule in rules(bench, owner)] == [
        (f"{prefix}-1", "n0"),
        (f"{prefix}-3", "changed"),
        (f"{prefix}-4", "n3"),
        (f"{prefix}-5", "n4"),
    ]


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns as often as can be."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@OWNERS
@pytest.mark.usefixtures("often")
def test_rules_that_are_added_at_once_get_ids_of_their_own(
    bench: Harness, owner: str | None, prefix: str
) -> None:
    bench.call()
    barrier = Barrier(20)

    def add(_: int) -> str:
        barrier.wait()
        return bench.rule(owner, delay=1)

    with ThreadPoolExecutor(20) as threads:
        ids = [made for _ in range(3) for made in threads.map(add, range(20))]
    assert sorted(ids, key=lambda made: int(made.rpartition("-")[2])) == [
        f"{prefix}-{at}" for at in range(1, 61)
    ]


def test_counters_say_how_often_a_rule_matched_and_fired(bench: Harness) -> None:
    bench.rule(match={"method": "GET"}, skip=1, times=2, fault={"type": "status", "status": 503})
    assert [bench.call().status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    bench.create()
    shown = rules(bench, "me")[0]
    assert (shown["matched"], shown["fired"]) == (5, 2)


def test_a_changed_rule_counts_anew(bench: Harness) -> None:
    document: dict[str, Any] = {"times": 1, "fault": {"type": "status", "status": 503}}
    rule = bench.rule(**document)
    assert [bench.call().status_code for _ in range(3)] == [503, 200, 200]
    changed = bench.call("PUT", f"{RULES}/{rule}", json=document).get_json()
    assert (changed["matched"], changed["fired"]) == (0, 0)
    assert [bench.call().status_code for _ in range(3)] == [503, 200, 200]
    bench.call("PUT", RULES, json={"data": [document]})
    assert [bench.call().status_code for _ in range(3)] == [503, 200, 200]


def test_a_server_wide_rule_that_is_changed_counts_anew_in_every_sandbox(bench: Harness) -> None:
    document: dict[str, Any] = {"times": 1, "fault": {"type": "status", "status": 503}}
    bench.rule(None, **document)
    for token in ("a", "b"):
        assert [bench.call(token=token).status_code for _ in range(2)] == [503, 200]
    bench.call("PUT", f"{RULES}/server-rule-1", None, json=document)
    for token in ("a", "b", "c"):
        assert [bench.call(token=token).status_code for _ in range(2)] == [503, 200]


def test_own_and_server_wide_rules_are_told_apart(bench: Harness) -> None:
    bench.rule(name="mine", delay=1)
    bench.rule("you", name="yours", delay=1)
    bench.rule(None, name="everyone's", delay=1)
    assert [rule["name"] for rule in rules(bench, "me")] == ["mine"]
    assert [rule["name"] for rule in rules(bench, "you")] == ["yours"]
    assert [rule["name"] for rule in rules(bench, None)] == ["everyone's"]
    assert bench.call("GET", f"{RULES}/server-rule-1").status_code == 404
    bench.call("DELETE", RULES)
    assert rules(bench, "me") == []
    assert len(rules(bench, "you")) == len(rules(bench, None)) == 1


@OWNERS
def test_all_rules_can_be_replaced_at_once(bench: Harness, owner: str | None, prefix: str) -> None:
    bench.rule(owner, delay=1)
    answer = bench.call("PUT", RULES, owner, json={"data": [FLAKY, {"delay": 7}]})
    assert answer.status_code == 200
    assert answer.get_json()["data"] == [
        {"id": f"{prefix}-1", **FLAKY, "matched": 0, "fired": 0},
        {"id": f"{prefix}-2", "delay": 7, "matched": 0, "fired": 0},
    ]
    assert rules(bench, owner) == answer.get_json()["data"]
    assert bench.rule(owner, delay=1) == f"{prefix}-3"


@OWNER
@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([{"delay": 1}, {}], "data[1]"),
        ([{"delay": 1}, {"delay": 1, "times": 0}], "data[1].times must be an integer from 1"),
        ([{"delay": 1, "tims": 1}], "data[0].tims is not an attribute of data[0]; did you mean times?"),
        ([{"delay": 1}, {"delay": -1}], "data[1].delay.milliseconds must be"),
        ([{"fault": {"type": "nothing"}}], "data[0].fault.type must be one of"),
        ([{"fault": {"type": "status", "status": 1}}], "data[0].fault.status must be"),
        ([{"delay": 1}, {"delay": 1, "match": {"methd": "GET"}}], "data[1].match.methd"),
        ([{"delay": 1}, "hang"], 'data[1] must be an object, not "hang"'),
    ],
    ids=lambda part: str(part)[:40],
)
def test_a_replacement_with_a_mistake_changes_nothing_and_names_the_place(
    bench: Harness, assert_error_shape: Check, owner: str | None, data: list[Any], said: str
) -> None:
    bench.rule(owner, name="kept", times=2, fault={"type": "status", "status": 503})
    if owner:
        bench.call()
    kept = rules(bench, owner)
    assert_error_shape(bench.call("PUT", RULES, owner, json={"data": data}), 400, said)
    assert rules(bench, owner) == kept


@OWNER
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "data is missing; it must be a list"),
        ({"data": {}}, "data must be a list"),
        ({"rules": []}, "rules is not an attribute"),
        ([], "JSON object"),
    ],
)
def test_a_replacement_is_an_object_with_a_list(
    bench: Harness, assert_error_shape: Check, owner: str | None, body: Any, said: str
) -> None:
    assert_error_shape(bench.call("PUT", RULES, owner, json=body), 400, said)


@OWNERS
def test_there_are_so_many_rules_and_no_more(
    assert_error_shape: Check, owner: str | None, prefix: str
) -> None:
    bench = Harness(max_rules=3)
    for _ in range(3):
        bench.rule(owner, delay=1)
    refused = bench.call("POST", RULES, owner, json={"delay": 1})
    assert_error_shape(refused, 507, "3 fault rules", "--max-rules")
    assert_error_shape(
        bench.call("PUT", RULES, owner, json={"data": [{"delay": 1}] * 4}), 507, "3 fault rules"
    )
    assert len(rules(bench, owner)) == 3
    assert bench.call("PUT", RULES, owner, json={"data": [{"delay": 2}] * 3}).status_code == 200
    other = None if owner else "me"
    assert bench.rule(other, delay=1)
    bench.call("DELETE", f"{RULES}/{prefix}-2", owner)
    assert bench.rule(owner, delay=1) == f"{prefix}-4"


@OWNER
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"delay": 1}), ("DELETE", None)])
def test_a_rule_that_is_not_there_is_not_found(
    bench: Harness, assert_error_shape: Check, owner: str | None, method: str, body: Any
) -> None:
    answer = bench.call(method, f"{RULES}/rule-99", owner, json=body)
    assert_error_shape(answer, 404, "rule-99")


@OWNER
@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "A rule needs a delay, a fault or both."),
        ({"delay": 1, "probability": 5}, "write 0.05 for 5 percent"),
        ({"fault": {"type": "reset"}}, "fault.type must be one of status, rate_limit"),
        ({"delay": 1, "id": "rule-7"}, "id is not an attribute"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_mistake_in_a_rule_is_refused_and_nothing_changes(
    bench: Harness,
    assert_error_shape: Check,
    owner: str | None,
    method: str,
    document: Any,
    said: str,
) -> None:
    rule = bench.rule(owner, delay=1)
    kept = rules(bench, owner)
    url = RULES if method == "POST" else f"{RULES}/{rule}"
    assert_error_shape(bench.call(method, url, owner, json=document), 400, said)
    assert rules(bench, owner) == kept


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_write_needs_json(bench: Harness, assert_error_shape: Check, method: str) -> None:
    assert_error_shape(bench.call(method, RULES, data={"delay": "1"}), 415, "application/json")


def test_other_methods_are_not_there(bench: Harness, assert_error_shape: Check) -> None:
    refused = bench.call("PATCH", RULES, json={})
    assert_error_shape(refused, 405)
    assert {"GET", "POST", "PUT", "DELETE"} <= set(refused.headers["Allow"].split(", "))
    assert_error_shape(bench.call("POST", f"{RULES}/rule-1", json={}), 405)


def test_to_delete_where_there_is_nothing_is_fine(bench: Harness) -> None:
    for owner in ("me", None):
        assert bench.call("DELETE", RULES, owner).status_code == 204


def test_a_reset_takes_own_rules_and_leaves_the_server_wide_ones(bench: Harness) -> None:
    bench.rule(fault={"type": "status", "status": 503})
    bench.rule(None, times=1, fault={"type": "status", "status": 502})
    assert bench.call().status_code == 503
    bench.call("POST", "/__admin/reset", json={})
    assert rules(bench, "me") == []
    assert [rule["id"] for rule in rules(bench, None)] == ["server-rule-1"]
    assert [bench.call().status_code for _ in range(2)] == [502, 200]
    bench.call("POST", "/__admin/reset", json={})
    assert [bench.call().status_code for _ in range(2)] == [502, 200], "the new world counts anew"


def test_snapshots_and_exports_bring_rules_back(bench: Harness) -> None:
    bench.rule(**FLAKY)
    document = bench.call("GET", "/__admin/state").get_json()
    snapshot = bench.call("POST", "/__admin/snapshots", json={}).get_json()["id"]
    bench.call("DELETE", RULES)
    assert bench.call("POST", f"/__admin/snapshots/{snapshot}/restore", json={}).status_code == 200
    restored = rules(bench, "me")
    assert [rule["name"] for rule in restored] == ["flaky create"]
    bench.call("DELETE", RULES)
    assert bench.call("PUT", "/__admin/state", json=document).status_code == 200
    assert rules(bench, "me") == restored
    assert bench.create().status_code == 503


def test_a_rule_may_hold_as_many_fifty_calls_at_once_as_it_says(bench: Harness) -> None:
    bench.rule(times=2, fault={"type": "status", "status": 503})
    barrier = Barrier(50)

    def call(_: int) -> int:
        client = bench.client()
        barrier.wait()
        return client.get("/v1/nothing").status_code

    with ThreadPoolExecutor(50) as threads:
        statuses = list(threads.map(call, range(50)))
    assert sorted(statuses) == [404] * 48 + [503] * 2
    shown = rules(bench, "me")[0]
    assert (shown["matched"], shown["fired"]) == (50, 2)
