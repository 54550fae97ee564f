"""What a fault does to a call, and how the answer and the journal explain it."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.faults.table import FAULTS
from tests.faults.harness import COLLECTION, CREATE, ITEM, RULES, Harness, Outcome

Check = Callable[..., str]

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "status": {"status": 503},
    "rate_limit": {"limit": 0, "window_seconds": 60},
    "truncate": {"bytes": 10},
    "hang": {"milliseconds": 5},
}
"""What the kinds need that need something."""

WITH_A_HEAD = {"status", "rate_limit", "malformed_json", "wrong_content_type", "truncate"}
"""Kinds that send status and headers the usual way; MALFORMED_RESPONSE_CHUNK sends its own."""

KINDS = list(FAULTS)


def fault(kind: str) -> dict[str, Any]:
    return {"type": kind, **ATTRIBUTES.get(kind, {})}


def head_of(outcome: Outcome) -> dict[str, str]:
    """The headers that were sent, by whatever way; by lower-case name."""
    if outcome.headers:
        return {name.lower(): value for name, value in outcome.headers}
    lines = outcome.socket.sent.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


@pytest.fixture
def bench() -> Harness:
    return Harness()


class TestExplaining:
    """Every affected answer says why it is as it is, and so does the journal."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_headers_and_journal_say_what_was_met(self, bench: Harness, kind: str) -> None:
        bench.rule(name="my rule", delay=120, fault=fault(kind))
        outcome = bench.served("POST", COLLECTION, json=CREATE)
        entry = bench.entry()
        assert (entry["rule"], entry["fault"], entry["delay_ms"]) == ("my rule", kind, 120)
        assert entry["operation"] == "createConversation"
        assert bench.slept[0] == 0.12
        if kind in WITH_A_HEAD or kind == "MALFORMED_RESPONSE_CHUNK":
            head = head_of(outcome)
            assert head["x-sandbox-rule"] == "my rule"
            assert head["x-sandbox-fault"] == kind
            assert head["x-sandbox-delay-ms"] == "120"
            assert head["x-request-id"] == entry["id"]
            assert entry["status"] is not None
        else:
            assert outcome.headers == []
            assert entry["status"] is None

    @pytest.mark.parametrize("kind", [*sorted(WITH_A_HEAD), "MALFORMED_RESPONSE_CHUNK"])
    @pytest.mark.parametrize("origin", [None, "http://localhost:5173"])
    def test_a_page_may_read_every_faulted_answer_that_has_a_head(
        self, bench: Harness, kind: str, origin: str | None
    ) -> None:
        bench.rule(fault=fault(kind))
        head = head_of(bench.served(headers={"Origin": origin} if origin else {}))
        assert head["access-control-allow-origin"] == (origin or "*")
        exposed = head["access-control-expose-headers"].split(", ")
        for name in (
            "X-Sandbox-Fault",
            "X-Sandbox-Rule",
            "X-Sandbox-Delay-Ms",
            "Retry-After",
            "RateLimit-Reset",
        ):
            assert name in exposed

    def test_a_rule_without_a_name_is_told_by_its_id(self, bench: Harness) -> None:
        rule = bench.fails("status", status=503)
        assert bench.call().headers["X-Sandbox-Rule"] == rule == "rule-1"
        assert bench.entry()["rule"] == rule

    def test_a_delay_alone_is_no_fault(self, bench: Harness) -> None:
        bench.rule(delay=33.4)
        answer = bench.call()
        assert answer.headers["X-Sandbox-Delay-Ms"] == "33"
        assert "X-Sandbox-Fault" not in answer.headers
        entry = bench.entry()
        assert (entry["fault"], entry["delay_ms"], entry["status"]) == (None, 33.4, 200)

    def test_a_fault_alone_is_no_delay(self, bench: Harness) -> None:
        bench.fails("status", status=503)
        assert "X-Sandbox-Delay-Ms" not in bench.call().headers
        assert bench.entry()["delay_ms"] == 0

    @pytest.mark.parametrize(
        ("name", "shown"), [("grün", "gr?n"), ("a\r\nX-Evil: 1", "a??X-Evil: 1"), ("日本", "??")]
    )
    def test_a_name_that_no_header_can_carry_is_made_to_fit(
        self, bench: Harness, name: str, shown: str
    ) -> None:
        bench.rule(name=name, fault={"type": "status", "status": 503})
        answer = bench.call()
        assert answer.headers["X-Sandbox-Rule"] == shown
        assert "X-Evil" not in answer.headers
        assert bench.entry()["rule"] == name

    def test_an_answer_that_met_nothing_says_nothing(self, bench: Harness) -> None:
        bench.rule(match={"method": "POST"}, fault={"type": "status", "status": 503})
        answer = bench.call()
        assert not [name for name, _ in answer.headers if name.startswith("X-Sandbox")]
        entry = bench.entry()
        assert (entry["rule"], entry["fault"], entry["delay_ms"]) == (None, None, 0)

    @pytest.mark.parametrize("phase", ["before", "after"])
    def test_status_counts_in_the_journal_as_it_was_sent(self, bench: Harness, phase: str) -> None:
        bench.rule(fault={"type": "status", "status": 503}, phase=phase)
        bench.create()
        for status, count in ((503, 1), (201, 0)):
            counted = bench.call("GET", f"/__admin/requests/count?status={status}").get_json()
            assert counted == {"count": count}


