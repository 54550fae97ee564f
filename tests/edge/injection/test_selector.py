"""Selection of faults: precedence, time to live, and reproducible draws."""

from typing import Any

import pytest

from tests.faults.harness import COLLECTION, RULES, Harness


@pytest.fixture
def harness() -> Harness:
    return Harness()


class TestPrecedence:
    """The order is: header, query, data, rules of the sandbox, server-wide rules, command line."""

    SOURCES = ("header", "query", "data", "own", "server-wide", "command line")
    STATUS = dict(zip(SOURCES, (510, 511, 512, 513, 514, 515), strict=True))

    @pytest.mark.parametrize("first", range(len(SOURCES)))
    def test_first_of_several_sources_wins(self, first: int) -> None:
        sources = self.SOURCES[first:]
        harness = Harness(error_rate=float("command line" in sources), error_status=515)
        if "server-wide" in sources:
            harness.rule(None, name="server-wide", fault={"type": "status", "status": 514})
        if "own" in sources:
            harness.rule(name="own", fault={"type": "status", "status": 513})
        url = f"{COLLECTION}/{'trigger_512' if 'data' in sources else 'xgQQXg3hrtjh7AvZ'}"
        response = harness.call(
            url=url + ("?__code=511" if "query" in sources else ""),
            headers={"Prefer": "code=510"} if "header" in sources else {},
        )
        assert response.status_code == self.STATUS[sources[0]]
        assert response.headers["X-Sandbox-Rule"] == sources[0]
        assert harness.entry()["rule"] == sources[0]

    @pytest.mark.parametrize(("one", "other"), [(a, b) for a in range(6) for b in range(a + 1, 6)])
    def test_earlier_of_two_sources_wins(self, one: int, other: int) -> None:
        sources = {self.SOURCES[one], self.SOURCES[other]}
        harness = Harness(error_rate=float("command line" in sources), error_status=515)
        if "server-wide" in sources:
            harness.rule(None, fault={"type": "status", "status": 514})
        if "own" in sources:
            harness.rule(fault={"type": "status", "status": 513})
        response = harness.call(
            url=f"{COLLECTION}/{'trigger_512' if 'data' in sources else 'a'}"
            + ("?__code=511" if "query" in sources else ""),
            headers={"Prefer": "code=510"} if "header" in sources else {},
        )
        assert response.status_code == self.STATUS[self.SOURCES[one]]

    def test_requested_fault_is_not_counted_by_rules(self, harness: Harness) -> None:
        harness.rule(times=1, fault={"type": "status", "status": 513})
        assert harness.call(headers={"Prefer": "code=510"}).status_code == 510
        assert harness.call("GET", RULES).get_json()["data"][0]["matched"] == 0
        assert harness.call().status_code == 513

    def test_next_rule_applies_if_a_rule_does_not_fire(self) -> None:
        harness = Harness(error_rate=1.0, error_status=515)
        harness.rule(None, times=1, fault={"type": "status", "status": 514})
        harness.rule(times=1, fault={"type": "status", "status": 513})
        assert [harness.call().status_code for _ in range(4)] == [513, 514, 515, 515]


class TestTime:
    """The time to live of a rule is measured on the clock of the sandbox."""

    def advance(self, harness: Harness, seconds: float) -> None:
        harness.call("PUT", "/__admin/clock", json={"action": "advance", "seconds": seconds})

    def test_rule_ends_after_its_time_to_live(self, harness: Harness) -> None:
        harness.rule(ttl_seconds=60, fault={"type": "status", "status": 503})
        harness.now += 59
        assert harness.call().status_code == 503
        self.advance(harness, 1)
        assert harness.call().status_code == 200

    def test_rule_does_not_end_while_the_clock_is_frozen(self) -> None:
        harness = Harness("blank")
        harness.rule(ttl_seconds=60, fault={"type": "status", "status": 503})
        harness.now += 1000
        assert harness.call().status_code == 503
        self.advance(harness, 60)
        assert harness.call().status_code == 200

    @pytest.mark.parametrize("scenario", ["documented", "blank"])
    def test_time_to_live_of_a_server_wide_rule_is_the_same_for_every_clock(self, scenario: str) -> None:
        harness = Harness(scenario)
        harness.call()
        self.advance(harness, 3600)
        harness.rule(None, ttl_seconds=60, fault={"type": "status", "status": 503})
        assert harness.call().status_code == 503
        self.advance(harness, 59)
        assert harness.call().status_code == 503
        self.advance(harness, 1)
        assert harness.call().status_code == 200


