"""Injection of faults into calls, and its explanation in the response and the journal."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from sandbox.faults.table import FAULTS
from tests.faults.harness import COLLECTION, CREATE, ITEM, RULES, Harness, Outcome

Check = Callable[..., str]

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "status": {"status": 503},
    "rate_limit": {"limit": 0, "window_seconds": 60},
    "truncate": {"bytes": 10},
    "hang": {"milliseconds": 5},
}
"""The attributes of the kinds that require some."""

SENT_THROUGH_WSGI = {"status", "rate_limit", "malformed_json", "wrong_content_type", "truncate"}
"""Kinds whose status and headers WSGI sends; MALFORMED_RESPONSE_CHUNK writes its own to the socket."""

KINDS = list(FAULTS)


def fault(kind: str) -> dict[str, Any]:
    return {"type": kind, **ATTRIBUTES.get(kind, {})}


def head_of(outcome: Outcome) -> dict[str, str]:
    """Return the headers that were sent through WSGI or to the socket, by lower-case name."""
    if outcome.headers:
        return {name.lower(): value for name, value in outcome.headers}
    lines = outcome.socket.sent.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


@pytest.fixture
def harness() -> Harness:
    return Harness()


class TestExplanation:
    """Headers and journal entry of an affected call explain what was injected."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_headers_and_journal_name_the_injection(self, harness: Harness, kind: str) -> None:
        harness.rule(name="my rule", delay=120, fault=fault(kind))
        outcome = harness.served("POST", COLLECTION, json=CREATE)
        entry = harness.entry()
        assert (entry["rule"], entry["fault"], entry["delay_ms"]) == ("my rule", kind, 120)
        assert entry["operation"] == "createConversation"
        assert harness.slept[0] == 0.12
        if kind in SENT_THROUGH_WSGI or kind == "MALFORMED_RESPONSE_CHUNK":
            head = head_of(outcome)
            assert head["x-sandbox-rule"] == "my rule"
            assert head["x-sandbox-fault"] == kind
            assert head["x-sandbox-delay-ms"] == "120"
            assert head["x-request-id"] == entry["id"]
            assert entry["status"] is not None
        else:
            assert outcome.headers == []
            assert entry["status"] is None

    @pytest.mark.parametrize("kind", [*sorted(SENT_THROUGH_WSGI), "MALFORMED_RESPONSE_CHUNK"])
    @pytest.mark.parametrize("origin", [None, "http://localhost:5173"])
    def test_faulty_response_is_readable_by_any_origin(
        self, harness: Harness, kind: str, origin: str | None
    ) -> None:
        harness.rule(fault=fault(kind))
        head = head_of(harness.served(headers={"Origin": origin} if origin else {}))
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

    def test_unnamed_rule_is_identified_by_its_id(self, harness: Harness) -> None:
        rule = harness.fails("status", status=503)
        assert harness.call().headers["X-Sandbox-Rule"] == rule == "rule-1"
        assert harness.entry()["rule"] == rule

    def test_delay_without_a_fault(self, harness: Harness) -> None:
        harness.rule(delay=33.4)
        response = harness.call()
        assert response.headers["X-Sandbox-Delay-Ms"] == "33"
        assert "X-Sandbox-Fault" not in response.headers
        entry = harness.entry()
        assert (entry["fault"], entry["delay_ms"], entry["status"]) == (None, 33.4, 200)

    def test_fault_without_a_delay(self, harness: Harness) -> None:
        harness.fails("status", status=503)
        assert "X-Sandbox-Delay-Ms" not in harness.call().headers
        assert harness.entry()["delay_ms"] == 0

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("grün", "grün"),
            ("日本", "日本"),
            ("😀 cafe\u0301", "😀 cafe\u0301"),
            ("a\r\nX-Evil: 1", "a??X-Evil: 1"),
            ("ü\x00\x7f\x85", "ü???"),
        ],
    )
    def test_name_of_a_rule_is_utf8_in_the_header_and_has_no_control_characters(
        self, harness: Harness, name: str, shown: str
    ) -> None:
        harness.rule(name=name, fault={"type": "status", "status": 503})
        response = harness.call()
        assert response.headers["X-Sandbox-Rule"].encode("latin-1").decode() == shown
        assert "X-Evil" not in response.headers
        assert harness.entry()["rule"] == name

    def test_unaffected_response_has_no_injection_headers(self, harness: Harness) -> None:
        harness.rule(match={"method": "POST"}, fault={"type": "status", "status": 503})
        response = harness.call()
        assert not [name for name, _ in response.headers if name.startswith("X-Sandbox")]
        entry = harness.entry()
        assert (entry["rule"], entry["fault"], entry["delay_ms"]) == (None, None, 0)

    @pytest.mark.parametrize("phase", ["before", "after"])
    def test_journal_counts_the_status_that_was_sent(self, harness: Harness, phase: str) -> None:
        harness.rule(fault={"type": "status", "status": 503}, phase=phase)
        harness.create()
        for status, count in ((503, 1), (201, 0)):
            counted = harness.call("GET", f"/__admin/requests/count?status={status}").get_json()
            assert counted == {"count": count}


