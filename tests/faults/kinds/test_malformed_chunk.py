"""Invalid chunked bodies."""

import pytest

from tests.faults.harness import COLLECTION, CREATE, ITEM, RULES, Harness, Outcome


def head_and_body(outcome: Outcome) -> tuple[str, dict[str, str], bytes]:
    head, _, body = outcome.socket.sent.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


@pytest.mark.parametrize(
    ("url", "status"),
    [(ITEM, "HTTP/1.1 200 OK"), (COLLECTION + "/nope", "HTTP/1.1 404 Not Found")],
)
def test_status_and_headers_are_right_and_the_first_chunk_is_invalid(url: str, status: str) -> None:
    bench = Harness()
    bench.fails("MALFORMED_RESPONSE_CHUNK")
    outcome = bench.served(url=url)
    assert isinstance(outcome.ended, BrokenPipeError)
    line, headers, body = head_and_body(outcome)
    assert line == status
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers
    assert headers["content-type"] == "application/json"
    assert headers["x-sandbox-fault"] == "MALFORMED_RESPONSE_CHUNK"
    assert headers["x-sandbox-rule"] == "rule-1"
    assert headers["x-request-id"]
    assert headers["access-control-allow-origin"] == "*"
    with pytest.raises(ValueError, match="invalid literal"):
        int(body.partition(b"\r\n")[0], 16)
    assert bench.entry()["status"] == int(status.split()[1])


def test_the_random_bytes_are_the_same_each_time_and_depend_on_the_match() -> None:
    bodies = []
    for _ in range(2):
        bench = Harness()
        bench.fails("MALFORMED_RESPONSE_CHUNK")
        bodies.append([head_and_body(bench.served())[2] for _ in range(3)])
    assert bodies[0] == bodies[1]
    assert len(set(bodies[0])) == 3


def test_a_create_shows_its_result_and_has_no_effect() -> None:
    bench = Harness()
    rule = bench.fails("MALFORMED_RESPONSE_CHUNK")
    before = bench.ids()
    _, headers, _ = head_and_body(bench.served("POST", COLLECTION, json=CREATE))
    assert bench.ids() == before
    bench.call("DELETE", f"{RULES}/{rule}")
    assert headers["location"] == bench.create().headers["Location"]
