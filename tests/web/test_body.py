"""Reading of request bodies: complete, and of a limited size."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.problems import Problem
from sandbox.web.body import is_awaited, read_body
from sandbox.web.body_limit import BodyLimit

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
FORM = "application/x-www-form-urlencoded"
LIMIT = 80
BODY_LIMIT = BodyLimit(LIMIT, "--max-body-bytes")


def environ(body: bytes, length: str | None = None, **more: Any) -> dict[str, Any]:
    announced = {} if length is None else {"CONTENT_LENGTH": length}
    return {"wsgi.input": BytesIO(body)} | announced | more


CHUNKED: dict[str, Any] = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (environ(b""), b""),
        (environ(b"", ""), b""),
        (environ(b"", "0"), b""),
        (environ(b"abc", "3"), b"abc"),
        (environ(b"abc and the next request", "3"), b"abc"),
        (environ(b"x" * LIMIT, str(LIMIT)), b"x" * LIMIT),
        (environ(b"not announced"), b""),
        (environ(b"abc", **CHUNKED), b"abc"),
        (environ(b"", **CHUNKED), b""),
        (environ(b"x" * LIMIT, **CHUNKED), b"x" * LIMIT),
    ],
    ids=lambda part: None if isinstance(part, dict) else str(part)[:20],
)
def test_body_has_the_announced_length_or_is_chunked(sent: dict[str, Any], body: bytes) -> None:
    assert read_body(sent, BODY_LIMIT) == body


@pytest.mark.parametrize(
    ("sent", "status", "expected"),
    [
        (environ(b"x" * (LIMIT + 1), str(LIMIT + 1)), 413, "80 bytes"),
        (environ(b"", "99999999999999999999"), 413, "80 bytes"),
        (environ(b"", "9" * 5000), 413, "80 bytes"),
        (environ(b"x" * (LIMIT + 1), **CHUNKED), 413, "80 bytes"),
        (environ(b"x" * 10_000, **CHUNKED), 413, "80 bytes"),
        (environ(b"abc", "4"), 400, "3 of the announced 4 bytes"),
        (environ(b"", "1"), 400, "0 of the announced 1 bytes"),
        (environ(b"abc", "-1"), 400, "Content-Length"),
        (environ(b"abc", "3.0"), 400, "Content-Length"),
        (environ(b"abc", "three"), 400, "Content-Length"),
        (environ(b"abc", "+3"), 400, "Content-Length"),
        (environ(b"abc", "0x3"), 400, "Content-Length"),
        (environ(b"abc", "³"), 400, "Content-Length"),
        (environ(b"abc", "٣"), 400, "Content-Length"),
    ],
    ids=lambda part: None if isinstance(part, dict) else str(part)[:40],
)
def test_invalid_body_is_refused(sent: dict[str, Any], status: int, expected: str) -> None:
    with pytest.raises(Problem) as caught:
        read_body(sent, BODY_LIMIT)
    assert caught.value.status == status
    assert expected in caught.value.message


def test_too_large_body_is_not_read() -> None:
    sent = environ(b"x" * 1000, "1000")
    with pytest.raises(Problem):
        read_body(sent, BODY_LIMIT)
    assert sent["wsgi.input"].tell() == 0


def test_chunked_body_is_read_up_to_one_byte_over_the_limit() -> None:
    sent = environ(b"x" * 1000, **CHUNKED)
    with pytest.raises(Problem):
        read_body(sent, BODY_LIMIT)
    assert sent["wsgi.input"].tell() == LIMIT + 1


class DisconnectedInput:
    """An input whose client has disconnected."""

    def read(self, size: int) -> bytes:
        raise ConnectionResetError(size)


@pytest.mark.parametrize("more", [{"CONTENT_LENGTH": "5"}, CHUNKED], ids=["announced", "chunked"])
def test_interrupted_body_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        read_body({"wsgi.input": DisconnectedInput()} | more, BODY_LIMIT)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("POST", COLLECTION, 201),
        ("PUT", ITEM, 200),
        ("GET", COLLECTION, 200),
        ("GET", ITEM, 200),
        ("DELETE", ITEM, 204),
    ],
)
@pytest.mark.parametrize(
    "content_type", ["application/json", FORM, "multipart/form-data; boundary=seam", "text/plain"]
)
def test_body_of_exactly_the_limit_is_accepted_and_a_larger_one_refused(
    open_api: Callable[..., FlaskClient],
    assert_error_shape: Callable[..., str],
    method: str,
    url: str,
    status: int,
    content_type: str,
) -> None:
    api = open_api(max_body_bytes=LIMIT)
    body = {"POST": b'{"contact_id": "a"}', "PUT": b'{"is_muted": true}'}.get(method, b"{}")
    larger = api.open(url, method=method, data=body.ljust(LIMIT + 1), content_type=content_type)
    assert_error_shape(larger, 413, f"{LIMIT} bytes; start the server with a higher --max-body-bytes.")
    if content_type == "application/json":
        assert (
            api.open(url, method=method, data=body.ljust(LIMIT), content_type=content_type).status_code
            == status
        )


@pytest.mark.parametrize("content_type", ["application/json", FORM, "multipart/form-data; boundary=seam"])
def test_incomplete_body_is_refused(
    api: FlaskClient, assert_error_shape: Callable[..., str], content_type: str
) -> None:
    announced = {"CONTENT_LENGTH": "100", "wsgi.input": BytesIO(b"contact_id=a")}
    response = api.post(COLLECTION, content_type=content_type, environ_overrides=announced)
    assert_error_shape(response, 400, "12 of the announced 100 bytes")
    assert len(api.get(COLLECTION).get_json()["data"]) == 2


def test_chunked_body_is_read(api: FlaskClient) -> None:
    sent = CHUNKED | {"CONTENT_LENGTH": "", "wsgi.input": BytesIO(b"contact_id=a")}
    assert api.post(COLLECTION, content_type=FORM, environ_overrides=sent).get_json()["contact_id"] == "a"


@pytest.mark.parametrize(
    ("sent", "awaited"),
    [
        ({"HTTP_EXPECT": "100-continue", "CONTENT_LENGTH": "3"}, True),
        ({"HTTP_EXPECT": "100-Continue", "HTTP_TRANSFER_ENCODING": "chunked"}, True),
        ({"HTTP_EXPECT": "100-continue", "CONTENT_LENGTH": "0"}, False),
        ({"HTTP_EXPECT": "100-continue"}, False),
        ({"HTTP_EXPECT": "a-miracle", "CONTENT_LENGTH": "3"}, False),
        ({"CONTENT_LENGTH": "3"}, False),
    ],
)
def test_a_client_may_wait_to_be_asked_for_the_body(sent: dict[str, Any], awaited: bool) -> None:
    assert is_awaited(sent) == awaited
