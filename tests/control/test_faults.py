"""``/__admin/faults``: rules of a sandbox, and server-wide rules."""

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
"""The example of the contract."""

OWNERS = pytest.mark.parametrize(
    ("owner", "prefix"), [("me", "rule"), (None, "server-rule")], ids=["own", "server-wide"]
)
OWNER = pytest.mark.parametrize("owner", ["me", None], ids=["own", "server-wide"])


def rules(harness: Harness, owner: str | None) -> list[dict[str, Any]]:
    response = harness.call("GET", RULES, owner)
    assert response.status_code == 200
    data: list[dict[str, Any]] = response.get_json()["data"]
    return data


@pytest.fixture
def harness() -> Harness:
    return Harness()


@OWNERS
def test_rule_can_be_added_read_changed_and_removed(harness: Harness, owner: str | None, prefix: str) -> None:
    assert rules(harness, owner) == []
    added = harness.call("POST", RULES, owner, json=FLAKY)
    assert added.status_code == 201
    shown = {"id": f"{prefix}-1", **FLAKY, "matched": 0, "fired": 0}
    assert added.get_json() == shown
    assert rules(harness, owner) == [shown]
    url = f"{RULES}/{prefix}-1"
    assert harness.call("GET", url, owner).get_json() == shown
    changed = harness.call("PUT", url, owner, json={"delay": 5})
    assert changed.status_code == 200
    assert changed.get_json() == {"id": f"{prefix}-1", "delay": 5, "matched": 0, "fired": 0}
    removed = harness.call("DELETE", url, owner)
    assert (removed.status_code, removed.data) == (204, b"")
    assert rules(harness, owner) == []


def test_example_rule_of_the_contract_is_applied(harness: Harness) -> None:
    harness.rule(**FLAKY)
    responses = [harness.create() for _ in range(4)]
    assert [response.status_code for response in responses] == [503, 503, 201, 201]
    assert [response.headers.get("Retry-After") for response in responses] == ["1", "1", None, None]
    assert [response.headers.get("X-Sandbox-Rule") for response in responses] == ["flaky create"] * 2 + [
        None
    ] * 2
    assert len(harness.slept) == 2
    assert harness.call().status_code == 200


@OWNERS
def test_ids_are_ascending_and_rules_keep_their_order(
    harness: Harness, owner: str | None, prefix: str
) -> None:
    given = [harness.rule(owner, name=f"n{at}", delay=at) for at in range(4)]
    assert given == [f"{prefix}-{at}" for at in range(1, 5)]
    harness.call("DELETE", f"{RULES}/{prefix}-2", owner)
    assert harness.rule(owner, name="n4", delay=4) == f"{prefix}-5"
    harness.call("PUT", f"{RULES}/{prefix}-3", owner, json={"name": "changed", "delay": 1})
    assert [(rule["id"], rule["name"]) for rule in rules(harness, owner)] == [
        (f"{prefix}-1", "n0"),
        (f"{prefix}-3", "changed"),
        (f"{prefix}-4", "n3"),
        (f"{prefix}-5", "n4"),
    ]


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Make threads switch as often as possible."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@OWNERS
@pytest.mark.usefixtures("frequent_switches")
def test_rules_added_concurrently_get_unique_ids(harness: Harness, owner: str | None, prefix: str) -> None:
    harness.call()
    barrier = Barrier(20)

    def add(_: int) -> str:
        barrier.wait()
        return harness.rule(owner, delay=1)

    with ThreadPoolExecutor(20) as threads:
        ids = [rule_id for _ in range(3) for rule_id in threads.map(add, range(20))]
    assert sorted(ids, key=lambda rule_id: int(rule_id.rpartition("-")[2])) == [
        f"{prefix}-{at}" for at in range(1, 61)
    ]


