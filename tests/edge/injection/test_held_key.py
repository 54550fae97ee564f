"""Idempotency keys of calls that are delayed or whose answers are lost."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, TestResponse

from sandbox.edge.client import KEY as CLIENT
from sandbox.faults.table import FAULTS
from tests.edge.injection.test_injector import fault
from tests.faults.harness import COLLECTION, CREATE, RULES, Harness, Outcome

Check = Callable[..., str]

CREATES = {"operation": "createConversation"}
KEY = {"Idempotency-Key": "key"}
OTHER = {"contact_id": "other"}
KINDS = list(FAULTS)


@pytest.fixture
def harness() -> Harness:
    return Harness()


def create(harness: Harness, body: dict[str, str] = CREATE, **headers: str) -> TestResponse:
    return harness.call("POST", COLLECTION, json=body, headers=KEY | headers)


def served(harness: Harness) -> Outcome:
    return harness.served("POST", COLLECTION, json=CREATE, headers=KEY)


def outcome(response: TestResponse) -> str:
    """Return what a create came to: ``made``, ``replayed`` or its status."""
    if response.status_code != 201:
        return str(response.status_code)
    return "replayed" if "Idempotent-Replayed" in response.headers else "made"


def while_asleep(harness: Harness, action: Callable[[], TestResponse]) -> list[TestResponse]:
    """Let ``action`` be called in the middle of the first sleep, and return the list that gets its response."""
    responses: list[TestResponse] = []

    def act() -> None:
        harness.while_asleep = lambda: None
        responses.append(action())

    harness.while_asleep = act
    return responses


class TestDelayedCalls:
    """A delayed call holds its key until it ends."""

    def test_create_with_the_key_of_a_delayed_create_is_refused(
        self, harness: Harness, assert_error_shape: Check
    ) -> None:
        before = len(harness.ids())
        harness.rule(delay=100, times=1)
        meanwhile = while_asleep(harness, lambda: create(harness))
        assert outcome(create(harness)) == "made"
        assert_error_shape(meanwhile[0], 409, 'Idempotency-Key "key"', "still under way")
        assert outcome(create(harness)) == "replayed"
        assert len(harness.ids()) == before + 1

    def test_key_that_is_held_is_refused_with_another_body_too(self, harness: Harness) -> None:
        """The first call has no answer yet, so whether its body is valid is not known."""
        harness.rule(delay=100, times=1)
        meanwhile = while_asleep(harness, lambda: create(harness, OTHER))
        create(harness)
        assert outcome(meanwhile[0]) == "409"
        assert outcome(create(harness, OTHER)) == "422"

    @pytest.mark.parametrize(
        ("token", "headers"), [("me", {"Idempotency-Key": "other"}), ("me", {}), ("you", KEY)]
    )
    def test_other_calls_are_not_refused(self, harness: Harness, token: str, headers: dict[str, str]) -> None:
        harness.rule(delay=100, times=1)
        meanwhile = while_asleep(harness, lambda: harness.create(token, headers=headers))
        assert [outcome(each) for each in (create(harness), *meanwhile)] == ["made", "made"]

    def test_moment_of_arrival_decides(self, harness: Harness) -> None:
        """Of two delayed calls, the second one is refused although the first one ends before it is answered."""
        harness.rule(delay=100)
        meanwhile = while_asleep(harness, lambda: create(harness))
        assert outcome(create(harness)) == "made"
        assert harness.slept == [0.1, 0.1]
        assert outcome(meanwhile[0]) == "409"
        assert meanwhile[0].headers["X-Sandbox-Delay-Ms"] == "100"
        assert outcome(create(harness)) == "replayed"

    def test_replay_is_delayed_and_holds_nothing(self, harness: Harness) -> None:
        create(harness)
        harness.rule(delay=100)
        meanwhile = while_asleep(harness, lambda: create(harness))
        replayed = create(harness)
        assert [outcome(each) for each in (replayed, *meanwhile)] == ["replayed", "replayed"]
        assert replayed.headers["X-Sandbox-Delay-Ms"] == "100"

    @pytest.mark.parametrize("way", ["rule", "header", "query", "data"])
    def test_key_is_held_whatever_asked_for_the_delay(self, harness: Harness, way: str) -> None:
        if way == "rule":
            harness.rule(None, delay=100, times=1)
        url = COLLECTION + ("?__delay=100" if way == "query" else "")
        body = {"contact_id": "trigger_delay_100"} if way == "data" else CREATE
        headers = KEY | ({"Prefer": "delay=100"} if way == "header" else {})
        meanwhile = while_asleep(harness, lambda: create(harness))
        assert outcome(harness.call("POST", url, json=body, headers=headers)) == "made"
        assert outcome(meanwhile[0]) == "409"

    @pytest.mark.parametrize("body", [{}, {"contact_id": "a b"}])
    def test_key_is_free_after_an_error(self, harness: Harness, body: dict[str, str]) -> None:
        harness.rule(delay=100, times=1)
        meanwhile = while_asleep(harness, lambda: create(harness))
        assert outcome(create(harness, body)) == "400"
        assert outcome(meanwhile[0]) == "409"
        assert outcome(create(harness)) == "made"

    def test_key_is_free_after_the_client_has_left(self, harness: Harness) -> None:
        before = harness.ids()
        harness.rule(delay=100, times=1)

        class Client:
            has_disconnected = True

        environ = EnvironBuilder(COLLECTION, method="POST", json=CREATE, headers=Headers(KEY)).get_environ()
        environ |= {"HTTP_AUTHORIZATION": "Bearer me", CLIENT: Client()}
        meanwhile = while_asleep(harness, lambda: create(harness))
        with pytest.raises(BrokenPipeError):
            harness.app.wsgi_app(environ, lambda *_: None)  # type: ignore[arg-type]  # it is not called
        assert outcome(meanwhile[0]) == "409"
        assert harness.ids() == before
        assert outcome(create(harness)) == "made"

    def test_key_is_free_after_the_limit_of_sleepers_refused_the_call(self) -> None:
        harness = Harness(max_sleepers=1)
        harness.rule(delay=100)
        meanwhile = while_asleep(harness, lambda: harness.create(headers={"Idempotency-Key": "other"}))
        create(harness)
        assert outcome(meanwhile[0]) == "503"
        assert outcome(harness.create(headers={"Idempotency-Key": "other"})) == "made"

    @pytest.mark.parametrize(
        "restart",
        [
            lambda harness: harness.call("POST", "/__admin/reset", json={}),
            lambda harness: harness.call("PUT", "/__admin/state", json=harness.state() | {"faults": []}),
        ],
        ids=["reset", "import"],
    )
    def test_new_world_holds_no_key(
        self, harness: Harness, restart: Callable[[Harness], TestResponse]
    ) -> None:
        harness.rule(delay=100, times=1)

        def act() -> TestResponse:
            assert restart(harness).status_code == 200
            return create(harness)

        meanwhile = while_asleep(harness, act)
        assert outcome(create(harness)) == "503"
        assert outcome(meanwhile[0]) == "made"
        assert outcome(create(harness)) == "replayed"

    def test_key_of_another_operation_is_not_held(self, harness: Harness) -> None:
        harness.rule(match={"method": "GET"}, delay=100)
        meanwhile = while_asleep(harness, lambda: create(harness))
        assert harness.call(headers=KEY).status_code == 200
        assert outcome(meanwhile[0]) == "made"

    @pytest.mark.parametrize("key", ["", "a" * 256, "\xff"])
    def test_invalid_key_is_refused_after_the_delay(self, harness: Harness, key: str) -> None:
        harness.rule(delay=100)
        assert outcome(harness.create(headers={"Idempotency-Key": key})) == "400"

    def test_call_without_a_token_holds_no_key(self, harness: Harness) -> None:
        harness.rule(None, delay=100, times=1)
        headers = KEY | {"X-Sandbox-World": "w"}
        meanwhile = while_asleep(harness, lambda: harness.create(headers=headers))
        assert outcome(harness.create(None, headers=headers)) == "401"
        assert outcome(meanwhile[0]) == "made"


class TestFaults:
    """A fault ``before`` stores nothing, and a fault ``after`` stores."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_fault_before_stores_nothing(self, harness: Harness, kind: str) -> None:
        harness.rule(match=CREATES, fault=fault(kind), times=1)
        served(harness)
        assert outcome(create(harness, OTHER)) == "made"

    @pytest.mark.parametrize("kind", KINDS)
    def test_retry_after_a_lost_answer_creates_once(self, harness: Harness, kind: str) -> None:
        before = len(harness.ids())
        harness.rule(match=CREATES, fault=fault(kind), phase="after", times=1)
        served(harness)
        assert harness.entry()["fault"] == f"{kind} after 201"
        response = create(harness)
        assert outcome(response) == "replayed"
        assert response.get_json()["id"] == harness.ids()[0]
        assert len(harness.ids()) == before + 1

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(
        ("phase", "expected"), [("before", ["409", "made"]), ("after", ["replayed", "replayed"])]
    )
    def test_retry_during_the_delay_of_a_fault(
        self, harness: Harness, kind: str, phase: str, expected: list[str]
    ) -> None:
        """Before: the call is under way. After: it is done, and only its answer is late."""
        harness.rule(match=CREATES, delay=100, fault=fault(kind), phase=phase, times=1)
        meanwhile = while_asleep(harness, lambda: create(harness))
        served(harness)
        assert [outcome(each) for each in (*meanwhile, create(harness))] == expected

    def test_hanging_call_holds_its_key(self, harness: Harness) -> None:
        harness.rule(match=CREATES, fault={"type": "hang"}, times=1)
        meanwhile = while_asleep(harness, lambda: create(harness))
        served(harness)
        assert [outcome(each) for each in (*meanwhile, create(harness))] == ["409", "made"]

    def test_dribbled_answer_is_stored_before_it_is_sent(self, harness: Harness) -> None:
        harness.rule(match=CREATES, delay={"type": "dribble", "chunks": 5, "milliseconds": 100}, times=1)
        meanwhile = while_asleep(harness, lambda: create(harness))
        first = served(harness)
        assert len(first.pieces) == 5
        assert outcome(meanwhile[0]) == "replayed"
        assert meanwhile[0].data == first.body

    @pytest.mark.parametrize("phase", ["before", "after"])
    def test_replay_meets_faults_like_any_call(
        self, harness: Harness, assert_error_shape: Check, phase: str
    ) -> None:
        create(harness)
        rule = harness.rule(match=CREATES, fault={"type": "status", "status": 503}, phase=phase, times=1)
        response = create(harness)
        assert_error_shape(response, 503)
        assert response.headers["X-Sandbox-Rule"] == rule
        assert "Idempotent-Replayed" not in response.headers
        assert outcome(create(harness)) == "replayed"

    def test_broken_answer_of_a_replay_is_that_of_the_first_create(self, harness: Harness) -> None:
        first = create(harness)
        harness.rule(match=CREATES, fault={"type": "wrong_content_type"}, times=1)
        response = create(harness)
        assert response.content_type.startswith("text/html")
        assert response.data == first.data
        assert response.headers["Idempotent-Replayed"] == "true"

    @pytest.mark.parametrize("delay", [{}, {"delay": 50}])
    def test_broken_answer_to_a_call_whose_key_is_held_is_a_broken_409(
        self, harness: Harness, delay: dict[str, Any]
    ) -> None:
        harness.rule(match=CREATES, delay=100, times=1)
        harness.rule(match=CREATES, fault={"type": "wrong_content_type"}, **delay)
        meanwhile = while_asleep(harness, lambda: create(harness))
        assert outcome(create(harness)) == "made"
        assert (meanwhile[0].status_code, meanwhile[0].content_type) == (409, "text/html; charset=utf-8")

    def test_fault_of_a_call_whose_key_is_held_comes_first(self, harness: Harness) -> None:
        harness.rule(match=CREATES, delay=100, times=1)
        harness.rule(match=CREATES, delay=50, fault={"type": "status", "status": 503})
        meanwhile = while_asleep(harness, lambda: create(harness))
        assert outcome(create(harness)) == "made"
        assert outcome(meanwhile[0]) == "503"

    def test_replay_is_in_the_journal_like_any_call(self, harness: Harness) -> None:
        create(harness)
        create(harness)
        entry = harness.entry()
        assert (entry["status"], entry["headers"]["Idempotency-Key"]) == (201, "key")
        counted = harness.call("GET", "/__admin/requests/count?operation=createConversation&status=201")
        assert counted.get_json() == {"count": 2}

    def test_rules_count_replays(self, harness: Harness) -> None:
        rule = harness.rule(match=CREATES, skip=10, delay=1)
        for _ in range(3):
            create(harness)
        assert harness.call("GET", f"{RULES}/{rule}").get_json()["matched"] == 3
