"""The sandbox of the kit, on a real server."""

import httpx
import pytest

from protocol_sandbox import ControlError, FaultRule, Sandbox, Server
from tests.kit.conftest import Send

CREATE = "createConversation"


def statuses(send: Send, number: int) -> list[int]:
    """Return the statuses of as many creates."""
    return [send("POST", data={"contact_id": "a"}).status_code for _ in range(number)]


def test_fail_lets_the_first_calls_fail(world: Sandbox, send: Send) -> None:
    rule = world.fail(CREATE, status=503, times=2)
    assert statuses(send, 3) == [503, 503, 201]
    assert send("GET").status_code == 200
    assert (rule.fired, rule.matched) == (2, 3)
    world.received(CREATE, times=3)


def test_fail_takes_message_retry_after_and_the_options_of_a_rule(world: Sandbox, send: Send) -> None:
    world.fail(
        CREATE,
        status=429,
        message="later",
        retry_after=3,
        skip=1,
        name="busy",
        match={"body": {"contact_id": "a"}},
    )
    assert statuses(send, 1) == [201]
    refused = send("POST", data={"contact_id": "a"})
    assert (refused.status_code, refused.json()["message"]) == (429, "later")
    assert (refused.headers["Retry-After"], refused.headers["X-Sandbox-Rule"]) == ("3", "busy")
    assert send("POST", data={"contact_id": "b"}).status_code == 201


def test_fail_without_an_operation_applies_to_all(world: Sandbox, send: Send) -> None:
    world.fail()
    assert [send("GET").status_code, *statuses(send, 1)] == [503, 503]


def test_phase_after_makes_the_call_and_loses_its_response(world: Sandbox, send: Send) -> None:
    world.fail(CREATE, times=1, phase="after")
    before = len(world.state()["conversations"])
    assert statuses(send, 1) == [503]
    assert len(world.state()["conversations"]) == before + 1


def test_delay_says_so_in_the_journal(world: Sandbox, send: Send) -> None:
    world.delay(1, "listConversations", times=1)
    world.delay({"type": "fixed", "milliseconds": 2}, CREATE)
    send("GET")
    statuses(send, 1)
    assert [call.delay_ms for call in world.requests()] == [1, 2]


def test_fault_takes_any_rule(world: Sandbox, send: Send) -> None:
    rule = world.fault({"fault": {"type": "CONNECTION_RESET_BY_PEER"}, "times": 1})
    assert isinstance(rule, FaultRule)
    with pytest.raises(httpx.TransportError):
        send("GET")
    assert send("GET").status_code == 200


def test_invalid_rule_is_an_error_with_the_message_of_the_server(world: Sandbox) -> None:
    with pytest.raises(ControlError, match="createConversation") as refused:
        world.fail("createConversaton")
    assert refused.value.status == 400


def test_reset_returns_to_the_scenario_of_the_server_or_to_another(world: Sandbox, send: Send) -> None:
    world.fail()
    world.reset(scenario="default", seed=3)
    assert (len(world.state()["conversations"]), world.state()["seed"]) == (120, 3)
    world.reset()
    assert len(send("GET").json()["data"]) == 2
    assert world.count() == 1


def test_snapshot_is_restored(world: Sandbox, send: Send) -> None:
    saved = world.snapshot()
    statuses(send, 2)
    world.restore(saved)
    assert len(send("GET").json()["data"]) == 2
    with pytest.raises(ControlError, match="nothing"):
        world.restore("nothing")


def test_state_is_loaded_into_another_sandbox(world: Sandbox, send: Send, kit_server: Server) -> None:
    statuses(send, 1)
    other = kit_server.world()
    other.load(world.state())
    assert other.state() == world.state()


def test_requests_are_oldest_first_and_filtered(world: Sandbox, send: Send) -> None:
    send("GET")
    statuses(send, 2)
    send("GET", "/nothing")
    assert [call.method for call in world.requests()] == ["GET", "POST", "POST", "GET"]
    assert [call.method for call in world.requests(CREATE, method="POST", status=201)] == ["POST", "POST"]
    assert [call.status for call in world.requests(limit=1)] == [404]
    assert (world.count(), world.count(CREATE), world.count(method="GET"), world.count(status=404)) == (
        4,
        2,
        2,
        1,
    )


def test_received_compares_what_clients_send(world: Sandbox, send: Send) -> None:
    send("POST", data={"contact_id": "a"})
    send("PUT", "/xgQQXg3hrtjh7AvZ", json={"is_muted": True})
    send("GET", params={"limit": 1, "muted": "true"})
    (created,) = world.received(CREATE, times=1, body={"contact_id": "a"}, status=201)
    assert created.attributes == {"contact_id": "a"}
    world.received("updateConversation", path="/v1/conversations/xgQQXg3hrtjh7AvZ", body={"is_muted": True})
    world.received("listConversations", query={"limit": 1, "muted": True}, headers={"accept": "*/*"})
    world.received(method="DELETE", times=0)
    with pytest.raises(AssertionError, match='body contact_id is "a", not "b"'):
        world.received(CREATE, body={"contact_id": "b"})


OTHER = {"Authorization": "Bearer the-app"}


def test_received_refuses_an_operation_that_no_call_can_have(world: Sandbox) -> None:
    world.received("deleteConversation", times=0)
    with pytest.raises(
        ControlError, match=r"operation must be one of .*deleteConversation, not \"deleteConversatio\""
    ):
        world.received("deleteConversatio", times=0)


def test_token_headers_and_prefixed_url_each_select_the_sandbox(world: Sandbox) -> None:
    bearer = {"Authorization": f"Bearer {world.token}"}
    ways = [
        (world.url, bearer),
        (world.url, dict(world.headers)),
        (world.url, dict(world.headers) | OTHER),
        (world.prefixed_url, OTHER),
    ]
    for number, (url, headers) in enumerate(ways, 1):
        assert httpx.get(f"{url}/v1/conversations", headers=headers).status_code == 200
        world.received("listConversations", times=number)


def test_received_says_that_calls_came_without_a_token(world: Sandbox) -> None:
    httpx.get(f"{world.url}/v1/conversations")
    with pytest.raises(AssertionError, match="without a token"):
        world.received("listConversations")


def test_received_counts_calls_that_the_journal_has_dropped() -> None:
    with Server(scenario="blank", journal_entries=1) as server:
        world = server.world()
        for _ in range(3):
            httpx.get(f"{world.url}/v1/conversations", headers=dict(world.headers))
        assert len(world.received("listConversations", times=3)) == 1


def test_representation_names_url_and_token(world: Sandbox) -> None:
    assert repr(world) == f"Sandbox(prefixed_url='{world.url}/t/{world.name}', token='{world.token}')"
