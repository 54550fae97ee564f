"""Calls with ``Expect: 100-continue``: the body is read only if it is needed."""

from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from tests.faults.harness import COLLECTION, ITEM, Harness

BODY = b'{"contact_id": "trigger_503"}'
JSON = "application/json"


class RecordingBody(BytesIO):
    """A body that records if it was read."""

    is_read = False

    def read(self, *size: Any) -> bytes:
        self.is_read = True
        return super().read(*size)


@pytest.fixture
def bench() -> Harness:
    return Harness()


def call(
    bench: Harness, method: str = "POST", url: str = COLLECTION, token: str | None = "me", **more: Any
) -> tuple[int, bool]:
    """Return the status of a call with ``Expect``, and True if its body was read."""
    content_type = more.pop("content_type", JSON)
    text = more.pop("body", BODY)
    environ = EnvironBuilder(url, method=method, content_type=content_type, **more).get_environ()
    body = RecordingBody(text)
    environ |= {"HTTP_EXPECT": "100-continue", "CONTENT_LENGTH": str(len(text)), "wsgi.input": body}
    if token is not None:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    statuses: list[str] = []
    response = bench.app.wsgi_app(environ, lambda status, *_: statuses.append(status))  # type: ignore[arg-type]
    list(response)
    return int(statuses[0][:3]), body.is_read


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"token": None}, 401),
        ({"url": "/v1/nowhere"}, 404),
        ({"method": "PATCH"}, 405),
        ({"content_type": "text/plain"}, 415),
        ({"url": f"{COLLECTION}?__code=510"}, 510),
        ({"headers": {"Prefer": "code=510"}}, 510),
        ({"url": f"{COLLECTION}/trigger_510", "method": "PUT"}, 510),
        ({"token": "revoked_a"}, 401),
        ({"headers": {"Prefer": "code=510, fault=wrong_content_type"}}, 510),
    ],
)
def test_the_body_is_not_read_if_the_head_decides(bench: Harness, sent: dict[str, Any], status: int) -> None:
    assert call(bench, **sent) == (status, False)


def test_the_body_is_not_read_for_a_rule_that_replaces_the_response(bench: Harness) -> None:
    bench.rule(fault={"type": "status", "status": 510})
    assert call(bench) == (510, False)
    assert bench.entry()["body"] == ""


def test_a_large_body_is_refused_by_its_length() -> None:
    assert call(Harness(max_body_bytes=3)) == (413, False)


def test_the_body_is_read_without_a_fault_and_may_request_one(bench: Harness) -> None:
    assert call(bench) == (503, True)
    assert bench.entry()["body"] == BODY.decode()


@pytest.mark.parametrize(("contact", "status"), [("mine", 510), ("another", 201), ("trigger_503", 503)])
def test_the_body_is_read_for_a_rule_that_matches_by_it(bench: Harness, contact: str, status: int) -> None:
    bench.rule(match={"body": {"contact_id": "mine"}}, fault={"type": "status", "status": 510})
    assert call(bench, body=f'{{"contact_id": "{contact}"}}'.encode()) == (status, True)


@pytest.mark.parametrize(
    "rule",
    [
        {"delay": 5},
        {"fault": {"type": "wrong_content_type"}},
        {"phase": "after", "fault": {"type": "status", "status": 510}},
    ],
)
def test_the_body_is_read_for_a_rule_that_needs_the_response(bench: Harness, rule: dict[str, Any]) -> None:
    bench.rule(match={"method": "PUT"}, **rule)
    assert call(bench, "PUT", ITEM)[1]
