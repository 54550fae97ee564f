"""Journal entries of calls: truncated if long, and without secrets."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from sandbox.edge.call import Call
from sandbox.edge.journal_entry import REDACTED, journal_entry
from sandbox.edge.sent_headers import KEY
from sandbox.world.journal import Entry, Headers

ENVIRON = {"REQUEST_METHOD": "POST", "PATH_INFO": "/v1/conversations"}
SECRET = "sk-live-0123456789abcdef"


def entry_for(
    environ: dict[str, Any] | None = None, body: bytes = b"", max_bytes: int = 1000, **attributes: Any
) -> Entry:
    call = Call(ENVIRON | (environ or {}))
    call.body = body
    for name, value in attributes.items():
        setattr(call, name, value)
    return journal_entry(
        call,
        request_id="r-1",
        max_body_bytes=max_bytes,
        status=201,
        at=5.12345678,
        duration=0.0012345678,
    )


def test_entry_has_the_request_the_time_and_the_outcome() -> None:
    environ = {"QUERY_STRING": "a=1", "HTTP_X_ONE": "1", "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "1"}
    entry = entry_for(environ, b"a", delay_ms=2.5, fault="hang", rule="slow")
    assert entry == Entry(
        id="r-1",
        at=5.12345678,
        method="POST",
        path="/v1/conversations",
        query="a=1",
        headers=Headers.of((("X-One", "1"), ("Content-Type", "text/plain"), ("Content-Length", "1"))),
        body="a",
        operation="createConversation",
        status=201,
        duration_ms=1.2345678,
        delay_ms=2.5,
        fault="hang",
        rule="slow",
    )


def test_requests_with_the_same_parsed_headers_share_those_of_their_entries() -> None:
    class Sent:
        environ = {"HTTP_X_ONE": "1", "HTTP_AUTHORIZATION": f"Bearer {SECRET}", "CONTENT_TYPE": "text/plain"}

    parsed = {KEY: Sent()}
    entry = entry_for(parsed)
    assert entry.headers.items == (
        ("X-One", "1"),
        ("Authorization", REDACTED),
        ("Content-Type", "text/plain"),
    )
    assert entry_for(parsed).headers is entry.headers


def test_absent_fields_are_empty() -> None:
    entry = entry_for({"CONTENT_TYPE": "", "CONTENT_LENGTH": ""}, operation=None)
    assert (entry.query, entry.body, entry.headers.items, entry.operation) == ("", "", (), None)
    assert (entry.delay_ms, entry.fault, entry.rule) == (0.0, None, None)


def test_only_headers_of_the_environment_are_recorded() -> None:
    entry = entry_for({"REMOTE_ADDR": "10.0.0.1", "wsgi.input": None, "SERVER_NAME": "a", "HTTP_HOST": "b"})
    assert entry.headers.items == (("Host", "b"),)


@pytest.mark.parametrize(
    "name", ["HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_PROXY_AUTHORIZATION", "HTTP_X_ADMIN_TOKEN"]
)
def test_secret_headers_are_redacted(name: str) -> None:
    ((_, value),) = entry_for({name: f"Bearer {SECRET}"}).headers.items
    assert value == REDACTED


@pytest.mark.parametrize(
    "name", ["HTTP_X_COOKIE", "HTTP_AUTHORIZATION_INFO", "HTTP_X_ADMIN", "HTTP_USER_AGENT"]
)
def test_other_headers_are_not_redacted(name: str) -> None:
    ((_, value),) = entry_for({name: "plain"}).headers.items
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
def test_access_token_in_a_query_or_a_form_is_redacted(text: str, redacted: str) -> None:
    assert entry_for({"QUERY_STRING": text}).query == redacted
    assert entry_for(body=text.encode()).body == redacted


MULTIPART = (
    "--edge\r\nContent-Disposition: form-data; name={name}\r\n{more}\r\n{value}\r\n"
    '--edge\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\nb\r\n--edge--\r\n'
)


@pytest.mark.parametrize("name", ['"access_token"', "access_token", '"access_token"; filename="a"'])
@pytest.mark.parametrize("more", ["", "Content-Type: text/plain\r\n"])
def test_access_token_in_a_multipart_body_is_redacted(name: str, more: str) -> None:
    body = MULTIPART.format(name=name, more=more, value=SECRET)
    assert entry_for(body=body.encode()).body == MULTIPART.format(name=name, more=more, value=REDACTED)


def test_access_token_in_a_truncated_multipart_body_is_redacted() -> None:
    body = MULTIPART.format(name='"access_token"', more="", value=SECRET).encode()
    assert SECRET[:4] not in entry_for(body=body, max_bytes=body.index(b"sk-live") + 8).body


@pytest.mark.parametrize("name", ['"access_tokens"', '"my_access_token"', '"contact_id"'])
def test_other_fields_of_a_multipart_body_are_not_redacted(name: str) -> None:
    body = MULTIPART.format(name=name, more="", value="plain")
    assert entry_for(body=body.encode()).body == body


def test_access_token_with_an_escaped_name_in_json_is_redacted() -> None:
    body = r'{"acces\u0073\u005Ftoken": "very\"secret", "a": 1}'
    assert entry_for(body=body.encode()).body == r'{"acces\u0073\u005Ftoken": "[redacted]", "a": 1}'


@given(before=st.integers(0, 40), max_bytes=st.integers(0, 80))
def test_truncated_body_has_no_part_of_a_secret(before: int, max_bytes: int) -> None:
    body = f"a={'x' * before}&access_token={SECRET}&b={'y' * 40}".encode()
    text = entry_for(body=body, max_bytes=max_bytes).body
    for length in range(4, len(SECRET) + 1):
        assert SECRET[:length] not in text


@pytest.mark.parametrize(
    ("body", "max_bytes", "text"),
    [
        (b"abc", 3, "abc"),
        (b"abcd", 3, "abc… (cut: the body has 4 bytes)"),
        (b"abc", 0, "… (cut: the body has 3 bytes)"),
        (b"", 0, ""),
        ("é".encode(), 1, "… (cut: the body has 2 bytes)"),
        ("a😀".encode(), 4, "a… (cut: the body has 5 bytes)"),
        (b"\xff\xc3\xa9b", 3, r"\xffé… (cut: the body has 4 bytes)"),
        (b"\xff\xfe", 9, r"\xff\xfe"),
        (b"a\xc3", 9, r"a\xc3"),
        ("\ufffd".encode(), 9, "\ufffd"),
        (b"a\x00b", 9, "a\x00b"),
    ],
)
def test_long_body_is_truncated_with_a_note(body: bytes, max_bytes: int, text: str) -> None:
    assert entry_for(body=body, max_bytes=max_bytes).body == text


def test_access_token_in_a_json_body_is_redacted(open_api: Callable[..., FlaskClient]) -> None:
    api = open_api()
    api.post("/v1/conversations", json={"contact_id": "a", "access_token": "very-secret"})
    (entry,) = api.get("/__admin/requests").get_json()["data"]
    assert "very-secret" not in entry["body"]
    assert "[redacted]" in entry["body"]


def test_redaction_of_many_names_takes_linear_time() -> None:
    """Searching the rest of the body for each name would take minutes."""
    body = b'; name="access_token"\r\nx' * 50_000
    assert len(entry_for(body=body, max_bytes=len(body)).body) == len(body)