class TestPhases:
    """Before: the call does nothing. After: the call is done, and its answer is lost."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_before_nothing_is_written_and_no_id_is_used(self, bench: Harness, kind: str) -> None:
        rule = bench.rule(fault=fault(kind), phase="before")
        before = bench.call("GET", "/__admin/state").get_json()
        for method, url, sent in (
            ("POST", COLLECTION, {"json": CREATE}),
            ("PUT", ITEM, {"json": {"is_muted": True}}),
            ("DELETE", ITEM, {}),
        ):
            bench.served(method, url, **sent)
        assert bench.call("GET", "/__admin/state").get_json() == before
        bench.call("DELETE", f"{RULES}/{rule}")
        assert bench.create().data == Harness().create().data

    @pytest.mark.parametrize("kind", KINDS)
    def test_after_the_call_is_done_and_the_journal_shows_both(self, bench: Harness, kind: str) -> None:
        bench.rule(fault=fault(kind), phase="after")
        before = bench.ids()
        outcome = bench.served("POST", COLLECTION, json=CREATE)
        made = bench.ids()
        assert made[1:] == before
        assert bench.entry()["fault"] == f"{kind} after 201"
        assert made[0] == Harness().create().get_json()["id"]
        if kind in ("malformed_json", "wrong_content_type", "truncate"):
            assert head_of(outcome)["location"].endswith(made[0])
        bench.served("DELETE", f"{COLLECTION}/{made[0]}")
        assert bench.ids() == before
        assert bench.entry()["fault"] == f"{kind} after 204"

    def test_after_a_call_that_was_refused_the_journal_shows_both_as_well(self, bench: Harness) -> None:
        bench.rule(fault={"type": "status", "status": 503}, phase="after")
        assert bench.call("POST", COLLECTION, json={}).status_code == 503
        entry = bench.entry()
        assert (entry["status"], entry["fault"]) == (503, "status after 400")

    def test_a_client_that_retries_what_was_done_finds_it_done_twice(self, bench: Harness) -> None:
        """What an API without idempotency keys does to retries, and why this phase exists."""
        before = len(bench.ids())
        bench.rule(times=1, fault={"type": "status", "status": 503}, phase="after")
        assert bench.create().status_code == 503
        assert bench.create().status_code == 201
        assert len(bench.ids()) == before + 2

    def test_what_is_done_is_done_before_the_delay_as_a_client_that_gave_up_would_find(
        self, bench: Harness
    ) -> None:
        before = bench.ids()
        bench.rule(delay=10, fault={"type": "status", "status": 503}, phase="after")
        seen: list[list[str]] = []
        bench.while_asleep = lambda: seen.append(bench.ids())
        bench.create()
        assert [len(ids) for ids in seen] == [len(before) + 1]
        assert len(bench.ids()) == len(before) + 1


class TestExempt:
    """What faults never touch."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_preflight_is_never_hit(self, bench: Harness, kind: str) -> None:
        bench.rule(delay=50, fault=fault(kind))
        bench.rule(None, delay=50, fault=fault(kind))
        for url in (COLLECTION, f"{COLLECTION}/trigger_503", f"{COLLECTION}?__code=503"):
            for token in ("me", "revoked_a", None):
                answer = bench.call(
                    "OPTIONS",
                    url,
                    token,
                    headers={
                        "Origin": "http://localhost:5173",
                        "Access-Control-Request-Method": "POST",
                        "Prefer": "code=503",
                    },
                )
                assert answer.status_code == 204
                assert "X-Sandbox-Rule" not in answer.headers
        assert bench.slept == []
        assert bench.call("GET", RULES).get_json()["data"][0]["matched"] == 0

    @pytest.mark.parametrize(
        "url",
        [
            "/openapi.json",
            "/__admin/health",
            "/__admin/faults",
            "/__admin/requests",
            "/__admin/scenarios",
            "/__admin/openapi.json",
        ],
    )
    def test_control_health_and_documents_are_exempt(self, bench: Harness, url: str) -> None:
        bench.rule(delay=50, fault={"type": "status", "status": 503})
        bench.rule(None, delay=50, fault={"type": "status", "status": 503})
        for token in ("me", "revoked_a", "readonly_a", None):
            answer = bench.call(url=url, token=token, headers={"Prefer": "code=503, delay=5"})
            assert answer.status_code == 200, answer.text
            assert not [name for name, _ in answer.headers if name.startswith(("X-Sandbox", "Preference"))]
        assert bench.slept == []

    def test_a_token_that_only_reads_may_steer_its_sandbox(self, bench: Harness) -> None:
        assert bench.rule("readonly_a", delay=1) == "rule-1"
        assert bench.call("POST", "/__admin/reset", "revoked_a", json={}).status_code == 200

    def test_rules_of_one_token_leave_the_others_alone(self, bench: Harness) -> None:
        bench.fails("status", status=503)
        for token in ("you", "Me", None):
            assert bench.call(token=token).status_code in (200, 401)

    def test_server_wide_rules_meet_every_token_and_calls_without_one(
        self, bench: Harness, assert_error_shape: Check
    ) -> None:
        bench.fails("status", token=None, status=503)
        for token in ("me", "you", None):
            assert_error_shape(bench.call(token=token), 503)
        assert bench.entry(None)["rule"] == "server-rule-1"


