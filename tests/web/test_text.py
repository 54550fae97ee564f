"""Text in the native strings of WSGI, which have one character for each byte."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from sandbox.web.text import header_value, is_utf8, text_of

TEXTS = [
    "",
    "plain",
    "café",
    "cafe\u0301",
    "日本語",
    "😀",
    "👩\u200d👩\u200d👧",
    "\x00",
    "\u2028",
    "ÿ",
    r"\xff",
]
NOT_UTF8 = {
    b"\xff": r"\xff",
    b"caf\xe9": r"caf\xe9",
    b"\xc3": r"\xc3",
    b"a\xc3b": r"a\xc3b",
    b"\xc0\x80": r"\xc0\x80",  # NUL in two bytes
    b"\xc0\xaf": r"\xc0\xaf",  # a slash in two bytes
    b"\xe0\x80\xaf": r"\xe0\x80\xaf",
    b"\xed\xa0\x80": r"\xed\xa0\x80",  # a surrogate
    b"\xed\xa0\xbd\xed\xb8\x80": r"\xed\xa0\xbd\xed\xb8\x80",  # an emoji as two surrogates
    b"\xf4\x90\x80\x80": r"\xf4\x90\x80\x80",  # beyond Unicode
    b"\xf0\x9f\x98": r"\xf0\x9f\x98",
    b"\xff\xc3\xa9": r"\xffé",
}


@pytest.mark.parametrize("text", TEXTS)
def test_utf8_becomes_its_text(text: str) -> None:
    native = text.encode().decode("latin-1")
    assert text_of(native) == text
    assert is_utf8(native)


@pytest.mark.parametrize("sent", NOT_UTF8)
def test_other_bytes_are_escaped(sent: bytes) -> None:
    native = sent.decode("latin-1")
    assert text_of(native) == NOT_UTF8[sent]
    assert not is_utf8(native)


@given(st.binary())
def test_any_bytes_become_text(sent: bytes) -> None:
    native = sent.decode("latin-1")
    shown = text_of(native).encode()
    assert shown == sent if is_utf8(native) else rb"\x" in shown


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("plain", b"plain"),
        ("café", "café".encode()),
        ("😀", "😀".encode()),
        ("a\r\nX: y", b"a??X: y"),
        ("a\x00b\x7fc\x85d\u2028", b"a?b?c?d?"),
        ("tab\there", b"tab?here"),
        ("\ud800", b"?"),
        ("", b""),
    ],
)
def test_header_value_is_utf8_without_control_characters(text: str, sent: bytes) -> None:
    assert header_value(text).encode("latin-1") == sent


@given(st.text())
def test_any_text_becomes_a_header_value(text: str) -> None:
    sent = header_value(text).encode("latin-1")
    assert not any(byte < 0x20 or byte == 0x7F for byte in sent)
    assert sent.decode().isprintable()


PATHS = {
    "caf%C3%A9": "café",
    "cafe%CC%81": "cafe\u0301",
    "%E6%97%A5%E6%9C%AC": "日本",
    "%F0%9F%98%80": "😀",
    "%f0%9f%98%80": "😀",
    "a%20b": "a b",
    "a+b": "a+b",
    "a%2Bb": "a+b",
    "a%2Fb": "a/b",
    "a%252Fb": "a%2Fb",
    "100%": "100%",
    "%": "%",
    "%zz": "%zz",
    "%C3%A9%": "é%",
    "%00": "\x00",
    "a%0D%0Ab": "a\r\nb",
    "%E2%80%AE": "\u202e",
    "%EF%BB%BF": "\ufeff",
    "%EF%BF%BD": "\ufffd",
}


@pytest.mark.parametrize("sent", PATHS)
def test_path_is_matched_journalled_and_quoted_decoded(api: FlaskClient, sent: str) -> None:
    path = f"/v1/{PATHS[sent]}"
    answer = api.get(f"/v1/{sent}")
    assert answer.status_code == 404
    shown = path.replace("\x00", r"\x00").replace("\r\n", r"\r\n")
    shown = shown.replace("\u202e", r"\u202e").replace("\ufeff", r"\ufeff")
    assert f"GET {shown};" in answer.get_json()["message"]
    assert api.get("/__admin/requests?limit=1").get_json()["data"][0]["path"] == path
    rule = {"name": "mine", "match": {"path": path}, "fault": {"type": "status", "status": 418}}
    api.post("/__admin/faults", json=rule)
    assert api.get(f"/v1/{sent}").status_code == 418
    assert api.get("/v1/other").status_code == 404


@pytest.mark.parametrize("prefix", ["/v1/conversations/", "/v1/", "/", "/openapi.json/", "/__admin/faults/"])
@pytest.mark.parametrize("sent", NOT_UTF8)
def test_path_that_is_not_utf8_is_refused(
    api: FlaskClient, assert_error_shape: Callable[..., str], prefix: str, sent: bytes
) -> None:
    answer = api.get(environ_overrides={"PATH_INFO": prefix + sent.decode("latin-1")})
    assert_error_shape(answer, 400, "path must be UTF-8")
    journal = api.get("/__admin/requests").get_json()["data"]
    expected = [(prefix + NOT_UTF8[sent], 400)] if prefix.startswith("/v1/") else []
    assert [(entry["path"], entry["status"]) for entry in journal] == expected


@pytest.mark.parametrize("sent", NOT_UTF8)
def test_bytes_that_are_not_utf8_are_escaped_in_the_journal(api: FlaskClient, sent: bytes) -> None:
    native = sent.decode("latin-1")
    environ = {
        "HTTP_X_ONE": f"a{native}b",
        "CONTENT_TYPE": f"text/{native}",
        "HTTP_PREFER": f"wait={native}",
        "QUERY_STRING": f"q={native}&r=%FF",
    }
    answer = api.post("/v1/conversations", data=sent, environ_overrides=environ)
    assert answer.status_code == 400
    (entry,) = api.get("/__admin/requests").get_json()["data"]
    escaped = NOT_UTF8[sent]
    assert entry["query"] == f"q={escaped}&r=%FF"
    assert entry["body"] == escaped
    for name, value in {
        "X-One": f"a{escaped}b",
        "Content-Type": f"text/{escaped}",
        "Prefer": f"wait={escaped}",
    }.items():
        assert entry["headers"][name] == value


@pytest.mark.parametrize("text", ["café", "cafe\u0301", "日本語", "😀", "👩\u200d👩\u200d👧", "ÿ"])
def test_utf8_is_shown_as_text_everywhere(
    api: FlaskClient, assert_error_shape: Callable[..., str], text: str
) -> None:
    native = text.encode().decode("latin-1")
    answer = api.get("/v1/conversations", headers={"Prefer": f"fault={native}, x={native}"})
    assert_error_shape(answer, 400, f'not "{text}"')
    answer = api.post("/v1/conversations", data=b"a", environ_overrides={"CONTENT_TYPE": f"text/{native}"})
    assert_error_shape(answer, 415, f'not "text/{text}"')
    answer = api.put("/__admin/clock", data=b"a", environ_overrides={"CONTENT_TYPE": f"text/{native}"})
    assert_error_shape(answer, 415, f'not "text/{text}"')
    for query in (f"group_id={native}", f"group_id={quote(text)}"):
        answer = api.get("/v1/conversations", environ_overrides={"QUERY_STRING": query})
        assert_error_shape(answer, 400, f'not "{text}"')
    shown = [entry["headers"] for entry in api.get("/__admin/requests").get_json()["data"]]
    assert shown[-1]["Prefer"] == f"fault={text}, x={text}"
    assert shown[-2]["Content-Type"] == f"text/{text}"
    queries = [entry["query"] for entry in api.get("/__admin/requests?limit=2").get_json()["data"]]
    assert queries == [f"group_id={quote(text)}", f"group_id={text}"]


@pytest.mark.parametrize("query", ["__code=418&q={}", "q={}&limit=1"])
def test_rule_matches_a_raw_and_an_encoded_query(api: FlaskClient, query: str) -> None:
    rule = {"match": {"query": {"q": "é😀"}}, "fault": {"type": "status", "status": 418}}
    api.post("/__admin/faults", json=rule)
    raw = "é😀".encode().decode("latin-1")
    for value in (raw, quote("é😀"), raw[:1] + quote("é😀")[3:], quote("é😀").lower()):
        sent = {"QUERY_STRING": query.format(value)}
        assert api.get("/v1/conversations", environ_overrides=sent).status_code == 418


@pytest.mark.parametrize("token", ["café", "日本", "😀", "à", "a\xa0b"])
def test_token_is_text(api: FlaskClient, token: str) -> None:
    sent = {"HTTP_AUTHORIZATION": f"Bearer {token}".encode().decode("latin-1")}
    created = api.post("/v1/conversations", json={"contact_id": "a"}, environ_overrides=sent).get_json()
    assert api.get(f"/v1/conversations/{created['id']}", environ_overrides=sent).status_code == 200
    assert api.get(f"/v1/conversations/{created['id']}").status_code == 404


def test_tokens_that_are_not_utf8_are_told_apart(api: FlaskClient) -> None:
    ids = set()
    for token in (b"\xff", b"\xfe", rb"\xff", "ÿ".encode()):
        sent = {"HTTP_AUTHORIZATION": "Bearer " + token.decode("latin-1")}
        rule = {"probability": 0.5, "fault": {"type": "status", "status": 418}}
        assert api.post("/__admin/faults", json=rule, environ_overrides=sent).status_code == 201
        api.get("/v1/conversations", environ_overrides=sent)
        ids.add(api.post("/v1/conversations", json={"contact_id": "a"}, environ_overrides=sent).status_code)
        assert len(api.get("/__admin/requests", environ_overrides=sent).get_json()["data"]) == 2
    sandboxes = api.get("/__admin/sandboxes").get_json()["data"]
    assert len({each["id"] for each in sandboxes}) == len(sandboxes)
    assert ids <= {201, 418}


STORED = [
    "café",
    "cafe\u0301",
    "😀",
    "👩\u200d👧",
    "日本",
    "\u202eabc",
    "a\nb",
    "\x00",
    '"\\',
    "a\u2028b",
    "\ufffd",
]


@pytest.mark.parametrize("text", STORED)
@pytest.mark.parametrize("is_escaped", [True, False])
def test_text_survives_export_and_import(api: FlaskClient, text: str, is_escaped: bool) -> None:
    rule = {
        "name": text,
        "match": {"path": f"/v1/{text}*", "query": {text: text}, "body": {text: text}},
        "fault": {"type": "status", "status": 418, "message": text},
    }
    api.post("/__admin/faults", json=rule)
    state = api.get("/__admin/state")
    document = json.dumps(state.get_json(), ensure_ascii=is_escaped).encode()
    api.delete("/__admin/faults")
    assert api.put("/__admin/state", data=document, content_type="application/json").status_code == 200
    assert api.get("/__admin/state").data == state.data
    (found,) = api.get("/__admin/faults").get_json()["data"]
    assert {name: found[name] for name in rule} == rule


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\ude00\ud83d"])
@pytest.mark.parametrize(
    "rule",
    [
        {"name": "TEXT"},
        {"match": {"path": "TEXT"}},
        {"match": {"query": {"TEXT": "a"}}},
        {"match": {"query": {"a": "TEXT"}}},
        {"match": {"body": {"a": "TEXT"}}},
        {"fault": {"type": "status", "status": 500, "message": "TEXT"}},
    ],
)
def test_half_a_character_in_a_rule_is_refused(
    api: FlaskClient, assert_error_shape: Callable[..., str], text: str, rule: dict[str, Any]
) -> None:
    document = json.loads(json.dumps({"delay": 1} | rule).replace("TEXT", json.dumps(text)[1:-1]))
    message = assert_error_shape(api.post("/__admin/faults", json=document), 400, "must be")
    assert message.encode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xff", 400),
        (b"a\xc3", 400),
        (b"\xed\xa0\x80", 400),
        ("\ufffd".encode(), 201),
        ("é".encode(), 201),
    ],
)
def test_multipart_must_be_utf8(open_api: Callable[..., FlaskClient], body: bytes, status: int) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    sent = part % (b"contact_id", b"a") + part % (b"other", body) + b"--b--"
    content_type = "multipart/form-data; boundary=b"
    answer = open_api(lenient=True).post("/v1/conversations", data=sent, content_type=content_type)
    assert answer.status_code == status
