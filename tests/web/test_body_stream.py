"""Reading a body piece by piece."""

import gzip
from io import BytesIO
from typing import Any

import pytest

from sandbox.problems import Problem
from sandbox.web.body_limit import BodyLimit
from sandbox.web.body_stream import BodyStream

LIMIT = BodyLimit(10, "--max-state-bytes")


def environ_of(body: bytes, length: int | None = None, **more: Any) -> dict[str, Any]:
    announced = {"CONTENT_LENGTH": str(len(body) if length is None else length)} if length != -1 else {}
    return {"wsgi.input": BytesIO(body), **announced, **more}


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


def whole(stream: BodyStream, size: int = 4) -> bytes:
    return b"".join(iter(lambda: stream.read(size), b""))


@pytest.mark.parametrize("body", [b"", b"a", b"abcd", b"abcdefghij"])
def test_body_is_read_to_its_end(body: bytes) -> None:
    assert whole(BodyStream(environ_of(body), LIMIT)) == body
    assert whole(BodyStream(environ_of(body, -1, **CHUNKED), LIMIT)) == body


def test_nothing_is_read_beyond_the_announced_length() -> None:
    environ = environ_of(b"abcdefghij", 3)
    assert whole(BodyStream(environ, LIMIT)) == b"abc"
    assert environ["wsgi.input"].read() == b"defghij"


def test_body_without_length_and_coding_is_empty() -> None:
    assert whole(BodyStream(environ_of(b"abc", -1), LIMIT)) == b""


def test_larger_body_is_refused_before_it_is_read() -> None:
    environ = environ_of(b"a" * 11)
    with pytest.raises(Problem) as refused:
        BodyStream(environ, LIMIT)
    assert refused.value.status == 413
    assert environ["wsgi.input"].tell() == 0


def test_larger_body_of_unknown_length_is_refused_at_the_limit() -> None:
    environ = environ_of(b"a" * 100, -1, **CHUNKED)
    with pytest.raises(Problem) as refused:
        whole(BodyStream(environ, LIMIT))
    assert refused.value.status == 413
    assert environ["wsgi.input"].tell() == 11


def test_incomplete_body_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        whole(BodyStream(environ_of(b"abc", 9), LIMIT))
    assert (refused.value.status, refused.value.message) == (
        400,
        "The body ended after 3 of the announced 9 bytes.",
    )


def test_body_that_cannot_be_read_is_refused() -> None:
    class Broken:
        def read(self, _size: int) -> bytes:
            raise OSError

    with pytest.raises(Problem) as refused:
        BodyStream({"wsgi.input": Broken(), "CONTENT_LENGTH": "5"}, LIMIT).read(5)
    assert refused.value.status == 400


def test_body_with_a_content_coding_is_decoded() -> None:
    environ = environ_of(gzip.compress(b"abcdefghij"), HTTP_CONTENT_ENCODING="gzip")
    assert whole(BodyStream(environ, BodyLimit(100, "--max-state-bytes"))) == b"abcdefghij"