class TestPhases:
    """Before: the call is not executed. After: the call is executed, and its response is lost."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_phase_before_writes_nothing_and_uses_no_id(self, harness: Harness, kind: str) -> None:
        rule = harness.rule(fault=fault(kind), phase="before")
        before = harness.state()
        for method, url, sent in (
            ("POST", COLLECTION, {"json": CREATE}),
            ("PUT", ITEM, {"json": {"is_muted": True}}),
            ("DELETE", ITEM, {}),
        ):
            harness.served(method, url, **sent)
        assert harness.state() == before
        harness.call("DELETE", f"{RULES}/{rule}")
        assert harness.create().data == Harness().create().data

    @pytest.mark.parametrize("kind", KINDS)
    def test_phase_after_executes_the_call_and_journals_both(self, harness: Harness, kind: str) -> None:
        harness.rule(fault=fault(kind), phase="after")
        before = harness.ids()
        outcome = harness.served("POST", COLLECTION, json=CREATE)
        after = harness.ids()
        assert after[1:] == before
        assert harness.entry()["fault"] == f"{kind} after 201"
        assert after[0] == Harness().create().get_json()["id"]
        if kind in ("malformed_json", "wrong_content_type", "truncate"):
            assert head_of(outcome)["location"].endswith(after[0])
        harness.served("DELETE", f"{COLLECTION}/{after[0]}")
        assert harness.ids() == before
        assert harness.entry()["fault"] == f"{kind} after 204"

    def test_phase_after_journals_the_fault_and_a_refusal(self, harness: Harness) -> None:
        harness.rule(fault={"type": "status", "status": 503}, phase="after")
        assert harness.call("POST", COLLECTION, json={}).status_code == 503
        entry = harness.entry()
        assert (entry["status"], entry["fault"]) == (503, "status after 400")

    def test_retry_without_a_key_after_a_lost_response_creates_a_duplicate(self, harness: Harness) -> None:
        """Retries have this effect without an idempotency key; the phase exists to show it."""
        before = len(harness.ids())
        harness.rule(times=1, fault={"type": "status", "status": 503}, phase="after")
        assert harness.create().status_code == 503
        assert harness.create().status_code == 201
        assert len(harness.ids()) == before + 2

    def test_phase_after_executes_the_call_before_the_delay(self, harness: Harness) -> None:
        before = harness.ids()
        harness.rule(delay=10, fault={"type": "status", "status": 503}, phase="after")
        seen: list[list[str]] = []
        harness.while_asleep = lambda: seen.append(harness.ids())
        harness.create()
        assert [len(ids) for ids in seen] == [len(before) + 1]
        assert len(harness.ids()) == len(before) + 1


class TestExemptions:
    """Requests that faults never affect."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_preflight_is_exempt(self, harness: Harness, kind: str) -> None:
        harness.rule(delay=50, fault=fault(kind))
        harness.rule(None, delay=50, fault=fault(kind))
        for url in (COLLECTION, f"{COLLECTION}/trigger_503", f"{COLLECTION}?__code=503"):
            for token in ("me", "revoked_a", None):
                response = harness.call(
                    "OPTIONS",
                    url,
                    token,
                    headers={
                        "Origin": "http://localhost:5173",
                        "Access-Control-Request-Method": "POST",
                        "Prefer": "code=503",
                    },
                )
                assert response.status_code == 204
                assert "X-Sandbox-Rule" not in response.headers
        assert harness.slept == []
        assert harness.call("GET", RULES).get_json()["data"][0]["matched"] == 0

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
    def test_control_api_and_documents_are_exempt(self, harness: Harness, url: str) -> None:
        harness.rule(delay=50, fault={"type": "status", "status": 503})
        harness.rule(None, delay=50, fault={"type": "status", "status": 503})
        for token in ("me", "revoked_a", "readonly_a", None):
            response = harness.call(url=url, token=token, headers={"Prefer": "code=503, delay=5"})
            assert response.status_code == 200, response.text
            assert not [name for name, _ in response.headers if name.startswith(("X-Sandbox", "Preference"))]
        assert harness.slept == []

    def test_read_only_token_may_control_its_sandbox(self, harness: Harness) -> None:
        assert harness.rule("readonly_a", delay=1) == "rule-1"
        assert harness.call("POST", "/__admin/reset", "revoked_a", json={}).status_code == 200

    def test_rules_of_a_token_do_not_affect_other_tokens(self, harness: Harness) -> None:
        harness.fails("status", status=503)
        for token in ("you", "Me", None):
            assert harness.call(token=token).status_code in (200, 401)

    def test_server_wide_rules_affect_calls_with_and_without_a_token(
        self, harness: Harness, assert_error_shape: Check
    ) -> None:
        harness.fails("status", token=None, status=503)
        for token in ("me", "you", None):
            assert_error_shape(harness.call(token=token), 503)
        assert harness.entry(None)["rule"] == "server-rule-1"


