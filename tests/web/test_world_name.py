"""The world that a request names: by the path prefix, the header or the cookie."""

from typing import Any

import pytest

from sandbox.problems import Problem
from sandbox.web.world_name import world_name
from sandbox.web.world_prefix import KEY
from sandbox.world.world_name import WorldName

PREFIX, HEADER, COOKIE = KEY, "HTTP_X_SANDBOX_WORLD", "HTTP_COOKIE"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, None),
        ({COOKIE: "theme=dark"}, None),
        ({COOKIE: "my_sandbox_world=a; sandbox_world2=b"}, None),
        ({PREFIX: "a"}, "a"),
        ({HEADER: "a"}, "a"),
        ({COOKIE: "sandbox_world=a"}, "a"),
        ({COOKIE: 'theme=dark; sandbox_world="a"; x=y'}, "a"),
        ({COOKIE: "sandbox_world=a; sandbox_world=a"}, "a"),
        ({PREFIX: "a", HEADER: "a", COOKIE: "sandbox_world=a"}, "a"),
        ({PREFIX: "a", COOKIE: "theme=dark"}, "a"),
        ({"HTTP_AUTHORIZATION": "Bearer me"}, None),
        ({HEADER: "a" * 64}, "a" * 64),
    ],
)
def test_name_of_a_request(environ: dict[str, Any], name: str | None) -> None:
    assert world_name(environ) == (None if name is None else WorldName(name))


@pytest.mark.parametrize(
    ("environ", "fragments"),
    [
        ({PREFIX: "a", HEADER: "b"}, ["path prefix /t/{world}", '"a"', "header X-Sandbox-World", '"b"']),
        ({PREFIX: "a", COOKIE: "sandbox_world=b"}, ["path prefix", '"a"', "cookie sandbox_world", '"b"']),
        ({HEADER: "a", COOKIE: "sandbox_world=b"}, ["header", '"a"', "cookie", '"b"']),
        ({PREFIX: "a", HEADER: "a", COOKIE: "sandbox_world=b"}, ["path prefix", "cookie", '"b"']),
        ({COOKIE: "sandbox_world=a; sandbox_world=b"}, ["cookie", '"a"', '"b"']),
        ({HEADER: "a", PREFIX: "A"}, ['"a"', '"A"']),
    ],
)
def test_names_that_differ_are_refused(environ: dict[str, Any], fragments: list[str]) -> None:
    with pytest.raises(Problem) as caught:
        world_name(environ)
    assert caught.value.status == 400
    for fragment in [*fragments, "name one world"]:
        assert fragment in caught.value.message


@pytest.mark.parametrize("place", [PREFIX, HEADER, COOKIE])
@pytest.mark.parametrize("name", ["", "a" * 65, "a/b", "a.b", "a b", "a,b", "a%2Fb"])
def test_invalid_name_is_refused(place: str, name: str) -> None:
    with pytest.raises(Problem) as caught:
        world_name({place: f"sandbox_world={name}" if place == COOKIE else name})
    assert caught.value.status == 400
    assert "1 to 64 letters, digits, _ or -" in caught.value.message


def test_invalid_name_is_refused_although_another_one_is_valid() -> None:
    with pytest.raises(Problem, match="header X-Sandbox-World must name a world"):
        world_name({PREFIX: "a", HEADER: ""})


def test_message_shows_the_text_of_a_header_in_utf_8() -> None:
    with pytest.raises(Problem, match='not "café"'):
        world_name({HEADER: "café".encode().decode("latin-1")})


@pytest.mark.parametrize("cookie", ["sandbox_world=b", "sandbox_world=", "sandbox_world=a/b"])
def test_cookie_is_ignored_on_demand(cookie: str) -> None:
    assert world_name({COOKIE: cookie}, with_cookie=False) is None
    assert world_name({HEADER: "a", COOKIE: cookie}, with_cookie=False) == WorldName("a")
