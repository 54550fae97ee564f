"""Content codings: decoded if they are gzip or deflate, up to a limit after decoding."""

import gzip
import json
import random
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from sandbox.problems import Problem
from sandbox.web.body_limit import BodyLimit
from sandbox.web.content_coding import MAX_CODINGS, MAX_MEMBERS, PIECE_BYTES, codings_of, decode

COLLECTION = "/v1/conversations"
JSON = "application/json"
BODY = b'{"contact_id": "a"}'
LIMIT = BodyLimit(10_000_000, "--max-body-bytes")
SMALL_LIMIT = BodyLimit(1000, "--max-body-bytes")


gzipped = partial(gzip.compress, mtime=0)


def raw_deflate(body: bytes) -> bytes:
    """Return ``body`` compressed without the header of zlib, as some clients send ``deflate``."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


def stored(body: bytes) -> bytes:
    """Return ``body`` as raw deflate that is not compressed."""
    compressor = zlib.compressobj(0, wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzipped),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "stored deflate": ("deflate", stored),
}


@pytest.mark.parametrize(
    ("header", "codings"),
    [
        ("gzip", ["gzip"]),
        ("GZip", ["gzip"]),
        ("x-gzip", ["x-gzip"]),
        ("X-GZIP", ["x-gzip"]),
        ("deflate", ["deflate"]),
        ("identity", []),
        ("Identity", []),
        ("", []),
        (" , ,", []),
        ("deflate, gzip", ["deflate", "gzip"]),
        ("gzip,identity ,\tdeflate", ["gzip", "deflate"]),
        (",".join(["gzip"] * MAX_CODINGS), ["gzip"] * MAX_CODINGS),
    ],
)
def test_header_names_the_codings_in_order(header: str, codings: list[str]) -> None:
    assert list(codings_of(header)) == codings


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("br", '"br"'),
        ("zstd", '"zstd"'),
        ("compress", '"compress"'),
        ("x-compress", '"x-compress"'),
        ("x-deflate", '"x-deflate"'),
        ("gzip, br", '"br"'),
        ("br, gzip", '"br"'),
        ("gzip;q=1", '"gzip;q=1"'),
        ("gzip deflate", '"gzip deflate"'),
        ("*", '"*"'),
        ("aes128gcm", '"aes128gcm"'),
        ("caf\u00c3\u00a9", '"café"'),
        ("caf\u00e9", r'"caf\xe9"'),
    ],
)
def test_another_coding_is_refused_by_name(header: str, named: str) -> None:
    with pytest.raises(Problem) as caught:
        codings_of(header)
    assert caught.value.status == 415
    assert named in caught.value.message
    assert dict(caught.value.headers) == {"Accept-Encoding": "gzip, deflate"}


def test_too_many_codings_are_refused() -> None:
    with pytest.raises(Problem, match=f"more than {MAX_CODINGS}") as caught:
        codings_of(",".join(["gzip"] * (MAX_CODINGS + 1)))
    assert caught.value.status == 400


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
@pytest.mark.parametrize("content", ["zeros", "noise"])
def test_body_is_decoded(encoder: str, size: int, content: str) -> None:
    coding, encode = ENCODERS[encoder]
    body = bytes(size) if content == "zeros" else random.Random(size).randbytes(size)
    assert decode(encode(body), [coding], BodyLimit(size, "--max-body-bytes")) == body


@given(body=st.binary(), encoder=st.sampled_from(sorted(ENCODERS)))
def test_any_body_is_decoded(body: bytes, encoder: str) -> None:
    coding, encode = ENCODERS[encoder]
    assert decode(encode(body), [coding], LIMIT) == body


@pytest.mark.parametrize("level", range(10))
def test_every_level_of_compression_is_decoded(level: int) -> None:
    body = json.dumps(list(range(50_000))).encode()
    assert decode(gzipped(body, level), ["gzip"], LIMIT) == body
    assert decode(zlib.compress(body, level), ["deflate"], LIMIT) == body


def test_codings_are_undone_in_reverse_order() -> None:
    assert decode(gzipped(zlib.compress(BODY)), ["deflate", "gzip"], LIMIT) == BODY
    assert decode(zlib.compress(gzipped(BODY)), ["x-gzip", "deflate"], LIMIT) == BODY
    with pytest.raises(Problem, match="not valid"):
        decode(gzipped(zlib.compress(BODY)), ["gzip", "deflate"], LIMIT)


def test_members_of_gzip_are_joined() -> None:
    members = [b"", b"one", bytes(PIECE_BYTES), b"", b"two"]
    assert decode(b"".join(map(gzipped, members)), ["gzip"], LIMIT) == b"".join(members)


INVALID = {
    "empty": (b"", "ends before"),
    "header only": (gzipped(BODY)[:10], "ends before"),
    "first byte only": (gzipped(BODY)[:1], "ends before"),
    "without the last byte": (gzipped(BODY)[:-1], "ends before"),
    "without the checksum": (gzipped(BODY)[:-8], "ends before"),
    "second member truncated": (gzipped(BODY) + gzipped(BODY)[:5], "ends before"),
    "wrong checksum": (gzipped(BODY)[:-8] + bytes(8), "not valid gzip"),
    "data behind the end": (gzipped(BODY) + b"more", "not valid gzip"),
    "zeros behind the end": (gzipped(BODY) + bytes(8), "not valid gzip"),
    "not gzip": (BODY, "not valid gzip"),
    "zlib": (zlib.compress(BODY), "not valid gzip"),
    "too many members": (gzipped(b"") * (MAX_MEMBERS + 1), "not valid gzip"),
}


@pytest.mark.parametrize("name", INVALID)
def test_incomplete_or_invalid_gzip_is_refused(name: str) -> None:
    body, message = INVALID[name]
    with pytest.raises(Problem, match=message) as caught:
        decode(body, ["gzip"], LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "ends before"),
        (b"\x78", "ends before"),
        (zlib.compress(BODY)[:-1], "ends before"),
        (raw_deflate(BODY)[:-1], "ends before"),
        (zlib.compress(BODY)[:-4] + bytes(4), "not valid deflate"),
        (zlib.compress(BODY) + b"more", "not valid deflate"),
        (zlib.compress(BODY) * 2, "not valid deflate"),
        (raw_deflate(BODY) + b"more", "not valid deflate"),
        (gzipped(BODY), "not valid deflate"),
        (b"\xff\xff\xff", "not valid deflate"),
        (b"\x78\x9c" + b"\xff" * 9, "not valid deflate"),
    ],
)
def test_incomplete_or_invalid_deflate_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(Problem, match=message) as caught:
        decode(body, ["deflate"], LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize("encoder", ENCODERS)
def test_others_may_run_between_two_pieces(encoder: str) -> None:
    coding, encode = ENCODERS[encoder]
    pauses: list[None] = []
    decode(encode(bytes(10 * PIECE_BYTES)), [coding], LIMIT, lambda: pauses.append(None))
    assert len(pauses) >= 10


@pytest.mark.parametrize("encoder", ENCODERS)
def test_limit_holds_after_decoding(encoder: str) -> None:
    coding, encode = ENCODERS[encoder]
    assert decode(encode(bytes(1000)), [coding], SMALL_LIMIT) == bytes(1000)
    with pytest.raises(Problem, match="decoded body is larger than 1000 bytes") as caught:
        decode(encode(bytes(1001)), [coding], SMALL_LIMIT)
    assert caught.value.status == 413


def test_limit_holds_for_each_coding_and_all_members() -> None:
    with pytest.raises(Problem, match="1000 bytes"):
        decode(gzipped(zlib.compress(random.Random(1).randbytes(2000))), ["deflate", "gzip"], SMALL_LIMIT)
    with pytest.raises(Problem, match="1000 bytes"):
        decode(gzipped(bytes(600)) * 2, ["gzip"], SMALL_LIMIT)


@pytest.mark.parametrize(("layers", "limit"), [(1, 0), (1, 1_000_000), (2, 1_000_000)])
def test_bomb_takes_no_more_memory_than_the_limit(layers: int, limit: int) -> None:
    bomb = bytes(100_000_000)
    for _ in range(layers):
        bomb = gzipped(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(Problem) as caught:
            decode(bomb, ["gzip"] * layers, BodyLimit(limit, "--max-body-bytes"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.status == 413
    assert peak < 2 * limit + 10 * PIECE_BYTES


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, b'{"contact_id": "a"}'),
        ("application/x-www-form-urlencoded", b"contact_id=a"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="contact_id"\r\n\r\na\r\n--b--',
        ),
    ],
)
def test_encoded_body_is_what_it_was_before(
    api: FlaskClient, encoder: str, content_type: str, body: bytes
) -> None:
    coding, encode = ENCODERS[encoder]
    headers = {"Content-Encoding": coding, "Content-Type": content_type}
    response = api.post(COLLECTION, data=encode(body), headers=headers)
    assert (response.status_code, response.get_json()["contact_id"]) == (201, "a")
    (entry,) = api.get("/__admin/requests").get_json()["data"]
    assert entry["body"].encode() == body
    assert entry["headers"]["Content-Encoding"] == coding


@pytest.mark.parametrize(
    ("coding", "body", "status", "message"),
    [
        ("br", BODY, 415, '"br"'),
        ("gzip, br", BODY, 415, '"br"'),
        ("gzip", BODY, 400, "not valid gzip"),
        ("gzip", gzipped(BODY)[:-1], 400, "ends before"),
        ("gzip", gzipped(bytes(2_000_000)), 413, "1048576 bytes"),
        ("deflate, gzip", gzipped(zlib.compress(bytes(2_000_000))), 413, "1048576 bytes"),
    ],
)
def test_refusal_has_the_documented_shape_and_is_journalled(
    api: FlaskClient,
    assert_error_shape: Callable[..., str],
    coding: str,
    body: bytes,
    status: int,
    message: str,
) -> None:
    headers = {"Content-Encoding": coding, "Content-Type": JSON}
    response = api.post(COLLECTION, data=body, headers=headers)
    assert_error_shape(response, status, message)
    assert response.headers.get("Accept-Encoding") == ("gzip, deflate" if status == 415 else None)
    assert [entry["status"] for entry in api.get("/__admin/requests").get_json()["data"]] == [status]


def test_coding_without_a_body_is_ignored(api: FlaskClient) -> None:
    assert api.get(COLLECTION, headers={"Content-Encoding": "br"}).status_code == 200
    assert api.put(f"{COLLECTION}/a", headers={"Content-Encoding": "br"}).status_code in {400, 404}


def test_rules_and_triggers_see_the_decoded_body(api: FlaskClient) -> None:
    rule: dict[str, Any] = {
        "match": {"body": {"contact_id": "a"}},
        "fault": {"type": "status", "status": 418},
    }
    api.post("/__admin/faults", json=rule)
    headers = {"Content-Encoding": "gzip", "Content-Type": JSON}
    assert api.post(COLLECTION, data=gzipped(BODY), headers=headers).status_code == 418
    trigger = gzipped(b'{"contact_id": "trigger_503"}')
    assert api.post(COLLECTION, data=trigger, headers=headers).status_code == 503


def test_state_is_imported_encoded(api: FlaskClient) -> None:
    state = api.get("/__admin/state").data
    headers = {"Content-Encoding": "gzip", "Content-Type": JSON}
    response = api.put("/__admin/state", data=gzipped(state), headers=headers)
    assert (response.status_code, response.get_json()) == (200, {"conversations": 2})
    assert api.get("/__admin/state").data == state


def test_control_call_in_another_coding_is_refused(
    api: FlaskClient, assert_error_shape: Callable[..., str]
) -> None:
    headers = {"Content-Encoding": "zstd", "Content-Type": JSON}
    assert_error_shape(api.post("/__admin/reset", data=b"{}", headers=headers), 415, '"zstd"')
    headers["Content-Encoding"] = "gzip"
    bomb = gzipped(bytes(2_000_000))
    assert_error_shape(api.post("/__admin/reset", data=bomb, headers=headers), 413, "1048576 bytes")
