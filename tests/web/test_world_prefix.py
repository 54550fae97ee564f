"""The path prefix of a world, as a part of a WSGI environment."""

from typing import Any

import pytest

from sandbox.web.world_prefix import KEY, move_prefix, prefixed_url, root_path


def environ_of(path: str, raw: str | None = None, root: str = "") -> dict[str, Any]:
    return {
        "PATH_INFO": path,
        "RAW_URI": path if raw is None else raw,
        "SCRIPT_NAME": root,
        "HTTP_HOST": "localhost:8000",
        "wsgi.url_scheme": "http",
    }


@pytest.mark.parametrize(
    ("path", "raw", "name", "root", "rest"),
    [
        ("/t/a/v1/conversations", None, "a", "/t/a", "/v1/conversations"),
        ("/t/a/__admin/health", None, "a", "/t/a", "/__admin/health"),
        ("/t/a/", None, "a", "/t/a", "/"),
        ("/t/a//v1/conversations", None, "a", "/t/a", "//v1/conversations"),
        ("/t/a/t/b/v1/x", None, "a", "/t/a", "/t/b/v1/x"),
        ("/t//v1/x", None, "", "/t/", "/v1/x"),
        ("/t/a b/v1/x", "/t/a%20b/v1/x", "a b", "/t/a%20b", "/v1/x"),
        ("/t/a/v1/x", "/t/%61/v1/x", "a", "/t/a", "/v1/x"),
        ("/t/a/v1/x", "/%74/%61/v1/x", "a", "/t/a", "/v1/x"),
        ("/t/a/b/v1/x", "/t/a%2Fb/v1/x", "a/b", "/t/a/b", "/v1/x"),
        ("/t/a/b/v1/x", "/t/a%2fb/v1/x?y=%2f", "a/b", "/t/a/b", "/v1/x"),
        ("/t/a/b/v1/x", "http://localhost/t/a%2Fb/v1/x", "a/b", "/t/a/b", "/v1/x"),
        ("/t/a/v1/b/c", "/t/a/v1/b%2Fc", "a", "/t/a", "/v1/b/c"),
        ("/t/caf\xc3\xa9/v1/x", "/t/caf%C3%A9/v1/x", "café", "/t/caf%C3%A9", "/v1/x"),
        ("/t/\xff/v1/x", "/t/%FF/v1/x", "\\xff", "/t/%FF", "/v1/x"),
    ],
)
def test_prefix_moves_to_the_root(path: str, raw: str | None, name: str, root: str, rest: str) -> None:
    environ = environ_of(path, raw)
    assert move_prefix(environ) == rest
    assert (environ["PATH_INFO"], environ[KEY], root_path(environ)) == (rest, name, root)


@pytest.mark.parametrize("path", ["/t/", "/t/a", "/t/v1", "/t/a%"])
@pytest.mark.parametrize("raw", [None, "/t/a%2Fv1"])
def test_path_with_nothing_after_the_name_stays(path: str, raw: str | None) -> None:
    environ = environ_of(path, raw)
    assert move_prefix(environ) == path
    assert environ == environ_of(path, raw)


def test_server_that_shows_no_raw_path_is_supported() -> None:
    environ = environ_of("/t/a/v1/x")
    del environ["RAW_URI"], environ["SCRIPT_NAME"]
    assert move_prefix(environ) == "/v1/x"
    assert environ["SCRIPT_NAME"] == "/t/a"


def test_prefix_is_added_to_the_path_that_the_application_is_mounted_at() -> None:
    environ = environ_of("/t/a/v1/x", root="/mocks/ü".encode().decode("latin-1"))
    move_prefix(environ)
    assert root_path(environ) == "/mocks/%C3%BC/t/a"


@pytest.mark.parametrize(
    ("path", "root", "url"),
    [
        ("/__admin/worlds", "", "http://localhost:8000/t/new"),
        ("/t/a/__admin/worlds", "", "http://localhost:8000/t/new"),
        ("/t/caf\xc3\xa9/__admin/worlds", "", "http://localhost:8000/t/new"),
        ("/__admin/worlds", "/mocks", "http://localhost:8000/mocks/t/new"),
        ("/t/a/__admin/worlds", "/mocks", "http://localhost:8000/mocks/t/new"),
    ],
)
def test_url_of_a_world_does_not_depend_on_the_world_of_the_request(path: str, root: str, url: str) -> None:
    environ = environ_of(path, root=root)
    if path.startswith("/t/"):
        move_prefix(environ)
    assert prefixed_url(environ, "new") == url
