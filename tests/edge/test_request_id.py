"""``X-Request-Id``: on every answer, the caller's own where it sent a sane one."""

import pytest
from flask.testing import FlaskClient

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
def test_a_sane_id_of_the_caller_s_own_comes_back(api: FlaskClient, sent: str) -> None:
    answer = api.get(COLLECTION, headers={"X-Request-Id": sent})
    assert answer.headers.getlist("X-Request-Id") == [sent]


@pytest.mark.parametrize(
    "sent",
    ["", " ", "a b", "a,b", "<script>", "a\tb", "ä", '"', "a" * 129, "a;b"],
    ids=lambda sent: ascii(sent)[:20],
)
def test_another_id_is_replaced(api: FlaskClient, sent: str) -> None:
    (got,) = api.get(COLLECTION, headers={"X-Request-Id": sent}).headers.getlist("X-Request-Id")
    assert got
    assert got != sent


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "BREW"])
def test_every_answer_has_an_id(api: FlaskClient, method: str, path: str) -> None:
    assert len(api.open(path, method=method).headers.getlist("X-Request-Id")) == 1
    assert api.open(path, method=method, headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] == "mine"


def test_every_call_has_an_id_of_its_own(api: FlaskClient) -> None:
    assert len({api.get(COLLECTION).headers["X-Request-Id"] for _ in range(50)}) == 50


def test_servers_differ_in_their_prefix() -> None:
    one, other = RequestIds("one"), RequestIds("other")
    assert one.of({}).startswith("one")
    assert len({one.of({}), one.of({}), other.of({}), other.of({})}) == 4


def test_a_line_end_is_not_sane() -> None:
    assert RequestIds("p").of({"HTTP_X_REQUEST_ID": "a\n"}) != "a\n"
    assert RequestIds("p").of({"HTTP_X_REQUEST_ID": "a"}) == "a"