class TestSleepers:
    """Calls that are held back: how many may be, and what wakes them."""

    def test_over_the_bound_the_answer_is_a_clear_503_and_the_call_is_not_done(
        self, assert_error_shape: Check
    ) -> None:
        bench = Harness(max_sleepers=1)
        bench.rule(match={"method": "GET"}, delay=100)
        before = bench.ids()

        def others() -> None:
            bench.while_asleep = lambda: None
            refused = bench.create(headers={"Prefer": "delay=5"})
            assert_error_shape(refused, 503, "1 calls are held back", "--max-sleepers")
            assert refused.headers["Retry-After"] == "1"
            assert bench.create("another", headers={"Prefer": "delay=5"}).status_code == 503
            assert bench.call("DELETE", f"{COLLECTION}/nope").status_code == 404
            assert bench.call(url="/__admin/health").status_code == 200

        bench.while_asleep = others
        assert bench.call().status_code == 200
        assert len(bench.slept) == 1
        assert bench.ids() == before
        assert bench.call().status_code == 200

    def test_a_hang_counts_as_one_that_is_held_back(self) -> None:
        bench = Harness(max_sleepers=1)
        bench.fails("hang", milliseconds=100)
        outcomes: list[Outcome] = []

        def another() -> None:
            bench.while_asleep = lambda: None
            outcomes.append(bench.served())

        bench.while_asleep = another
        assert isinstance(bench.served().ended, BrokenPipeError)
        assert outcomes[0].status.startswith("503")

    @pytest.mark.parametrize(
        ("method", "url", "body"),
        [
            ("POST", "/__admin/reset", {}),
            ("POST", "/__admin/reset", {"scenario": "blank"}),
            ("POST", "/__admin/reset?all=true", {}),
        ],
    )
    def test_a_reset_wakes_and_what_slept_cannot_write_into_the_new_world(
        self, bench: Harness, assert_error_shape: Check, method: str, url: str, body: dict[str, str]
    ) -> None:
        bench.rule(delay=100_000)
        worlds: list[list[str]] = []

        def reset() -> None:
            assert bench.call(method, url, json=body).status_code == 200
            worlds.append(bench.ids())

        bench.while_asleep = reset
        assert_error_shape(bench.create(), 503, "reset")
        assert bench.woken == [True]
        assert bench.ids() == worlds[0]
        bench.while_asleep = lambda: None
        assert bench.create().status_code == 201
        assert len(bench.slept) == 1, "the rule is gone as well"

    def test_the_reset_of_another_sandbox_wakes_nobody_here(self, bench: Harness) -> None:
        bench.rule(delay=100)
        bench.while_asleep = lambda: bench.call("POST", "/__admin/reset", "another", json={})
        assert bench.create().status_code == 201
        assert bench.woken == [False]

    @pytest.mark.parametrize(
        ("method", "url", "body"),
        [
            ("DELETE", "/__admin/faults", None),
            ("DELETE", "/__admin/faults/rule-1", None),
            ("PUT", "/__admin/faults/rule-1", {"delay": 1}),
            ("PUT", "/__admin/faults", {"data": []}),
            ("PUT", "/__admin/faults", {"data": [{"delay": 1}]}),
        ],
    )
    def test_the_end_of_a_rule_wakes_those_that_it_made_sleep_and_they_go_on(
        self, bench: Harness, method: str, url: str, body: dict[str, Any] | None
    ) -> None:
        bench.rule(delay=100_000)
        bench.while_asleep = lambda: bench.call(method, url, json=body)
        before = len(bench.ids())
        assert bench.create().status_code == 201
        assert bench.woken == [True]
        assert len(bench.ids()) == before + 1

    @pytest.mark.parametrize("token", ["me", "another", None])
    @pytest.mark.parametrize("url", [RULES, RULES + "/server-rule-1"])
    def test_the_end_of_a_server_wide_rule_wakes_in_every_sandbox(
        self, bench: Harness, token: str | None, url: str
    ) -> None:
        bench.rule(None, delay=100_000)
        bench.while_asleep = lambda: bench.call("DELETE", url, None)
        assert bench.call(token=token).status_code == (401 if token is None else 200)
        assert bench.woken == [True]

    def test_the_end_of_another_rule_wakes_nobody(self, bench: Harness) -> None:
        bench.rule(match={"method": "GET"}, delay=100)
        bench.rule(match={"method": "POST"}, delay=100)
        bench.while_asleep = lambda: bench.call("DELETE", RULES + "/rule-2")
        assert bench.call().status_code == 200
        assert bench.woken == [False]

    def test_whoever_asked_for_the_delay_itself_is_woken_by_a_reset_only(self, bench: Harness) -> None:
        bench.while_asleep = lambda: bench.call("DELETE", RULES)
        assert bench.call(headers={"Prefer": "delay=100"}).status_code == 200
        bench.while_asleep = lambda: bench.call("POST", "/__admin/reset", json={})
        assert bench.call(headers={"Prefer": "delay=100"}).status_code == 503
        assert bench.woken == [False, True]

    def test_to_drop_a_sandbox_wakes_what_sleeps_in_it(self, bench: Harness) -> None:
        bench.rule(delay=100_000)

        def drop() -> None:
            sandboxes = bench.call("GET", "/__admin/sandboxes", None).get_json()["data"]
            for sandbox in sandboxes:
                bench.call("DELETE", f"/__admin/sandboxes/{sandbox['id']}", None)

        bench.while_asleep = drop
        assert bench.call().status_code == 503
        assert bench.woken == [True]

    def test_a_call_without_a_token_is_woken_by_a_reset_of_all(self, bench: Harness) -> None:
        bench.rule(None, delay=100_000)
        bench.while_asleep = lambda: bench.call("POST", "/__admin/reset?all=true", None, json={})
        bench.call(token=None)
        assert bench.woken == [True]


@pytest.mark.parametrize(
    "kind", ["hang", "EMPTY_RESPONSE", "RANDOM_DATA_THEN_CLOSE", "CONNECTION_RESET_BY_PEER"]
)
def test_a_server_that_offers_no_socket_says_so_instead(
    bench: Harness, assert_error_shape: Check, kind: str
) -> None:
    bench.rule(fault=fault(kind))
    assert_error_shape(bench.call(), 500, "socket", "gunicorn")


def test_delay_fault_and_status_combine_in_one_wish(bench: Harness) -> None:
    answer = bench.call(headers={"Prefer": "delay=40, code=502, fault=wrong_content_type"})
    assert bench.slept == [0.04]
    assert answer.status_code == 502
    assert answer.content_type.startswith("text/html")
    assert answer.headers["X-Sandbox-Fault"] == "wrong_content_type"
    outcome = bench.served(headers={"Prefer": "code=502, fault=MALFORMED_RESPONSE_CHUNK"})
    assert outcome.socket.sent.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
