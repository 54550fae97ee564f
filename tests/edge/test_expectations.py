"""A client that waits to be asked for its body: it is asked only where the body decides something."""

from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from tests.faults.harness import COLLECTION, ITEM, Harness

BODY = b'{"contact_id": "trigger_503"}'
JSON = "application/json"


class Asked(BytesIO):
    """A body that remembers whether it was read."""

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
    """The status of an expecting call, and whether its body was read."""
    content_type = more.pop("content_type", JSON)
    text = more.pop("body", BODY)
    environ = EnvironBuilder(url, method=method, content_type=content_type, **more).get_environ()
    body = Asked(text)
    environ |= {"HTTP_EXPECT": "100-continue", "CONTENT_LENGTH": str(len(text)), "wsgi.input": body}
    if token is not None:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    statuses: list[str] = []
    answer = bench.app.wsgi_app(environ, lambda status, *_: statuses.append(status))  # type: ignore[arg-type]
    list(answer)
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
def test_what_the_head_decides_needs_no_body(bench: Harness, sent: dict[str, Any], status: int) -> None:
    assert call(bench, **sent) == (status, False)


def test_nor_does_a_rule_whose_answer_is_not_the_apis(bench: Harness) -> None:
    bench.rule(fault={"type": "status", "status": 510})
    assert call(bench) == (510, False)
    assert bench.entry()["body"] == ""


def test_a_body_that_is_too_large_is_refused_by_its_length() -> None:
    assert call(Harness(max_body_bytes=3)) == (413, False)


def test_without_a_fault_it_is_read_and_may_ask_for_one(bench: Harness) -> None:
    assert call(bench) == (503, True)
    assert bench.entry()["body"] == BODY.decode()


@pytest.mark.parametrize(("contact", "status"), [("mine", 510), ("another", 201), ("trigger_503", 503)])
def test_a_rule_that_asks_for_the_body_gets_it(bench: Harness, contact: str, status: int) -> None:
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
def test_a_rule_that_needs_the_apis_answer_has_it_read(bench: Harness, rule: dict[str, Any]) -> None:
    bench.rule(match={"method": "PUT"}, **rule)
    assert call(bench, "PUT", ITEM)[1]