def test_rule_counts_how_often_it_matched_and_fired(harness: Harness) -> None:
    harness.rule(match={"method": "GET"}, skip=1, times=2, fault={"type": "status", "status": 503})
    assert [harness.call().status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    harness.create()
    shown = rules(harness, "me")[0]
    assert (shown["matched"], shown["fired"]) == (5, 2)


def test_changed_rule_counts_from_zero(harness: Harness) -> None:
    document: dict[str, Any] = {"times": 1, "fault": {"type": "status", "status": 503}}
    rule = harness.rule(**document)
    assert [harness.call().status_code for _ in range(3)] == [503, 200, 200]
    changed = harness.call("PUT", f"{RULES}/{rule}", json=document).get_json()
    assert (changed["matched"], changed["fired"]) == (0, 0)
    assert [harness.call().status_code for _ in range(3)] == [503, 200, 200]
    harness.call("PUT", RULES, json={"data": [document]})
    assert [harness.call().status_code for _ in range(3)] == [503, 200, 200]


def test_server_wide_rule_shows_the_counts_of_all_sandboxes(harness: Harness) -> None:
    harness.rule(None, times=1, fault={"type": "status", "status": 503})
    for token in ("a", "b", None):
        assert [harness.call(token=token).status_code for _ in range(3)][1:] == [
            401 if token is None else 200
        ] * 2
    shown = rules(harness, None)[0]
    assert (shown["matched"], shown["fired"]) == (9, 3)
    harness.call("POST", "/__admin/reset", "a", json={})
    assert rules(harness, None)[0] == shown
    changed = harness.call("PUT", f"{RULES}/server-rule-1", None, json={"delay": 0}).get_json()
    assert (changed["matched"], changed["fired"]) == (0, 0)


def test_changed_server_wide_rule_counts_from_zero_in_every_sandbox(harness: Harness) -> None:
    document: dict[str, Any] = {"times": 1, "fault": {"type": "status", "status": 503}}
    harness.rule(None, **document)
    for token in ("a", "b"):
        assert [harness.call(token=token).status_code for _ in range(2)] == [503, 200]
    harness.call("PUT", f"{RULES}/server-rule-1", None, json=document)
    for token in ("a", "b", "c"):
        assert [harness.call(token=token).status_code for _ in range(2)] == [503, 200]


def test_own_and_server_wide_rules_are_separate(harness: Harness) -> None:
    harness.rule(name="mine", delay=1)
    harness.rule("you", name="yours", delay=1)
    harness.rule(None, name="everyone's", delay=1)
    assert [rule["name"] for rule in rules(harness, "me")] == ["mine"]
    assert [rule["name"] for rule in rules(harness, "you")] == ["yours"]
    assert [rule["name"] for rule in rules(harness, None)] == ["everyone's"]
    assert harness.call("GET", f"{RULES}/server-rule-1").status_code == 404
    harness.call("DELETE", RULES)
    assert rules(harness, "me") == []
    assert len(rules(harness, "you")) == len(rules(harness, None)) == 1


@OWNERS
def test_all_rules_can_be_replaced_at_once(harness: Harness, owner: str | None, prefix: str) -> None:
    harness.rule(owner, delay=1)
    response = harness.call("PUT", RULES, owner, json={"data": [FLAKY, {"delay": 7}]})
    assert response.status_code == 200
    assert response.get_json()["data"] == [
        {"id": f"{prefix}-1", **FLAKY, "matched": 0, "fired": 0},
        {"id": f"{prefix}-2", "delay": 7, "matched": 0, "fired": 0},
    ]
    assert rules(harness, owner) == response.get_json()["data"]
    assert harness.rule(owner, delay=1) == f"{prefix}-3"


@OWNER
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([{"delay": 1}, {}], "data[1]"),
        ([{"delay": 1}, {"delay": 1, "times": 0}], "data[1].times must be an integer from 1"),
        ([{"delay": 1, "tims": 1}], "data[0].tims is not an attribute of a rule; did you mean times?"),
        ([{"delay": 1}, {"delay": -1}], "data[1].delay.milliseconds must be"),
        ([{"fault": {"type": "nothing"}}], "data[0].fault.type must be one of"),
        ([{"fault": {"type": "status", "status": 1}}], "data[0].fault.status must be"),
        ([{"delay": 1}, {"delay": 1, "match": {"methd": "GET"}}], "data[1].match.methd"),
        ([{"delay": 1}, "hang"], 'data[1] must be an object, not "hang"'),
    ],
    ids=lambda part: str(part)[:40],
)
def test_invalid_replacement_changes_nothing_and_its_error_names_the_position(
    harness: Harness, assert_error_shape: Check, owner: str | None, data: list[Any], expected: str
) -> None:
    harness.rule(owner, name="kept", times=2, fault={"type": "status", "status": 503})
    if owner:
        harness.call()
    kept = rules(harness, owner)
    assert_error_shape(harness.call("PUT", RULES, owner, json={"data": data}), 400, expected)
    assert rules(harness, owner) == kept


