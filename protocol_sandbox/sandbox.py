"""A sandbox as tests see it: arrange, act through ``url`` and ``token``, and assert."""

from collections.abc import Mapping
from typing import Any, Unpack

from protocol_sandbox.call import Call
from protocol_sandbox.clock import Clock
from protocol_sandbox.control_client import ControlClient
from protocol_sandbox.conversations import Conversations
from protocol_sandbox.expectation import Expectation
from protocol_sandbox.fault_rule import PATH as FAULTS
from protocol_sandbox.fault_rule import Delay, FaultRule, RuleOptions, rule_document
from protocol_sandbox.received import Journal, assert_received

REQUESTS = "/__admin/requests"
SNAPSHOTS = "/__admin/snapshots"
PREFIX = "/t/"
WORLD_HEADER = "X-Sandbox-World"
STATE = "/__admin/state"
MAX_CALLS = 10_000
"""The most calls that the control API shows at once."""


class Sandbox:
    """One isolated world, which has a name and a token. ``control`` is a client of the server.

    A client under test needs ``url``, the base URL without ``/v1``, and ``token``, or else ``headers``. If it cannot
    change its token, ``prefixed_url`` as its base URL is enough. ``conversations`` and ``clock`` change the world's
    data and time.

    All methods raise ControlError, with the server's message, for arguments that the server does not accept, and
    UnreachableError if it does not respond.
    """

    def __init__(self, control: ControlClient, token: str, name: str) -> None:
        self.name = name
        self.url = control.url
        self.prefixed_url = f"{control.url}{PREFIX}{name}"
        self.token = token
        self.headers: Mapping[str, str] = {"Authorization": f"Bearer {token}", WORLD_HEADER: name}
        self._server = control
        self._control = control.with_headers(self.headers)
        self.conversations = Conversations(self._control)
        self.clock = Clock(self._control)

    def fail(
        self,
        operation: str | None = None,
        *,
        status: int = 503,
        message: str | None = None,
        retry_after: int | None = None,
        **options: Unpack[RuleOptions],
    ) -> FaultRule:
        """Let calls of ``operation``, or all, fail with ``status``: ``fail("createConversation", times=2)``.

        ``message`` is that of the error, and ``retry_after`` is in seconds. The options are ``name``, ``match``,
        ``skip``, ``every``, ``times``, ``probability``, ``ttl_seconds`` and ``phase``. Returns the rule.
        """
        extras = {"message": message, "retry_after": retry_after}
        fault = {"type": "status", "status": status}
        fault |= {name: value for name, value in extras.items() if value is not None}
        return self.fault(rule_document(operation, options, fault=fault))

    def delay(self, delay: Delay, operation: str | None = None, **options: Unpack[RuleOptions]) -> FaultRule:
        """Delay calls of ``operation``, or all: ``delay(250, "listConversations")``, in milliseconds.

        A delay with a type is a mapping: ``{"type": "uniform", "lower": 100, "upper": 400}``. Returns the rule.
        """
        return self.fault(rule_document(operation, options, delay=delay))

    def fault(self, rule: Mapping[str, Any]) -> FaultRule:
        """Add any rule and return it: ``fault({"fault": {"type": "CONNECTION_RESET_BY_PEER"}, "times": 1})``."""
        return FaultRule(self._control, self._control.post(FAULTS, rule))

    def reset(self, *, scenario: str | None = None, seed: int | None = None) -> None:
        """Return to the initial state, or to that of another built-in scenario.

        Clears rules, journal and clock. Snapshots stay.
        """
        asked = {"scenario": scenario, "seed": seed}
        self._control.post(
            "/__admin/reset", {name: value for name, value in asked.items() if value is not None}
        )

    def snapshot(self) -> str:
        """Save the state and return the id of the snapshot. No data is copied."""
        snapshot_id: str = self._control.post(SNAPSHOTS)["id"]
        return snapshot_id

    def restore(self, snapshot_id: str) -> None:
        """Restore a snapshot. The journal keeps its calls. Raises ControlError for an unknown id."""
        self._control.post(f"{SNAPSHOTS}/{snapshot_id}/restore")

    def state(self) -> dict[str, Any]:
        """Return the whole sandbox as one JSON document, which :meth:`load` takes."""
        state: dict[str, Any] = self._control.get(STATE)
        return state

    def load(self, state: Mapping[str, Any]) -> None:
        """Replace the whole sandbox by what :meth:`state` returned. If that is invalid, nothing changes."""
        self._control.put(STATE, state)

    def requests(
        self,
        operation: str | None = None,
        *,
        method: str | None = None,
        status: int | None = None,
        limit: int = MAX_CALLS,
    ) -> list[Call]:
        """Return the calls that the sandbox received, oldest first, at most the last ``limit``."""
        query = {"operation": operation, "method": method, "status": status, "limit": limit}
        newest_first = self._control.get(REQUESTS, query)["data"]
        return [Call.of(entry) for entry in reversed(newest_first)]

    def count(
        self, operation: str | None = None, *, method: str | None = None, status: int | None = None
    ) -> int:
        """Return the number of calls that the sandbox received, including those that the journal has dropped."""
        query = {"operation": operation, "method": method, "status": status}
        return int(self._control.get(f"{REQUESTS}/count", query)["count"])

    def received(
        self,
        operation: str | None = None,
        *,
        times: int | None = None,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
    ) -> list[Call]:
        """Assert that the sandbox received such calls: ``times`` times, or at least once. Return them, oldest first.

        ``body``, ``query`` and ``headers`` have the attributes that a call must have; it may have others. Raises
        AssertionError, whose message lists the calls that were received instead, nearest first, with their differences.
        With ``times=0``, an operation that does not exist raises ControlError.
        """
        __tracebackhide__ = True  # pytest shows the line of the test
        if times == 0:
            # No call has an operation that does not exist, so a misspelled one would pass. The server knows them.
            self.count(operation)
        expected = Expectation(operation, method, path, status, query or {}, headers or {}, body or {})
        return assert_received(expected, times, self._journal())

    def _journal(self) -> Journal:
        shown = self._control.get(REQUESTS, {"limit": MAX_CALLS})
        calls = [Call.of(entry) for entry in reversed(shown["data"])]

        def count(expected: Expectation) -> int:
            return self.count(expected.operation, method=expected.method, status=expected.status)

        def misdirected() -> int:
            # Without a token, the control API shows the calls that had no world.
            return int(self._server.get(f"{REQUESTS}/count")["count"])

        return Journal(calls, shown["truncated"], count, misdirected)

    def __repr__(self) -> str:
        return f"Sandbox(prefixed_url={self.prefixed_url!r}, token={self.token!r})"
