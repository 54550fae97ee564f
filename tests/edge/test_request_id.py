"""``X-Request-Id``: in every response, the caller's own if it sent a valid one."""

import pytest
from flask.testing import FlaskClient

from sandbox.edge.boot import Boot
from sandbox.edge.request_id import RequestIds

COLLECTION = "/v1/conversations"
PATHS = [
    COLLECTION,
    COLLECTION + "/nope",
    COLLECTION + "?limit=0",
    "/v1/nothing",
    "/openapi.json",
    "/__admin/health",
    "/",
]


@pytest.mark.parametrize(
    "sent",
    ["a", "0", "7b0ad2ee-21b4-4d0f-a1a7-4ba5bd2cf1b7", "a.b:c/d+e=f@g-h_i", "A" * 128],
    ids=lambda sent: sent[:20],
)
def test_valid_request_id_is_echoed(api: FlaskClient, sent: str) -> None:
    response = api.get(COLLECTION, headers={"X-Request-Id": sent})
    assert response.headers.getlist("X-Request-Id") == [sent]


@pytest.mark.parametrize(
    "sent",
    ["", " ", "a b", "a,b", "<script>", "a\tb", "ä", '"', "a" * 129, "a;b"],
    ids=lambda sent: ascii(sent)[:20],
)
def test_invalid_request_id_is_replaced(api: FlaskClient, sent: str) -> None:
    (replacement,) = api.get(COLLECTION, headers={"X-Request-Id": sent}).headers.getlist("X-Request-Id")
    assert replacement
    assert replacement != sent


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "BREW"])
def test_every_response_has_a_request_id(api: FlaskClient, method: str, path: str) -> None:
    assert len(api.open(path, method=method).headers.getlist("X-Request-Id")) == 1
    assert api.open(path, method=method, headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] == "mine"


def test_request_ids_are_unique(api: FlaskClient) -> None:
    assert len({api.get(COLLECTION).headers["X-Request-Id"] for _ in range(50)}) == 50


def test_request_ids_begin_with_the_id_of_the_boot() -> None:
    boot, other = Boot(lambda: 0.0), RequestIds(Boot(lambda: 0.0))
    ids = RequestIds(boot)
    assert ids.of({}).startswith(f"{boot.id}-")
    assert len({ids.of({}), ids.of({}), other.of({}), other.of({})}) == 4


def test_request_ids_are_not_repeated_by_another_boot() -> None:
    boot = Boot(lambda: 0.0)
    before = {RequestIds(boot).of({}) for _ in range(5)}
    boot.begin()
    assert before.isdisjoint(RequestIds(boot).of({}) for _ in range(5))


def test_request_id_with_a_newline_is_replaced() -> None:
    ids = RequestIds(Boot(lambda: 0.0))
    assert ids.of({"HTTP_X_REQUEST_ID": "a\n"}) != "a\n"
    assert ids.of({"HTTP_X_REQUEST_ID": "a"}) == "a"