@OWNER
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "data is missing; it must be a list"),
        ({"data": {}}, "data must be a list"),
        ({"rules": []}, "rules is not an attribute"),
        ([], "JSON object"),
    ],
)
def test_replacement_must_be_an_object_with_a_list(
    harness: Harness, assert_error_shape: Check, owner: str | None, body: Any, expected: str
) -> None:
    assert_error_shape(harness.call("PUT", RULES, owner, json=body), 400, expected)


@OWNERS
def test_number_of_rules_is_limited(assert_error_shape: Check, owner: str | None, prefix: str) -> None:
    harness = Harness(max_rules=3)
    for _ in range(3):
        harness.rule(owner, delay=1)
    refused = harness.call("POST", RULES, owner, json={"delay": 1})
    assert_error_shape(refused, 507, "3 fault rules", "--max-rules")
    assert_error_shape(
        harness.call("PUT", RULES, owner, json={"data": [{"delay": 1}] * 4}), 507, "3 fault rules"
    )
    assert len(rules(harness, owner)) == 3
    assert harness.call("PUT", RULES, owner, json={"data": [{"delay": 2}] * 3}).status_code == 200
    other = None if owner else "me"
    assert harness.rule(other, delay=1)
    harness.call("DELETE", f"{RULES}/{prefix}-2", owner)
    assert harness.rule(owner, delay=1) == f"{prefix}-4"


@OWNERS
def test_memory_of_rules_is_limited(assert_error_shape: Check, owner: str | None, prefix: str) -> None:
    limit = 20_000
    harness = Harness(max_rule_bytes=limit)
    large = {"delay": 1, "match": {"query": {"a": "b" * 4_000}}}
    assert harness.call("POST", RULES, owner, json=large).status_code == 201
    document = large | {"match": {"query": {"a": "b" * 20_000}}}
    for method, path, body in (
        ("POST", RULES, document),
        ("PUT", f"{RULES}/{prefix}-1", document),
        ("PUT", RULES, {"data": [large, large, large]}),
    ):
        refused = harness.call(method, path, owner, json=body)
        assert_error_shape(refused, 507, f"more than {limit} bytes", "--max-rule-bytes")
    assert [rule["match"] for rule in rules(harness, owner)] == [large["match"]]
    assert harness.call("PUT", RULES, owner, json={"data": [{"delay": 1}] * 5}).status_code == 200


@OWNER
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"delay": 1}), ("DELETE", None)])
def test_unknown_rule_is_not_found(
    harness: Harness, assert_error_shape: Check, owner: str | None, method: str, body: Any
) -> None:
    response = harness.call(method, f"{RULES}/rule-99", owner, json=body)
    assert_error_shape(response, 404, "rule-99")