class TestSleepingCalls:
    """Delayed calls: their limit, and what wakes them."""

    def test_call_over_the_sleep_limit_is_refused_and_not_executed(self, assert_error_shape: Check) -> None:
        harness = Harness(max_sleepers=1)
        harness.rule(match={"method": "GET"}, delay=100)
        before = harness.ids()

        def make_further_calls() -> None:
            harness.while_asleep = lambda: None
            refused = harness.create(headers={"Prefer": "delay=5"})
            assert_error_shape(refused, 503, "1 call can be delayed", "--max-sleepers")
            assert refused.headers["Retry-After"] == "1"
            assert harness.create("another", headers={"Prefer": "delay=5"}).status_code == 503
            assert harness.call("DELETE", f"{COLLECTION}/nope").status_code == 404
            assert harness.call(url="/__admin/health").status_code == 200

        harness.while_asleep = make_further_calls
        assert harness.call().status_code == 200
        assert len(harness.slept) == 1
        assert harness.ids() == before
        assert harness.call().status_code == 200

    def test_hang_counts_towards_the_sleep_limit(self) -> None:
        harness = Harness(max_sleepers=1)
        harness.fails("hang", milliseconds=100)
        outcomes: list[Outcome] = []

        def make_another_call() -> None:
            harness.while_asleep = lambda: None
            outcomes.append(harness.served())

        harness.while_asleep = make_another_call
        assert isinstance(harness.served().ended, BrokenPipeError)
        assert outcomes[0].status.startswith("503")

    @pytest.mark.parametrize(
        ("method", "url", "body"),
        [
            ("POST", "/__admin/reset", {}),
            ("POST", "/__admin/reset", {"scenario": "blank"}),
            ("POST", "/__admin/reset?all=true", {}),
        ],
    )
    def test_reset_wakes_a_call_that_then_cannot_write(
        self, harness: Harness, assert_error_shape: Check, method: str, url: str, body: dict[str, str]
    ) -> None:
        harness.rule(delay=100_000)
        ids_after_reset: list[list[str]] = []

        def reset() -> None:
            assert harness.call(method, url, json=body).status_code == 200
            ids_after_reset.append(harness.ids())

        harness.while_asleep = reset
        assert_error_shape(harness.create(), 503, "reset")
        assert harness.woken == [True]
        assert harness.ids() == ids_after_reset[0]
        harness.while_asleep = lambda: None
        assert harness.create().status_code == 201
        assert len(harness.slept) == 1, "the reset removes the rule as well"

    def test_reset_of_another_sandbox_wakes_nothing(self, harness: Harness) -> None:
        harness.rule(delay=100)
        harness.while_asleep = lambda: harness.call("POST", "/__admin/reset", "another", json={})
        assert harness.create().status_code == 201
        assert harness.woken == [False]

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
    def test_removed_rule_wakes_its_calls_and_they_continue(
        self, harness: Harness, method: str, url: str, body: dict[str, Any] | None
    ) -> None:
        harness.rule(delay=100_000)
        harness.while_asleep = lambda: harness.call(method, url, json=body)
        before = len(harness.ids())
        assert harness.create().status_code == 201
        assert harness.woken == [True]
        assert len(harness.ids()) == before + 1

    @pytest.mark.parametrize("token", ["me", "another", None])
    @pytest.mark.parametrize("url", [RULES, RULES + "/server-rule-1"])
    def test_removed_server_wide_rule_wakes_calls_in_every_sandbox(
        self, harness: Harness, token: str | None, url: str
    ) -> None:
        harness.rule(None, delay=100_000)
        harness.while_asleep = lambda: harness.call("DELETE", url, None)
        assert harness.call(token=token).status_code == (401 if token is None else 200)
        assert harness.woken == [True]

    def test_removal_of_another_rule_wakes_nothing(self, harness: Harness) -> None:
        harness.rule(match={"method": "GET"}, delay=100)
        harness.rule(match={"method": "POST"}, delay=100)
        harness.while_asleep = lambda: harness.call("DELETE", RULES + "/rule-2")
        assert harness.call().status_code == 200
        assert harness.woken == [False]

    def test_requested_delay_is_ended_only_by_a_reset(self, harness: Harness) -> None:
        harness.while_asleep = lambda: harness.call("DELETE", RULES)
        assert harness.call(headers={"Prefer": "delay=100"}).status_code == 200
        harness.while_asleep = lambda: harness.call("POST", "/__admin/reset", json={})
        assert harness.call(headers={"Prefer": "delay=100"}).status_code == 503
        assert harness.woken == [False, True]

    def test_dropping_a_sandbox_wakes_its_calls(self, harness: Harness) -> None:
        harness.rule(delay=100_000)

        def drop() -> None:
            sandboxes = harness.call("GET", "/__admin/sandboxes", None).get_json()["data"]
            for sandbox in sandboxes:
                harness.call("DELETE", f"/__admin/sandboxes/{sandbox['id']}", None)

        harness.while_asleep = drop
        assert harness.call().status_code == 503
        assert harness.woken == [True]

    def test_reset_of_all_wakes_a_call_without_a_token(self, harness: Harness) -> None:
        harness.rule(None, delay=100_000)
        harness.while_asleep = lambda: harness.call("POST", "/__admin/reset?all=true", None, json={})
        harness.call(token=None)
        assert harness.woken == [True]


