"""Faults raise the documented errors in requests, httpx, Node's fetch and curl."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.live.server import TIMEOUT_SECONDS, Server
from tests.tools import find

ITEM = "/v1/conversations/xgQQXg3hrtjh7AvZ"
KINDS: dict[str, dict[str, Any]] = {
    "CONNECTION_RESET_BY_PEER": {},
    "EMPTY_RESPONSE": {},
    "RANDOM_DATA_THEN_CLOSE": {},
    "MALFORMED_RESPONSE_CHUNK": {},
    "truncate": {"bytes": 10},
    "malformed_json": {},
    "hang": {"milliseconds": 50},
}

NODE = """
const [url, token] = process.argv.slice(1);
const describe = (error) => {
  const cause = error.cause ?? error;
  const code = cause.code ?? cause.cause?.code ?? cause.name;
  return {name: error.name, code, message: `${error.message}: ${cause.message}`};
};
fetch(url, {headers: {Authorization: `Bearer ${token}`}})
  .then(async (response) => {
    const result = {status: response.status, fault: response.headers.get("X-Sandbox-Fault")};
    try {
      result.body = await response.json();
    } catch (error) {
      result.error = describe(error);
    }
    return result;
  }, (error) => ({error: describe(error)}))
  .then((result) => console.log(JSON.stringify(result)));