@OWNER
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, "A rule needs a delay, a fault or both."),
        ({"delay": 1, "probability": 5}, "write 0.05 for 5 percent"),
        ({"fault": {"type": "reset"}}, "fault.type must be one of status, rate_limit"),
        ({"delay": 1, "match": []}, "match must be an object"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_invalid_rule_is_refused_and_changes_nothing(
    harness: Harness,
    assert_error_shape: Check,
    owner: str | None,
    method: str,
    document: Any,
    expected: str,
) -> None:
    rule = harness.rule(owner, delay=1)
    kept = rules(harness, owner)
    url = RULES if method == "POST" else f"{RULES}/{rule}"
    assert_error_shape(harness.call(method, url, owner, json=document), 400, expected)
    assert rules(harness, owner) == kept


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_write_requires_json(harness: Harness, assert_error_shape: Check, method: str) -> None:
    assert_error_shape(harness.call(method, RULES, data={"delay": "1"}), 415, "application/json")


def test_other_methods_are_not_allowed(harness: Harness, assert_error_shape: Check) -> None:
    refused = harness.call("PATCH", RULES, json={})
    assert_error_shape(refused, 405)
    assert {"GET", "POST", "PUT", "DELETE"} <= set(refused.headers["Allow"].split(", "))
    assert_error_shape(harness.call("POST", f"{RULES}/rule-1", json={}), 405)


def test_delete_without_rules_succeeds(harness: Harness) -> None:
    for owner in ("me", None):
        assert harness.call("DELETE", RULES, owner).status_code == 204


def test_reset_removes_own_rules_and_keeps_server_wide_rules(harness: Harness) -> None:
    harness.rule(fault={"type": "status", "status": 503})
    harness.rule(None, times=1, fault={"type": "status", "status": 502})
    assert harness.call().status_code == 503
    harness.call("POST", "/__admin/reset", json={})
    assert rules(harness, "me") == []
    assert [rule["id"] for rule in rules(harness, None)] == ["server-rule-1"]
    assert [harness.call().status_code for _ in range(2)] == [502, 200]
    harness.call("POST", "/__admin/reset", json={})
    assert [harness.call().status_code for _ in range(2)] == [502, 200], (
        "counters start at zero after a reset"
    )


def test_snapshots_and_exports_include_rules(harness: Harness) -> None:
    harness.rule(**FLAKY)
    document = harness.call("GET", "/__admin/state").get_json()
    snapshot = harness.call("POST", "/__admin/snapshots", json={}).get_json()["id"]
    harness.call("DELETE", RULES)
    assert harness.call("POST", f"/__admin/snapshots/{snapshot}/restore", json={}).status_code == 200
    restored = rules(harness, "me")
    assert [rule["name"] for rule in restored] == ["flaky create"]
    harness.call("DELETE", RULES)
    assert harness.call("PUT", "/__admin/state", json=document).status_code == 200
    assert rules(harness, "me") == restored
    assert harness.create().status_code == 503


def test_limit_of_firings_is_exact_for_concurrent_calls(harness: Harness) -> None:
    harness.rule(times=2, fault={"type": "status", "status": 503})
    barrier = Barrier(50)

    def call(_: int) -> int:
        client = harness.client()
        barrier.wait()
        return client.get("/v1/nothing").status_code

    with ThreadPoolExecutor(50) as threads:
        statuses = list(threads.map(call, range(50)))
    assert sorted(statuses) == [404] * 48 + [503] * 2
    shown = rules(harness, "me")[0]
    assert (shown["matched"], shown["fired"]) == (50, 2)


FAIL: dict[str, Any] = {"type": "status", "status": 503}


@OWNERS
@pytest.mark.parametrize("enabled", [{}, {"enabled": True}], ids=["as added", "enabled"])
def test_rule_can_be_written_as_it_was_read_and_keeps_its_counters(
    harness: Harness, owner: str | None, prefix: str, enabled: dict[str, bool]
) -> None:
    rule = harness.rule(owner, times=2, fault=FAIL, **enabled)
    assert harness.call().status_code == 503
    url = f"{RULES}/{rule}"
    shown = harness.call("GET", url, owner).get_json()
    assert (shown["id"], shown["matched"], shown["fired"]) == (f"{prefix}-1", 1, 1)
    assert harness.call("PUT", url, owner, json=shown).get_json() == shown
    assert harness.call("PUT", RULES, owner, json={"data": [shown]}).get_json() == {"data": [shown]}
    assert [harness.call().status_code for _ in range(2)] == [503, 200]


@OWNERS
def test_rule_that_was_read_can_be_changed_and_is_counted_from_zero(
    harness: Harness, owner: str | None, prefix: str
) -> None:
    rule = harness.rule(owner, times=1, fault=FAIL)
    assert [harness.call().status_code for _ in range(2)] == [503, 200]
    shown = harness.call("GET", f"{RULES}/{rule}", owner).get_json()
    changed = harness.call("PUT", f"{RULES}/{rule}", owner, json=shown | {"times": 2}).get_json()
    assert changed == {"id": f"{prefix}-1", "times": 2, "fault": FAIL, "matched": 0, "fired": 0}
    assert [harness.call().status_code for _ in range(3)] == [503, 503, 200]
    listed = harness.call("PUT", RULES, owner, json={"data": [changed | {"times": 3}]}).get_json()
    assert listed == {"data": [changed | {"times": 3}]}
    assert [harness.call().status_code for _ in range(4)] == [503, 503, 503, 200]


def test_rule_that_was_read_can_be_switched_by_its_id_and_enabled(harness: Harness) -> None:
    rule = harness.rule(fault=FAIL)
    harness.call()
    body = {"id": rule, "enabled": False, "matched": 1, "fired": 1}
    shown = harness.call("PUT", f"{RULES}/{rule}", json=body).get_json()
    assert shown == {"id": rule, "fault": FAIL, "enabled": False, "matched": 1, "fired": 1}


def test_list_in_another_order_gets_the_ids_of_its_places(harness: Harness) -> None:
    for name in ("a", "b"):
        harness.rule(name=name, delay=1)
    shown = list(reversed(rules(harness, "me")))
    written = harness.call("PUT", RULES, json={"data": shown}).get_json()["data"]
    assert [(each["id"], each["name"]) for each in written] == [("rule-1", "b"), ("rule-2", "a")]


@OWNERS
@pytest.mark.parametrize("given", ["rule-7", "server-rule-7"])
def test_change_with_the_id_of_another_rule_is_refused(
    harness: Harness, assert_error_shape: Check, owner: str | None, prefix: str, given: str
) -> None:
    rule = harness.rule(owner, delay=1)
    kept = rules(harness, owner)
    response = harness.call("PUT", f"{RULES}/{rule}", owner, json={"id": given, "delay": 1})
    assert_error_shape(response, 400, f'id must be "{prefix}-1", as in the path, not "{given}"')
    assert rules(harness, owner) == kept


def test_new_rule_has_no_id_yet(harness: Harness, assert_error_shape: Check) -> None:
    response = harness.call("POST", RULES, json={"delay": 1, "id": "rule-7"})
    assert_error_shape(response, 400, "id is not an attribute")


@OWNERS
@pytest.mark.parametrize("alone", [True, False], ids=["enabled alone", "whole rule"])
def test_rule_can_be_switched_off_and_on_and_keeps_its_counters(
    harness: Harness, owner: str | None, prefix: str, alone: bool
) -> None:
    document: dict[str, Any] = {"skip": 1, "times": 2, "fault": FAIL}
    rule = harness.rule(owner, **document)
    url = f"{RULES}/{rule}"
    assert [harness.call().status_code for _ in range(2)] == [200, 503]

    def switch(*, enabled: bool) -> Any:
        body = {"enabled": enabled} if alone else document | {"enabled": enabled}
        response = harness.call("PUT", url, owner, json=body)
        assert response.status_code == 200
        return response.get_json()

    for _ in range(2):  # as a client that tries again
        shown = {"id": f"{prefix}-1", **document, "enabled": False, "matched": 2, "fired": 1}
        assert switch(enabled=False) == shown
    assert [harness.call().status_code for _ in range(3)] == [200] * 3
    for _ in range(2):
        assert switch(enabled=True) == shown | {"enabled": True}
    assert [harness.call().status_code for _ in range(2)] == [503, 200]


def test_rule_that_is_added_switched_off_does_nothing(harness: Harness) -> None:
    rule = harness.rule(enabled=False, times=1, fault=FAIL)
    assert harness.call().status_code == 200
    assert rules(harness, "me")[0]["matched"] == 0
    harness.call("PUT", f"{RULES}/{rule}", json={"enabled": True})
    assert [harness.call().status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"enabled": "false"}, "enabled must be true or false"),
        ({"enabled": None}, "enabled must be true or false"),
        ({"enabled": 0}, "enabled must be true or false"),
        ({"enabled": False, "name": "a"}, "A rule needs a delay, a fault or both."),
        ({"enabled": False, "times": 1}, "A rule needs a delay, a fault or both."),
        ({"enable": False}, "did you mean enabled?"),
    ],
    ids=str,
)
def test_invalid_switch_is_refused(
    harness: Harness, assert_error_shape: Check, body: Any, expected: str
) -> None:
    rule = harness.rule(delay=1)
    assert_error_shape(harness.call("PUT", f"{RULES}/{rule}", json=body), 400, expected)
    assert rules(harness, "me") == [{"id": rule, "delay": 1, "matched": 0, "fired": 0}]


