"""Authentication: a bearer token on every call, and what is answered without one."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from sandbox.api.auth import authenticated
from sandbox.edge.call import Call
from sandbox.problems import Problem
from sandbox.world.sandbox import Bounds, Sandbox, SandboxState
from sandbox.world.table import Table

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
CALLS = [
    ("POST", COLLECTION),
    ("GET", COLLECTION),
    ("HEAD", COLLECTION),
    ("GET", ITEM),
    ("PUT", ITEM),
    ("DELETE", ITEM),
]


@pytest.fixture
def anonymous(api: FlaskClient) -> FlaskClient:
    del api.environ_base["HTTP_AUTHORIZATION"]
    return api


@pytest.mark.parametrize(("method", "url"), CALLS)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer    ",
        "Basic dXNlcjpwYXNz",
        "Token abc",
        "abc",
        "Bearerabc",
        "Bearer:abc",
    ],
)
def test_a_call_without_a_bearer_token_is_unauthorized(
    anonymous: FlaskClient,
    assert_error_shape: Callable[..., str],
    method: str,
    url: str,
    authorization: str | None,
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = anonymous.open(
        url, method=method, headers=headers, data=b"" if method == "HEAD" else b"contact_id=a"
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    if method != "HEAD":
        assert_error_shape(answer, 401, "Authorization: Bearer {token}")


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer a",
        "bearer a",
        "BEARER a",
        "Bearer   a",
        "Bearer a  ",
        "Bearer " + "a" * 4000,
        "Bearer a b",
        "Bearer {token}",
        "Bearer \xe4",
    ],
)
def test_any_token_that_is_not_empty_is_good(anonymous: FlaskClient, authorization: str) -> None:
    assert anonymous.get(COLLECTION, headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize(
    ("url", "body", "content_type"),
    [
        (COLLECTION + "?wrong=1", b"contact_id=a", "application/x-www-form-urlencoded"),
        (COLLECTION, b"{", "application/json"),
        (COLLECTION, b"a", "text/plain"),
    ],
)
def test_authentication_comes_before_the_arguments(
    anonymous: FlaskClient, url: str, body: bytes, content_type: str
) -> None:
    assert anonymous.post(url, data=body, content_type=content_type).status_code == 401


def test_a_call_without_a_token_changes_nothing(anonymous: FlaskClient) -> None:
    anonymous.delete(ITEM)
    anonymous.post(COLLECTION, data={"contact_id": "a"})
    found = anonymous.get(COLLECTION, headers={"Authorization": "Bearer someone-new-after-anonymous-calls"})
    assert len(found.get_json()["data"]) == 2


def test_a_call_without_a_token_is_a_problem_whatever_sandbox_it_met() -> None:
    sandbox = Sandbox(SandboxState(Table(), seed=1), lambda: 0.0, lambda _: b"{}", Bounds(1, 1, 1, 1, 1))
    with pytest.raises(Problem) as caught:
        authenticated(Call(None, sandbox, sandbox))
    assert caught.value.status == 401
    assert authenticated(Call(None, sandbox, sandbox, token="me")) is sandbox
