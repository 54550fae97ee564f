"""Files of pages: their types, their versions, and the policy."""

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from sandbox.web.page import POLICY, Files, file_response

FILES = Files("sandbox.pages", "static")


def test_policy_has_no_exception() -> None:
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in POLICY


def test_only_files_in_the_folder_are_found() -> None:
    assert "page.css" in FILES
    assert list(FILES) == sorted(FILES)
    for name in ("", ".", "..", "static", "../home.py", "/etc/passwd", "page.css/", "\0"):
        assert name not in FILES
        with Flask(__name__).test_request_context("/"), pytest.raises(NotFound):
            FILES.response(name)


@pytest.mark.parametrize(
    ("sent", "status"),
    [(None, 200), ('"x"', 200), ("*", 304), ("TAG", 304), ("W/TAG", 304), ('"x", TAG', 304)],
)
def test_known_version_is_not_sent_again(sent: str | None, status: int) -> None:
    with Flask(__name__).test_request_context("/"):
        tag = dict(file_response(b"a", "text/plain").headers)["ETag"]
    headers = {} if sent is None else {"If-None-Match": sent.replace("TAG", tag)}
    with Flask(__name__).test_request_context("/", headers=headers):
        response = file_response(b"a", "text/plain")
    assert int(response.status[:3]) == status
    assert response.body == (b"a" if status == 200 else b"")
    assert dict(response.headers)["Content-Security-Policy"] == POLICY