class TestDraws:
    """Equal seeds and equal calls lead to equal faults."""

    def test_draws_do_not_depend_on_other_sandboxes(self) -> None:
        tokens = ("a", "b", "c", "d")
        document = {"probability": 0.3, "fault": {"type": "status", "status": 503}}

        def run(order: list[str]) -> dict[str, list[int]]:
            harness = Harness()
            harness.rule(None, **document)
            statuses: dict[str, list[int]] = {token: [] for token in tokens}
            for token in order:
                statuses[token].append(harness.call(url="/v1/nothing", token=token).status_code)
            return statuses

        one_after_the_other = run([token for token in tokens for _ in range(30)])
        in_rotation = run(list(tokens) * 30)
        in_reverse_rotation = run(list(reversed(tokens)) * 30)
        assert one_after_the_other == in_rotation == in_reverse_rotation
        assert len({tuple(each) for each in one_after_the_other.values()}) == 4

    def test_reset_repeats_the_draws(self, harness: Harness) -> None:
        runs = []
        for _ in range(2):
            harness.rule(probability=0.3, fault={"type": "status", "status": 503})
            runs.append([harness.call(url="/v1/nothing").status_code for _ in range(60)])
            harness.call("POST", "/__admin/reset", json={})
        assert runs[0] == runs[1]
        assert set(runs[0]) == {404, 503}

    def test_other_seed_changes_the_draws(self, harness: Harness) -> None:
        runs = []
        for seed in (1, 2):
            harness.call("POST", "/__admin/reset", json={"seed": seed})
            harness.rule(probability=0.3, fault={"type": "status", "status": 503})
            runs.append([harness.call(url="/v1/nothing").status_code for _ in range(60)])
        assert runs[0] != runs[1]


class TestVerdicts:
    """The journal has the rules that were looked at for a call, in order, and why each fired or did not."""

    def test_entry_has_the_rules_that_were_looked_at(self) -> None:
        harness = Harness(error_rate=1.0, error_status=515)
        harness.rule(name="creates", match={"operation": "createConversation"}, delay=1)
        harness.rule(enabled=False, delay=1)
        harness.rule(None, name="late", skip=1, delay=1)
        assert harness.call().status_code == 515
        entry = harness.entry()
        assert entry["why"] == [
            {
                "id": "rule-1",
                "rule": "creates",
                "scope": "sandbox",
                "outcome": "operation",
                "message": "its operation is createConversation, and the call is listConversations",
            },
            {
                "id": "rule-2",
                "rule": None,
                "scope": "sandbox",
                "outcome": "disabled",
                "message": "it is switched off",
            },
            {
                "id": "server-rule-1",
                "rule": "late",
                "scope": "server",
                "outcome": "skip",
                "message": "it lets its first matching call pass, and this is call 1",
            },
            {
                "id": "command-line-error",
                "rule": "command line",
                "scope": "server",
                "outcome": "fired",
                "message": "it fired; this was firing 1",
            },
        ]
        assert entry["why_omitted"] == 0

    def test_rules_behind_the_one_that_fired_are_not_looked_at(self, harness: Harness) -> None:
        harness.rule(delay=1)
        harness.rule(delay=2)
        harness.call()
        assert [(each["id"], each["outcome"]) for each in harness.entry()["why"]] == [("rule-1", "fired")]

    @pytest.mark.parametrize(
        ("url", "sent"),
        [
            (COLLECTION, {"headers": {"Prefer": "code=503"}}),
            (f"{COLLECTION}?__code=503", {}),
            (f"{COLLECTION}/trigger_503", {}),
            (COLLECTION, {"headers": {"Authorization": "Bearer revoked_1"}}),
            (COLLECTION, {"method": "POST", "json": {"contact_id": "trigger_503"}}),
        ],
        ids=["header", "query", "path", "token", "body"],
    )
    def test_no_rule_is_looked_at_if_the_call_requests_its_fault(
        self, harness: Harness, url: str, sent: dict[str, Any]
    ) -> None:
        harness.rule(None, delay=1)
        token = "revoked_1" if "Bearer" in str(sent) else "me"
        harness.call(url=url, **sent)
        assert harness.entry(token)["why"] == []

    def test_no_rule_is_looked_at_if_there_is_none(self, harness: Harness) -> None:
        harness.call()
        assert harness.entry()["why"] == []

    def test_verdicts_do_not_change_with_the_rules(self, harness: Harness) -> None:
        harness.rule(name="before", times=1, delay=1)
        harness.call()
        before = harness.entry()["why"]
        harness.call(
            "PUT", f"{RULES}/rule-1", json={"name": "after", "match": {"method": "POST"}, "delay": 2}
        )
        assert harness.entry()["why"] == before

    def test_number_of_verdicts_is_limited(self) -> None:
        harness = Harness(max_rules=500)
        harness.call("PUT", RULES, json={"data": [{"enabled": False, "delay": 1}] * 499 + [{"delay": 1}]})
        harness.call()
        entry = harness.entry()
        assert (len(entry["why"]), entry["why_omitted"]) == (20, 480)
        assert [each["id"] for each in entry["why"][-2:]] == ["rule-19", "rule-500"]
        assert entry["why"][-1]["outcome"] == "fired"

    def test_value_of_a_call_is_not_in_its_verdicts(self, harness: Harness) -> None:
        """It may be a secret, which the journal redacts."""
        harness.rule(match={"query": {"access_token": "other"}}, delay=1)
        harness.call(url=f"{COLLECTION}?access_token=secret-1")
        entry = harness.entry()
        assert entry["why"][0]["outcome"] == "query"
        assert "secret-1" not in str(entry)