"""


def faulty_url(server: Server, token: str, kind: str, **more: Any) -> str:
    """Add a rule that applies this fault to every call, and return a URL to call."""
    add_rule(server, token, fault={"type": kind, **KINDS.get(kind, {})}, **more)
    return server.address + ITEM


def add_rule(server: Server, token: str, **rule: Any) -> None:
    answer = httpx.post(
        f"{server.address}/__admin/faults",
        json=rule,
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert answer.status_code == 201, answer.text


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class TestRequests:
    """Tests of requests and urllib3."""

    @pytest.mark.parametrize(
        ("kind", "error", "said"),
        [
            ("CONNECTION_RESET_BY_PEER", requests.exceptions.ConnectionError, "Connection reset by peer"),
            ("EMPTY_RESPONSE", requests.exceptions.ConnectionError, "RemoteDisconnected"),
            ("hang", requests.exceptions.ConnectionError, "RemoteDisconnected"),
            ("RANDOM_DATA_THEN_CLOSE", requests.exceptions.ConnectionError, "BadStatusLine"),
            ("MALFORMED_RESPONSE_CHUNK", requests.exceptions.ChunkedEncodingError, "InvalidChunkLength"),
            ("truncate", requests.exceptions.ChunkedEncodingError, "IncompleteRead"),
            ("malformed_json", requests.exceptions.JSONDecodeError, "char"),
        ],
    )
    def test_each_fault_raises_the_documented_error(
        self, server: Server, token: str, kind: str, error: type[Exception], said: str
    ) -> None:
        url = faulty_url(server, token, kind)
        with pytest.raises(error, match=said):
            requests.get(url, headers=bearer(token), timeout=TIMEOUT_SECONDS).json()

    def test_hang_exceeds_the_read_timeout(self, server: Server, token: str) -> None:
        add_rule(server, token, fault={"type": "hang"})
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(server.address + ITEM, headers=bearer(token), timeout=0.2)
        reset(server, token)

    def test_retries_follow_retry_after(self, server: Server, token: str) -> None:
        add_rule(
            server,
            token,
            match={"operation": "createConversation"},
            times=2,
            fault={"type": "status", "status": 503, "retry_after": 1},
        )
        waited: list[float] = []

        class RecordingRetry(Retry):
            """Record the requested delays instead of sleeping."""

            def sleep(self, response: Any = None) -> None:
                waited.append(float(self.get_retry_after(response) or 0))

        with session(RecordingRetry(total=5, status_forcelist=[503], allowed_methods=None)) as client:
            answer = client.post(
                f"{server.address}/v1/conversations",
                json={"contact_id": "a"},
                headers=bearer(token),
                timeout=TIMEOUT_SECONDS,
            )
        assert answer.status_code == 201
        assert waited == [1, 1]
        assert statuses(server, token) == [201, 503, 503]

    def test_urllib3_waits_for_the_rate_limit(self, server: Server, token: str) -> None:
        add_rule(server, token, times=1, fault={"type": "rate_limit", "limit": 0, "window_seconds": 1})
        with session(Retry(total=3, status_forcelist=[429])) as client:
            answer = client.get(server.address + ITEM, headers=bearer(token), timeout=TIMEOUT_SECONDS)
        assert answer.status_code == 200
        assert statuses(server, token) == [200, 429]
        first, second = times_of(server, token)
        assert second - first >= 1

    @pytest.mark.parametrize("kind", ["CONNECTION_RESET_BY_PEER", "EMPTY_RESPONSE", "RANDOM_DATA_THEN_CLOSE"])
    def test_retries_succeed_after_connection_errors(self, server: Server, token: str, kind: str) -> None:
        url = faulty_url(server, token, kind, times=2)
        with session(Retry(total=5, backoff_factor=0)) as client:
            assert client.get(url, headers=bearer(token), timeout=TIMEOUT_SECONDS).status_code == 200
        assert statuses(server, token) == [200, None, None]

    def test_exhausted_retries_raise_an_error(self, server: Server, token: str) -> None:
        url = faulty_url(server, token, "CONNECTION_RESET_BY_PEER")
        with (
            session(Retry(total=2, backoff_factor=0)) as client,
            pytest.raises(requests.exceptions.ConnectionError, match="Max retries exceeded"),
        ):
            client.get(url, headers=bearer(token), timeout=TIMEOUT_SECONDS)
        assert len(statuses(server, token)) == 3


def session(retry: Retry) -> requests.Session:
    made = requests.Session()
    made.mount("http://", HTTPAdapter(max_retries=retry))
    return made


def journal(server: Server, token: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{server.address}/__admin/requests", headers=bearer(token), timeout=TIMEOUT_SECONDS)
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def statuses(server: Server, token: str) -> list[int | None]:
    """Return the statuses in the journal, newest first."""
    return [entry["status"] for entry in journal(server, token)]


def times_of(server: Server, token: str) -> list[float]:
    """Return the times in the journal, oldest first."""
    return [entry["at"] for entry in reversed(journal(server, token))]


def reset(server: Server, token: str) -> None:
    httpx.post(f"{server.address}/__admin/reset", json={}, headers=bearer(token), timeout=TIMEOUT_SECONDS)


class TestHttpx:
    """Tests of httpx."""

    @pytest.mark.parametrize(
        ("kind", "error", "said"),
        [
            ("CONNECTION_RESET_BY_PEER", httpx.ReadError, "reset by peer"),
            ("EMPTY_RESPONSE", httpx.RemoteProtocolError, "disconnected without sending a response"),
            ("hang", httpx.RemoteProtocolError, "disconnected without sending a response"),
            ("RANDOM_DATA_THEN_CLOSE", httpx.RemoteProtocolError, "illegal (request|status) line"),
            ("MALFORMED_RESPONSE_CHUNK", httpx.RemoteProtocolError, "illegal chunk header"),
            ("truncate", httpx.RemoteProtocolError, "without sending complete message body"),
            ("malformed_json", json.JSONDecodeError, "char"),
        ],
    )
    def test_each_fault_raises_the_documented_error(
        self, server: Server, token: str, kind: str, error: type[Exception], said: str
    ) -> None:
        url = faulty_url(server, token, kind)
        with pytest.raises(error, match=said):
            httpx.get(url, headers=bearer(token), timeout=TIMEOUT_SECONDS).json()

    def test_hang_exceeds_the_read_timeout(self, server: Server, token: str) -> None:
        add_rule(server, token, fault={"type": "hang"})
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(server.address + ITEM, headers=bearer(token), timeout=0.2)
        reset(server, token)

    def test_client_is_usable_after_each_fault(self, server: Server, token: str) -> None:
        with httpx.Client(headers=bearer(token), timeout=TIMEOUT_SECONDS) as client:
            for kind in KINDS:
                url = faulty_url(server, token, kind, times=1)
                with pytest.raises((httpx.TransportError, json.JSONDecodeError)):
                    client.get(url).json()
                assert client.get(url).json()["id"] == "xgQQXg3hrtjh7AvZ"
                reset(server, token)


@pytest.fixture(scope="session")
def fetch() -> Callable[[str, str], dict[str, Any]]:
    """Return ``fetch(url, token)``, which calls Node's ``fetch`` and returns its result or error."""

    def call_fetch(url: str, token: str) -> dict[str, Any]:
        process = subprocess.run(
            [find("node"), "-e", NODE, url, token],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        result: dict[str, Any] = json.loads(process.stdout)
        return result

    return call_fetch


@pytest.mark.needs("node")
class TestNode:
    """Tests of Node's fetch, which works as in browsers but for the names of errors."""

    @pytest.mark.parametrize(
        ("kind", "codes"),
        [
            ("CONNECTION_RESET_BY_PEER", ["ECONNRESET"]),
            ("EMPTY_RESPONSE", ["UND_ERR_SOCKET"]),
            ("hang", ["UND_ERR_SOCKET"]),
            # From Node 24 on the errors of the parser have no code, only a name.
            ("RANDOM_DATA_THEN_CLOSE", ["HPE_INVALID_CONSTANT", "HPE_INVALID_METHOD", "HTTPParserError"]),
        ],
    )
    def test_fetch_fails_without_response(
        self,
        fetch: Callable[[str, str], dict[str, Any]],
        server: Server,
        token: str,
        kind: str,
        codes: list[str],
    ) -> None:
        error = fetch(faulty_url(server, token, kind), token)["error"]
        assert error["name"] == "TypeError"
        assert "fetch failed" in error["message"]
        assert error["code"] in codes, error

    @pytest.mark.parametrize(
        ("kind", "name", "message"),
        [
            ("truncate", "TypeError", "terminated"),
            ("MALFORMED_RESPONSE_CHUNK", "TypeError", "terminated"),
            ("malformed_json", "SyntaxError", "JSON"),
        ],
    )
    def test_reading_a_broken_body_fails(
        self,
        fetch: Callable[[str, str], dict[str, Any]],
        server: Server,
        token: str,
        kind: str,
        name: str,
        message: str,
    ) -> None:
        result = fetch(faulty_url(server, token, kind), token)
        assert (result["status"], result["fault"]) == (200, kind)
        assert result["error"]["name"] == name
        assert message in result["error"]["message"]

    def test_error_statuses_and_other_content_types_are_responses(
        self, fetch: Callable[[str, str], dict[str, Any]], server: Server, token: str
    ) -> None:
        result = fetch(f"{server.address}{ITEM}?__code=503", token)
        assert (result["status"], result["fault"], result["body"]["type"]) == (503, "status", "api_error")
        result = fetch(f"{server.address}{ITEM}?__fault=wrong_content_type", token)
        assert (result["status"], result["fault"]) == (200, "wrong_content_type")


@pytest.mark.needs("curl")
class TestCurl:
    """Tests of curl and its exit codes."""

    @pytest.mark.parametrize(
        ("kind", "codes"),
        [
            ("EMPTY_RESPONSE", {52}),
            ("hang", {52}),
            ("CONNECTION_RESET_BY_PEER", {56}),
            ("truncate", {18}),
            ("MALFORMED_RESPONSE_CHUNK", {56}),
            ("RANDOM_DATA_THEN_CLOSE", {1, 8}),
            ("malformed_json", {0}),
        ],
    )
    def test_each_fault_has_the_documented_exit_code(
        self, server: Server, token: str, kind: str, codes: set[int]
    ) -> None:
        assert curl(faulty_url(server, token, kind), token).returncode in codes

    def test_hang_exceeds_max_time(self, server: Server, token: str) -> None:
        add_rule(server, token, fault={"type": "hang"})
        assert curl(server.address + ITEM, token, "--max-time", "0.2").returncode == 28
        reset(server, token)

    def test_retry_succeeds_after_a_failure(self, server: Server, token: str) -> None:
        add_rule(server, token, times=1, fault={"type": "status", "status": 503})
        done = curl(server.address + ITEM, token, "--fail", "--retry", "3", "--retry-delay", "1")
        assert done.returncode == 0
        assert json.loads(done.stdout)["id"] == "xgQQXg3hrtjh7AvZ"

    def test_fault_is_requested_by_header_or_query(self, server: Server, token: str) -> None:
        url = server.address + ITEM
        for done in (
            curl(url, token, "-i", "-H", "Prefer: code=503"),
            curl(f"{url}?__code=503", token, "-i"),
        ):
            assert done.stdout.startswith("HTTP/1.1 503")
            assert "X-Sandbox-Fault: status" in done.stdout


def curl(url: str, token: str, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find("curl"), "-s", "-H", f"Authorization: Bearer {token}", *flags, url],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