def test_enabled_alone_is_no_rule(harness: Harness, assert_error_shape: Check) -> None:
    for method, url, body in (
        ("POST", RULES, {"enabled": True}),
        ("PUT", RULES, {"data": [{"enabled": True}]}),
    ):
        assert_error_shape(harness.call(method, url, json=body), 400, "needs a delay, a fault or both")


def test_call_that_a_rule_delays_is_woken_when_the_rule_is_switched_off(harness: Harness) -> None:
    rule = harness.rule(delay=5000)
    harness.while_asleep = lambda: harness.call("PUT", f"{RULES}/{rule}", json={"enabled": False})
    assert harness.call().status_code == 200
    assert harness.woken == [True]


def test_new_rule_with_the_id_of_a_removed_one_keeps_its_calls_asleep(harness: Harness) -> None:
    """The calls that a rule delays are not those of another rule that had its id."""
    harness.rule(delay=5000)

    def replace_once() -> None:
        if len(harness.slept) == 1:
            harness.call("PUT", RULES, json={"data": [{"delay": 7000}]})
            harness.call()

    harness.while_asleep = replace_once
    assert harness.call().status_code == 200
    assert (harness.slept, harness.woken) == ([5.0, 7.0], [False, True])


@OWNERS
def test_rules_can_be_reordered_and_keep_their_counters(
    harness: Harness, owner: str | None, prefix: str
) -> None:
    for status in (501, 502, 503):
        harness.rule(owner, times=2, fault={"type": "status", "status": status})
    assert harness.call().status_code == 501
    ids = [f"{prefix}-{number}" for number in (3, 1, 2)]
    response = harness.call("PUT", f"{RULES}/order", owner, json={"ids": ids})
    assert response.status_code == 200
    assert response.get_json()["data"] == rules(harness, owner)
    assert [(rule["id"], rule["fired"]) for rule in rules(harness, owner)] == list(
        zip(ids, (0, 1, 0), strict=True)
    )
    assert [harness.call().status_code for _ in range(6)] == [503, 503, 501, 502, 502, 200]


