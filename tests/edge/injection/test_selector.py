"""Which fault a call meets: who wins, how long it lasts, and the same draws every time."""

import pytest

from tests.faults.harness import COLLECTION, RULES, Harness


@pytest.fixture
def bench() -> Harness:
    return Harness()


class TestPrecedence:
    """Header, query, plain data, the rules of the sandbox, the server-wide ones, the command line."""

    SOURCES = ("header", "query", "data", "own", "server-wide", "command line")
    STATUS = dict(zip(SOURCES, (510, 511, 512, 513, 514, 515), strict=True))

    @pytest.mark.parametrize("first", range(len(SOURCES)))
    def test_of_all_that_ask_the_first_wins(self, first: int) -> None:
        asking = self.SOURCES[first:]
        bench = Harness(error_rate=float("command line" in asking), error_status=515)
        if "server-wide" in asking:
            bench.rule(None, name="server-wide", fault={"type": "status", "status": 514})
        if "own" in asking:
            bench.rule(name="own", fault={"type": "status", "status": 513})
        url = f"{COLLECTION}/{'trigger_512' if 'data' in asking else 'xgQQXg3hrtjh7AvZ'}"
        answer = bench.call(
            url=url + ("?__code=511" if "query" in asking else ""),
            headers={"Prefer": "code=510"} if "header" in asking else {},
        )
        assert answer.status_code == self.STATUS[asking[0]]
        assert answer.headers["X-Sandbox-Rule"] == asking[0]
        assert bench.entry()["rule"] == asking[0]

    @pytest.mark.parametrize(("one", "other"), [(a, b) for a in range(6) for b in range(a + 1, 6)])
    def test_of_any_two_the_earlier_wins(self, one: int, other: int) -> None:
        asking = {self.SOURCES[one], self.SOURCES[other]}
        bench = Harness(error_rate=float("command line" in asking), error_status=515)
        if "server-wide" in asking:
            bench.rule(None, fault={"type": "status", "status": 514})
        if "own" in asking:
            bench.rule(fault={"type": "status", "status": 513})
        answer = bench.call(
            url=f"{COLLECTION}/{'trigger_512' if 'data' in asking else 'a'}"
            + ("?__code=511" if "query" in asking else ""),
            headers={"Prefer": "code=510"} if "header" in asking else {},
        )
        assert answer.status_code == self.STATUS[self.SOURCES[one]]

    def test_what_the_call_asks_for_leaves_the_rules_uncounted(self, bench: Harness) -> None:
        bench.rule(times=1, fault={"type": "status", "status": 513})
        assert bench.call(headers={"Prefer": "code=510"}).status_code == 510
        assert bench.call("GET", RULES).get_json()["data"][0]["matched"] == 0
        assert bench.call().status_code == 513

    def test_rules_that_do_not_fire_leave_the_call_to_those_behind_them(self) -> None:
        bench = Harness(error_rate=1.0, error_status=515)
        bench.rule(None, times=1, fault={"type": "status", "status": 514})
        bench.rule(times=1, fault={"type": "status", "status": 513})
        assert [bench.call().status_code for _ in range(4)] == [513, 514, 515, 515]


class TestTime:
    """Rules end on the clock of the sandbox."""

    def advance(self, bench: Harness, seconds: float) -> None:
        bench.call("PUT", "/__admin/clock", json={"action": "advance", "seconds": seconds})

    def test_a_rule_ends_when_its_time_is_over(self, bench: Harness) -> None:
        bench.rule(ttl_seconds=60, fault={"type": "status", "status": 503})
        bench.now += 59
        assert bench.call().status_code == 503
        self.advance(bench, 1)
        assert bench.call().status_code == 200

    def test_a_frozen_clock_keeps_a_rule(self) -> None:
        bench = Harness("blank")
        bench.rule(ttl_seconds=60, fault={"type": "status", "status": 503})
        bench.now += 1000
        assert bench.call().status_code == 503
        self.advance(bench, 60)
        assert bench.call().status_code == 200

    @pytest.mark.parametrize("scenario", ["documented", "blank"])
    def test_a_server_wide_rule_lasts_as_long_in_each_sandbox_whatever_its_clock_shows(
        self, scenario: str
    ) -> None:
        bench = Harness(scenario)
        bench.call()
        self.advance(bench, 3600)
        bench.rule(None, ttl_seconds=60, fault={"type": "status", "status": 503})
        assert bench.call().status_code == 503
        self.advance(bench, 59)
        assert bench.call().status_code == 503
        self.advance(bench, 1)
        assert bench.call().status_code == 200


class TestDraws:
    """Same seed, same calls, same faults."""

    def test_each_sandbox_meets_the_same_faults_whatever_the_others_do(self) -> None:
        tokens = ("a", "b", "c", "d")
        document = {"probability": 0.3, "fault": {"type": "status", "status": 503}}

        def run(order: list[str]) -> dict[str, list[int]]:
            bench = Harness()
            bench.rule(None, **document)
            met: dict[str, list[int]] = {token: [] for token in tokens}
            for token in order:
                met[token].append(bench.call(url="/v1/nothing", token=token).status_code)
            return met

        by_token = run([token for token in tokens for _ in range(30)])
        in_turns = run(list(tokens) * 30)
        backwards = run(list(reversed(tokens)) * 30)
        assert by_token == in_turns == backwards
        assert len({tuple(statuses) for statuses in by_token.values()}) == 4

    def test_a_reset_begins_the_same_draws_again(self, bench: Harness) -> None:
        runs = []
        for _ in range(2):
            bench.rule(probability=0.3, fault={"type": "status", "status": 503})
            runs.append([bench.call(url="/v1/nothing").status_code for _ in range(60)])
            bench.call("POST", "/__admin/reset", json={})
        assert runs[0] == runs[1]
        assert set(runs[0]) == {404, 503}

    def test_another_seed_draws_otherwise(self, bench: Harness) -> None:
        runs = []
        for seed in (1, 2):
            bench.call("POST", "/__admin/reset", json={"seed": seed})
            bench.rule(probability=0.3, fault={"type": "status", "status": 503})
            runs.append([bench.call(url="/v1/nothing").status_code for _ in range(60)])
        assert runs[0] != runs[1]
