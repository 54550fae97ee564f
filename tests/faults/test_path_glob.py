"""The globs with which rules match paths: those that can match no call are refused."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from marshmallow import ValidationError

from sandbox.faults.path_glob import PathGlob
from sandbox.schemas.error_messages import message_of

VALIDATOR = Draft202012Validator(dict(PathGlob.openapi_text))
POSSIBLE = [
    "/v1/conversations",
    "/v1/*",
    "*",
    "*/conversations",
    "/*",
    "/v*",
    "/v1*",
    "?v1/conversations",
    "/??/x",
    "[/]v1/x",
    "/[uvw]1/*",
    "/v[0-9]/*",
    "/v1[!a]x",
    "/v1/é",
    "/v1/100%",
    "/v1/%zz",
    "/v1/[%]41",
    "/v1/a%2Fb",
    "/v1/",
    "????",
]
IMPOSSIBLE = [
    "conversations/*",
    "v1/conversations",
    "/conversations/*",
    "/V1/conversations",
    "/v1",
    "/v2/*",
    "/t/me/v1/conversations",
    "http://127.0.0.1:8000/v1/*",
    " /v1/*",
    "/?",
    "/v?",
    "???",
]


def refusal(glob: object) -> str:
    assert not VALIDATOR.is_valid(glob)
    with pytest.raises(ValidationError) as error:
        PathGlob().deserialize(glob)
    return message_of(error.value, "path")


@pytest.mark.parametrize("glob", POSSIBLE)
def test_glob_that_can_match_a_call_is_accepted(glob: str) -> None:
    assert PathGlob().deserialize(glob) == glob
    assert VALIDATOR.is_valid(glob)


@pytest.mark.parametrize("glob", IMPOSSIBLE)
def test_glob_that_can_match_no_call_is_refused(glob: str) -> None:
    assert refusal(glob) == (
        f'path must begin with /v1/ or a wildcard, like /v1/conversations/*, not "{glob}": it matches no call.'
    )


@pytest.mark.parametrize("glob", ["", " ", 5, None, "/v1/" + "a" * 200])
def test_glob_is_a_text(glob: object) -> None:
    assert refusal(glob).startswith("path must be a text of 1 to 200 characters")


@given(
    glob=st.text("/v1*?[]!-x", max_size=8),
    path=st.text("/v1x-", max_size=4).map(lambda rest: f"/v1/{rest}"),
)
@example(glob="????", path="/v1/")
def test_glob_that_matches_a_path_is_accepted(glob: str, path: str) -> None:
    if fnmatchcase(path, glob):
        assert PathGlob().deserialize(glob) == glob
