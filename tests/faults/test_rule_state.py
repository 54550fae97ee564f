"""Rules in the state document: what they have counted survives an export and an import."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.harness import RULES, Harness

Check = Callable[..., str]

STATE = "/__admin/state"
FAIL = {"type": "status", "status": 503}
LIMIT = {"type": "rate_limit", "limit": 2, "window_seconds": 60}
EMPTY: dict[str, Any] = {
    "version": 1,
    "seed": 1,
    "pinned_ids": [],
    "id_index": 0,
    "frozen_at": 1000.0,
    "clock_offset": 0.0,
    "faults": [],
    "conversations": [],
    "deleted": [],
}


def exported(harness: Harness, token: str = "me") -> dict[str, Any]:
    document: dict[str, Any] = harness.call("GET", STATE, token).get_json()
    return document


def import_(harness: Harness, document: dict[str, Any], token: str = "me") -> None:
    response = harness.call("PUT", STATE, token, json=document)
    assert response.status_code == 200, response.text


def outcomes(harness: Harness, calls: int, step: float = 0.0) -> list[Any]:
    """Return the status, the rule and the quota of consecutive calls, between which ``step`` seconds pass."""
    seen = []
    for _ in range(calls):
        response = harness.call(url="/v1/nothing")
        names = (
            "X-Sandbox-Rule",
            "X-Sandbox-Delay-Ms",
            "Retry-After",
            "RateLimit-Remaining",
            "RateLimit-Reset",
        )
        seen.append((response.status_code, *(response.headers.get(name) for name in names)))
        harness.now += step
    return seen


def counted(harness: Harness, token: str | None = "me") -> list[tuple[str, int, int]]:
    data = harness.call("GET", RULES, token).get_json()["data"]
    return [(rule["id"], rule["matched"], rule["fired"]) for rule in data]


def test_rule_that_has_counted_nothing_is_exported_as_it_was_written() -> None:
    harness = Harness()
    harness.rule(name="a", times=2, fault=FAIL)
    document = exported(harness)
    assert document["faults"] == [{"name": "a", "times": 2, "fault": FAIL}]
    assert "server_faults" not in document


def test_export_has_what_rules_have_counted() -> None:
    harness = Harness("blank")
    harness.rule(delay=1)
    harness.rule(match={"method": "POST"}, ttl_seconds=60, delay=1)
    harness.rule(skip=1, ttl_seconds=60, fault=LIMIT)
    harness.call("DELETE", f"{RULES}/rule-1")
    outcomes(harness, 3)
    assert exported(harness)["faults"] == [
        {
            "id": "rule-2",
            "match": {"method": "POST"},
            "ttl_seconds": 60,
            "delay": 1,
            "since": 692233200.0,
        },
        {
            "id": "rule-3",
            "skip": 1,
            "ttl_seconds": 60,
            "fault": LIMIT,
            "matched": 3,
            "fired": 0,
            "since": 692233200.0,
            "window": {"began": 692233200.0, "ends": 692233260.0, "calls": 2},
        },
    ]


def test_import_brings_back_ids_order_and_counters() -> None:
    harness = Harness()
    for name in "abc":
        harness.rule(name=name, times=1, enabled=name != "b", fault=FAIL)
    outcomes(harness, 2)
    harness.call("PUT", f"{RULES}/order", json={"ids": ["rule-3", "rule-1", "rule-2"]})
    before = counted(harness)
    assert before == [("rule-3", 1, 1), ("rule-1", 2, 1), ("rule-2", 0, 0)]
    document = exported(harness)
    harness.call("DELETE", RULES)
    import_(harness, document)
    assert counted(harness) == before
    assert exported(harness) == document
    assert harness.rule(delay=1) == "rule-4"


KINDS: dict[str, dict[str, Any]] = {
    "skip": {"skip": 7, "fault": FAIL},
    "times": {"times": 6, "fault": FAIL},
    "every": {"every": 3, "fault": FAIL},
    "probability": {"probability": 0.4, "fault": FAIL},
    "delay": {"delay": {"type": "uniform", "lower": 1, "upper": 999}},
    "rate limit": {"fault": LIMIT},
    "time to live": {"ttl_seconds": 40, "fault": FAIL},
    "together": {"skip": 2, "every": 2, "times": 4, "probability": 0.7, "ttl_seconds": 90, "fault": FAIL},
    "limit after a skip": {"skip": 3, "fault": LIMIT},
}


@pytest.mark.parametrize("owner", ["me", None], ids=["own", "server-wide"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["import", "snapshot"])
def test_calls_meet_the_same_faults_afterwards(kind: str, owner: str | None, how: str) -> None:
    for calls in (0, 1, 4, 9):
        harness = Harness()
        harness.rule(owner, name="first", match={"method": "POST"}, delay=1)
        harness.rule(owner, name=kind, **KINDS[kind])
        # A draw depends on the id, so that it must come back as well.
        harness.call("DELETE", f"{RULES}/{'rule' if owner else 'server-rule'}-1", owner)
        outcomes(harness, calls, step=5)
        repeat = saved(harness, how)
        then = harness.now
        expected = outcomes(harness, 12, step=5)
        harness.now = then
        repeat()
        assert outcomes(harness, 12, step=5) == expected


def saved(harness: Harness, how: str) -> Callable[[], None]:
    """Save the state, and return a function that brings it back."""
    if how == "import":
        document = exported(harness)
        return lambda: import_(harness, document)
    snapshot = harness.call("POST", "/__admin/snapshots", json={}).get_json()["id"]

    def restore() -> None:
        harness.call("POST", f"/__admin/snapshots/{snapshot}/restore", json={})

    return restore


RULE_DOCUMENTS = st.fixed_dictionaries(
    {"fault": st.sampled_from([FAIL, LIMIT, {"type": "rate_limit", "limit": 0, "window_seconds": 7}])},
    optional={
        "enabled": st.booleans(),
        "skip": st.integers(0, 4),
        "times": st.integers(1, 4),
        "every": st.integers(1, 3),
        "probability": st.sampled_from([0, 0.3, 0.8, 1]),
        "ttl_seconds": st.integers(1, 60),
        "delay": st.sampled_from([0, 5, {"type": "uniform", "lower": 1, "upper": 9}]),
    },
)


@settings(max_examples=30, deadline=None)
@given(
    own=st.lists(RULE_DOCUMENTS, max_size=3),
    wide=st.lists(RULE_DOCUMENTS, max_size=2),
    before=st.integers(0, 8),
    step=st.sampled_from([0.0, 0.25, 7.0, 31.0]),
    how=st.sampled_from(["import", "snapshot"]),
)
def test_any_rules_go_on_where_they_were(
    own: list[Any], wide: list[Any], before: int, step: float, how: str
) -> None:
    harness = Harness(error_rate=0.2)
    harness.call("PUT", RULES, json={"data": own})
    harness.call("PUT", RULES, None, json={"data": wide})
    outcomes(harness, before, step)
    repeat, then, document = saved(harness, how), harness.now, exported(harness)
    expected = outcomes(harness, 6, step)
    harness.now = then
    repeat()
    assert exported(harness) == document
    assert outcomes(harness, 6, step) == expected


def test_import_into_another_sandbox_goes_on_too() -> None:
    harness = Harness()
    harness.rule(times=2, fault=FAIL)
    outcomes(harness, 1)
    import_(harness, exported(harness), "other")
    assert [harness.call(token="other").status_code for _ in range(2)] == [503, 200]
    assert counted(harness) == [("rule-1", 1, 1)]


def test_snapshot_is_not_changed_by_what_happens_to_its_rules() -> None:
    harness = Harness()
    harness.rule(times=3, delay=5000, fault=FAIL)
    outcomes(harness, 1)
    restore = saved(harness, "snapshot")
    for change in (
        lambda: harness.call("DELETE", RULES),
        lambda: harness.call("PUT", f"{RULES}/rule-1", json={"enabled": False}),
        lambda: outcomes(harness, 5),
    ):
        change()
        restore()
        assert counted(harness) == [("rule-1", 1, 1)]
        harness.slept.clear()
        assert [status for status, *_ in outcomes(harness, 3)] == [503, 503, 404]
        assert harness.slept == [5.0, 5.0], "the delay of a rule that came back is not cut short"
        restore()


def test_counters_of_a_server_wide_rule_that_has_changed_are_not_brought_back() -> None:
    for how in ("import", "snapshot"):
        harness = Harness()
        harness.rule(None, times=2, fault=FAIL)
        outcomes(harness, 1)
        restore = saved(harness, how)
        harness.call("PUT", f"{RULES}/server-rule-1", None, json={"times": 1, "fault": FAIL})
        restore()
        assert [status for status, *_ in outcomes(harness, 2)] == [503, 404]


def test_counters_of_a_server_wide_rule_that_was_switched_are_brought_back() -> None:
    for how in ("import", "snapshot"):
        harness = Harness()
        harness.rule(None, times=2, fault=FAIL)
        outcomes(harness, 1)
        restore = saved(harness, how)
        harness.call("PUT", f"{RULES}/server-rule-1", None, json={"enabled": False})
        harness.call("PUT", f"{RULES}/server-rule-1", None, json={"enabled": True})
        restore()
        assert [status for status, *_ in outcomes(harness, 2)] == [503, 404]


def test_counters_of_unknown_server_wide_rules_are_ignored() -> None:
    harness = Harness()
    unknown = {"id": "server-rule-7", "rule": {"fault": FAIL}, "matched": 5, "fired": 5}
    import_(harness, EMPTY | {"server_faults": [unknown]})
    assert "server_faults" not in exported(harness)


def test_reset_counts_from_zero() -> None:
    harness = Harness(error_rate=0.5)
    harness.rule(None, times=1, fault=FAIL)
    first = outcomes(harness, 8)
    harness.call("POST", "/__admin/reset", json={})
    assert outcomes(harness, 8) == first


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"id": "rule-0"}, "faults[0].id must be the id of a rule, like rule-1, not"),
        ({"id": "server-rule-1"}, "faults[0].id must be the id of a rule"),
        ({"id": "rule-01"}, "faults[0].id must be the id of a rule"),
        ({"id": "rule-" + "1" * 10}, "faults[0].id must be the id of a rule"),
        ({"id": 1}, "faults[0].id must be the id of a rule"),
        ({"id": None}, "faults[0].id must be the id of a rule"),
        ({"matched": -1}, "faults[0].matched must be an integer from 0"),
        ({"matched": 2**53}, "faults[0].matched must be an integer from 0"),
        ({"matched": "1"}, "faults[0].matched must be an integer"),
        ({"fired": 1}, "faults[0]: fired must not be more than matched."),
        ({"matched": 1, "fired": 2}, "faults[0]: fired must not be more than matched."),
        ({"since": -1}, "faults[0].since must be a number from 0"),
        ({"since": 1e12}, "faults[0].since must be a number from 0"),
        ({"since": None}, "faults[0].since must be a number from 0"),
        (
            {"window": {"began": 1, "ends": 2, "calls": 1}},
            "faults[0]: window goes with the fault rate_limit.",
        ),
        ({"fault": LIMIT, "window": 5}, "faults[0].window must be an object"),
        ({"fault": LIMIT, "window": {}}, "faults[0].window.began is missing"),
        (
            {"fault": LIMIT, "window": {"began": 1, "ends": 1, "calls": 1}},
            "faults[0].window: A window ends after it began.",
        ),
        (
            {"fault": LIMIT, "window": {"began": 1, "ends": 2, "calls": 1.5}},
            "faults[0].window.calls must be an integer",
        ),
        ({"match_number": 5}, "faults[0].match_number is not an attribute of a rule"),
    ],
    ids=str,
)
def test_invalid_counters_are_refused_and_change_nothing(
    assert_error_shape: Check, rule: dict[str, Any], message: str
) -> None:
    harness = Harness()
    harness.rule(times=1, fault=FAIL)
    before = exported(harness)
    document = EMPTY | {"faults": [{"delay": 1, **rule}]}
    assert_error_shape(harness.call("PUT", STATE, json=document), 400, message)
    assert exported(harness) == before


@pytest.mark.parametrize(
    ("counters", "message"),
    [
        ({}, "server_faults[0].id is missing"),
        ({"id": "a b"}, "server_faults[0].id must be an id"),
        ({"id": "a"}, "server_faults[0].rule is missing"),
        ({"id": "a", "rule": []}, "server_faults[0].rule must be an object, not []"),
        ({"id": "a", "rule": {}, "fired": 1}, "server_faults[0]: fired must not be more than matched."),
        ({"id": "a", "rule": {}, "window": {}}, "server_faults[0].window.began is missing"),
        (
            {"id": "a", "rule": {}, "count": 1},
            "server_faults[0].count is not an attribute of the counters of a rule",
        ),
        (5, "server_faults[0] must be an object, not 5"),
    ],
    ids=str,
)
def test_invalid_counters_of_server_wide_rules_are_refused(
    assert_error_shape: Check, counters: Any, message: str
) -> None:
    response = Harness().call("PUT", STATE, json=EMPTY | {"server_faults": [counters]})
    assert_error_shape(response, 400, message)


def test_counters_are_refused_in_a_rule_that_is_added(assert_error_shape: Check) -> None:
    response = Harness().call("POST", RULES, json={"delay": 1, "matched": 5})
    assert_error_shape(response, 400, "matched is not an attribute")


def test_counters_in_a_rule_that_is_changed_are_ignored() -> None:
    harness = Harness()
    harness.rule(delay=1)
    changed = harness.call("PUT", f"{RULES}/rule-1", json={"delay": 2, "matched": 5, "fired": 5}).get_json()
    assert changed == {"id": "rule-1", "delay": 2, "matched": 0, "fired": 0}
