"""Authentication: a bearer token in every call, or a 401."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from sandbox.api.auth import authenticated
from sandbox.edge.call import Call
from sandbox.engines.memory import MemoryEngine
from sandbox.problems import Problem
from sandbox.world.fleet import LocalFleet
from sandbox.world.runtime import Bounds, Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.state import SandboxState
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
    """Return a client that sends no token."""
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
def test_call_without_a_bearer_token_is_unauthorized(
    anonymous: FlaskClient,
    assert_error_shape: Callable[..., str],
    method: str,
    url: str,
    authorization: str | None,
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = anonymous.open(
        url, method=method, headers=headers, data=b"" if method == "HEAD" else b"contact_id=a"
    )
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    if method != "HEAD":
        assert_error_shape(response, 401, "Authorization: Bearer {token}")


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
def test_any_non_empty_token_is_accepted(anonymous: FlaskClient, authorization: str) -> None:
    assert anonymous.get(COLLECTION, headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize(
    ("url", "body", "content_type"),
    [
        (COLLECTION + "?wrong=1", b"contact_id=a", "application/x-www-form-urlencoded"),
        (COLLECTION, b"{", "application/json"),
        (COLLECTION, b"a", "text/plain"),
    ],
)
def test_authentication_precedes_validation(
    anonymous: FlaskClient, url: str, body: bytes, content_type: str
) -> None:
    assert anonymous.post(url, data=body, content_type=content_type).status_code == 401


def test_call_without_a_token_changes_nothing(anonymous: FlaskClient) -> None:
    anonymous.delete(ITEM)
    anonymous.post(COLLECTION, data={"contact_id": "a"})
    listed = anonymous.get(COLLECTION, headers={"Authorization": "Bearer someone-new-after-anonymous-calls"})
    assert len(listed.get_json()["data"]) == 2


def test_authenticated_returns_the_lease_or_raises_a_problem() -> None:
    runtime = Runtime(lambda: 0.0, lambda _: b"{}", Bounds(1, 1, 1, 1, 1))
    fleet = LocalFleet(
        MemoryEngine(lambda token: Sandbox(SandboxState(Table(), seed=1), runtime, token)), lambda: 0.0, 1, 0
    )
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": COLLECTION}
    call = Call(environ)
    call.enter(fleet.lease_anonymous())
    with pytest.raises(Problem) as caught:
        authenticated(call)
    assert caught.value.status == 401
    call = Call(environ | {"HTTP_AUTHORIZATION": "Bearer me"})
    call.enter(lease := fleet.acquire("me"))
    assert authenticated(call) is lease