@OWNERS
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], 'ids must name each fault rule once; missing: "P-1", "P-2".'),
        (["P-1"], 'missing: "P-2".'),
        (["P-1", "P-2", "P-3"], 'once; unknown: "P-3".'),
        (["P-2", "P-1", "P-2"], 'once; given twice: "P-2".'),
        (["P-2", "other", "P-2"], 'missing: "P-1"; unknown: "other"; given twice: "P-2".'),
        ([f"x{number}" for number in range(9)], 'unknown: "x0", "x1", "x2", "x3", "x4" and 4 more.'),
    ],
    ids=str,
)
def test_order_must_name_each_rule_once(
    harness: Harness,
    assert_error_shape: Check,
    owner: str | None,
    prefix: str,
    order: list[str],
    expected: str,
) -> None:
    for _ in range(2):
        harness.rule(owner, delay=1)
    before = rules(harness, owner)
    ids = [name.replace("P", prefix) for name in order]
    response = harness.call("PUT", f"{RULES}/order", owner, json={"ids": ids})
    assert_error_shape(response, 400, expected.replace("P", prefix))
    assert rules(harness, owner) == before


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, "ids is missing"),
        ({"ids": "rule-1"}, "ids must be a list"),
        ({"ids": [1]}, "ids[0] must be an id"),
        ({"ids": [], "id": 1}, "id is not an attribute"),
    ],
)
def test_order_must_be_a_list_of_ids(
    harness: Harness, assert_error_shape: Check, body: Any, expected: str
) -> None:
    assert_error_shape(harness.call("PUT", f"{RULES}/order", json=body), 400, expected)


@pytest.mark.without_store
def test_health_names_only_server_wide_rules_that_are_on(harness: Harness) -> None:
    harness.rule(None, name="one", delay=1)
    harness.rule(None, name="two", delay=1, enabled=False)
    assert harness.call("GET", "/__admin/health").get_json()["on"] == ["server-wide fault rule one"]
