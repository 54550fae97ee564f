"""What the journal writes down of a call: cut where it is long, and without secrets."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from sandbox.edge.call import Call
from sandbox.edge.journal_entry import REDACTED, entry_of
from sandbox.operations import CREATE
from sandbox.world.journal import Entry
from sandbox.world.sandbox import Bounds, Sandbox, SandboxState
from sandbox.world.table import Table

NOBODY = Sandbox(SandboxState(Table(), seed=1), lambda: 5.0, lambda _: b"{}", Bounds(1, 1, 1, 1, 1))
ENVIRON = {"REQUEST_METHOD": "POST", "PATH_INFO": "/v1/conversations"}
SECRET = "sk-live-0123456789abcdef"


def written(environ: dict[str, Any] | None = None, body: bytes = b"", most: int = 1000, **call: Any) -> Entry:
    return entry_of(
        ENVIRON | (environ or {}),
        request_id="r-1",
        call=Call(call.pop("operation", CREATE), NOBODY, NOBODY, body=body, **call),
        max_body_bytes=most,
        status=201,
        at=5.12345678,
        duration=0.0012345678,
    )


def test_an_entry_says_what_was_called_when_and_how_it_ended() -> None:
    environ = {"QUERY_STRING": "a=1", "HTTP_X_ONE": "1", "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "1"}
    entry = written(environ, b"a", delay_ms=2.5, fault="hang", rule="slow")
    assert entry == Entry(
        id="r-1",
        at=5.123,
        method="POST",
        path="/v1/conversations",
        query="a=1",
        headers=(("X-One", "1"), ("Content-Type", "text/plain"), ("Content-Length", "1")),
        body="a",
        operation="createConversation",
        status=201,
        duration_ms=1.235,
        delay_ms=2.5,
        fault="hang",
        rule="slow",
    )


def test_what_is_not_there_is_empty() -> None:
    entry = written({"CONTENT_TYPE": "", "CONTENT_LENGTH": ""}, operation=None)
    assert (entry.query, entry.body, entry.headers, entry.operation) == ("", "", (), None)
    assert (entry.delay_ms, entry.fault, entry.rule) == (0.0, None, None)


def test_what_is_no_header_is_not_written_down() -> None:
    entry = written({"REMOTE_ADDR": "10.0.0.1", "wsgi.input": None, "SERVER_NAME": "a", "HTTP_HOST": "b"})
    assert entry.headers == (("Host", "b"),)


@pytest.mark.parametrize(
    "name", ["HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_PROXY_AUTHORIZATION", "HTTP_X_ADMIN_TOKEN"]
)
def test_the_headers_that_hold_secrets_are_redacted(name: str) -> None:
    ((_, value),) = written({name: f"Bearer {SECRET}"}).headers
    assert value == REDACTED


@pytest.mark.parametrize(
    "name", ["HTTP_X_COOKIE", "HTTP_AUTHORIZATION_INFO", "HTTP_X_ADMIN", "HTTP_USER_AGENT"]
)
def test_other_headers_are_not(name: str) -> None:
    ((_, value),) = written({name: "plain"}).headers
    assert value == "plain"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"access_token={SECRET}", "access_token=[redacted]"),
        (f"a=1&access_token={SECRET}&b=2", "a=1&access_token=[redacted]&b=2"),
        (f"access_token={SECRET}&access_token={SECRET}", "access_token=[redacted]&access_token=[redacted]"),
        ("access_token=", "access_token=[redacted]"),
        (f"access%5Ftoken={SECRET}&b=2", "access%5Ftoken=[redacted]&b=2"),
        (f"%61ccess%5ftoke%6E={SECRET}", "%61ccess%5ftoke%6E=[redacted]"),
        ("my_access_token=a", "my_access_token=a"),
        ("access_token", "access_token"),
        ("a=access_token", "a=access_token"),
        ("", ""),
    ],
)
def test_a_token_in_a_query_or_a_form_is_redacted(text: str, redacted: str) -> None:
    assert written({"QUERY_STRING": text}).query == redacted
    assert written(body=text.encode()).body == redacted


MULTIPART = (
    "--edge\r\nContent-Disposition: form-data; name={name}\r\n{more}\r\n{value}\r\n"
    '--edge\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\nb\r\n--edge--\r\n'
)


@pytest.mark.parametrize("name", ['"access_token"', "access_token", '"access_token"; filename="a"'])
@pytest.mark.parametrize("more", ["", "Content-Type: text/plain\r\n"])
def test_a_token_in_a_field_of_a_multipart_body_is_redacted(name: str, more: str) -> None:
    body = MULTIPART.format(name=name, more=more, value=SECRET)
    assert written(body=body.encode()).body == MULTIPART.format(name=name, more=more, value=REDACTED)


def test_a_field_of_a_multipart_body_that_was_cut_is_redacted_to_its_end() -> None:
    body = MULTIPART.format(name='"access_token"', more="", value=SECRET).encode()
    assert SECRET[:4] not in written(body=body, most=body.index(b"sk-live") + 8).body


@pytest.mark.parametrize("name", ['"access_tokens"', '"my_access_token"', '"contact_id"'])
def test_other_fields_of_a_multipart_body_are_not(name: str) -> None:
    body = MULTIPART.format(name=name, more="", value="plain")
    assert written(body=body.encode()).body == body


def test_a_name_that_is_encoded_in_json_is_still_that_name() -> None:
    body = r'{"acces\u0073\u005Ftoken": "very\"secret", "a": 1}'
    assert written(body=body.encode()).body == r'{"acces\u0073\u005Ftoken": "[redacted]", "a": 1}'


@given(before=st.integers(0, 40), most=st.integers(0, 80))
def test_no_cut_leaves_a_part_of_a_secret(before: int, most: int) -> None:
    body = f"a={'x' * before}&access_token={SECRET}&b={'y' * 40}".encode()
    text = written(body=body, most=most).body
    for length in range(4, len(SECRET) + 1):
        assert SECRET[:length] not in text


@pytest.mark.parametrize(
    ("body", "most", "text"),
    [
        (b"abc", 3, "abc"),
        (b"abcd", 3, "abc… (cut: the body has 4 bytes)"),
        (b"abc", 0, "… (cut: the body has 3 bytes)"),
        (b"", 0, ""),
        ("é".encode(), 1, "\ufffd… (cut: the body has 2 bytes)"),
        (b"\xff\xfe", 9, "\ufffd\ufffd"),
        (b"a\x00b", 9, "a\x00b"),
    ],
)
def test_a_long_body_is_cut_and_says_so(body: bytes, most: int, text: str) -> None:
    assert written(body=body, most=most).body == text


def test_a_token_in_a_json_body_is_redacted(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api()
    api.post("/v1/conversations", json={"contact_id": "a", "access_token": "very-secret"})
    (entry,) = api.get("/__admin/requests").get_json()["data"]
    assert "very-secret" not in entry["body"]
    assert "[redacted]" in entry["body"]


def test_a_body_that_names_the_token_again_and_again_is_read_once() -> None:
    """It would take minutes where each name looked to the end of the body for the end of its header."""
    body = b'; name="access_token"\r\nx' * 50_000
    assert len(written(body=body, most=len(body)).body) == len(body)