@pytest.mark.parametrize(
    "kind", ["hang", "EMPTY_RESPONSE", "RANDOM_DATA_THEN_CLOSE", "CONNECTION_RESET_BY_PEER"]
)
def test_error_without_a_socket_names_a_suitable_server(
    harness: Harness, assert_error_shape: Check, kind: str
) -> None:
    harness.rule(fault=fault(kind))
    assert_error_shape(harness.call(), 500, "socket", "gunicorn")


def test_delay_fault_and_status_can_be_requested_together(harness: Harness) -> None:
    response = harness.call(headers={"Prefer": "delay=40, code=502, fault=wrong_content_type"})
    assert harness.slept == [0.04]
    assert response.status_code == 502
    assert response.content_type.startswith("text/html")
    assert response.headers["X-Sandbox-Fault"] == "wrong_content_type"
    outcome = harness.served(headers={"Prefer": "code=502, fault=MALFORMED_RESPONSE_CHUNK"})
    assert outcome.socket.sent.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


class Leaving:
    """A client that has disconnected."""

    has_disconnected = True


class TestClientsThatLeave:
    """A call that is held back and whose client leaves: not done, no answer, and the journal says so."""

    def leave(self, harness: Harness, **more: Any) -> BaseException:
        environ = EnvironBuilder(COLLECTION, method="POST", json=CREATE).get_environ()
        environ |= {"HTTP_AUTHORIZATION": "Bearer me", "sandbox.client": Leaving(), **more}
        with pytest.raises(BrokenPipeError) as ended:
            list(harness.app.wsgi_app(environ, lambda *_: pytest.fail("nobody waits for an answer")))
        return ended.value

    def test_a_delayed_call_is_not_done(self, harness: Harness) -> None:
        harness.rule(delay=1000)
        before = harness.ids()
        self.leave(harness)
        assert harness.ids() == before
        entry = harness.entry()
        assert (entry["status"], entry["fault"], entry["delay_ms"]) == (None, "client_left", 1000)

    def test_the_fault_keeps_its_name(self, harness: Harness) -> None:
        harness.fails("hang")
        self.leave(harness)
        assert harness.entry()["fault"] == "hang, client_left"

    def test_in_the_phase_after_the_call_was_done(self, harness: Harness) -> None:
        harness.rule(delay=1000, phase="after", fault={"type": "EMPTY_RESPONSE"})
        before = harness.ids()
        self.leave(harness)
        assert len(harness.ids()) == len(before) + 1
        assert harness.entry()["fault"] == "EMPTY_RESPONSE after 201, client_left"

    def test_its_place_is_free_at_once(self) -> None:
        harness = Harness(max_sleepers=1)
        harness.rule(delay=1000)
        for _ in range(3):
            self.leave(harness)
        assert harness.call().status_code == 200
