"""The bearer token of a request."""

import pytest

from sandbox.problems import Problem
from sandbox.web.bearer_token import bearer_token


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER abc", "abc"),
        ("Bearer   abc  ", "abc"),
        ("Bearer a b", "a b"),
        ("Bearer {token}", "{token}"),
        ("Bearer Bearer", "Bearer"),
        ("Bearer " + "a" * 10_000, "a" * 10_000),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer    ", None),
        ("", None),
        ("abc", None),
        ("Basic dXNlcjpwYXNz", None),
        ("Bearerabc", None),
        (" Bearer abc", None),
        ("Token Bearer abc", None),
    ],
    ids=lambda text: str(text)[:20],
)
def test_token_follows_the_bearer_scheme(authorization: str, token: str | None) -> None:
    assert bearer_token({"HTTP_AUTHORIZATION": authorization}) == token


def test_missing_header_means_no_token() -> None:
    assert bearer_token({}) is None


@pytest.mark.parametrize(
    "authorization", ["Bearer a, Bearer b", "Bearer a,Bearer b", "Basic a, Bearer b", "Bearer a, Basic b"]
)
def test_two_credentials_are_refused(authorization: str) -> None:
    with pytest.raises(Problem) as refused:
        bearer_token({"HTTP_AUTHORIZATION": authorization})
    assert refused.value.status == 400
