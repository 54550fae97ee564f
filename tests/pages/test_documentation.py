"""The page of the documents, and the files that it loads."""

import re
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from sandbox.pages.documentation import FILES, SWAGGER_UI, SWAGGER_UI_FILES
from sandbox.web.page import POLICY


def test_page_loads_only_files_of_the_server(api: FlaskClient) -> None:
    response = api.get("/docs")
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"] == POLICY
    loaded = re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]+)"', response.text)
    assert len(loaded) >= 5
    for address in loaded:
        if address != "data:,":
            assert api.get("/" + address).status_code == 200
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", response.text)


@pytest.mark.parametrize("root", ["", "/t/checkout"])
def test_address_with_a_slash_redirects_to_the_page(api: FlaskClient, root: str) -> None:
    response = api.get(f"{root}/docs/")
    assert response.status_code == 308
    target = urljoin(f"{root}/docs/", response.headers["Location"])
    assert target == f"{root}/docs"
    assert api.get(target).status_code == 200


@pytest.mark.parametrize("name", [*FILES, *sorted(SWAGGER_UI_FILES)])
def test_every_file_is_served(api: FlaskClient, name: str) -> None:
    response = api.get(f"/docs/{name}")
    assert response.status_code == 200
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    tag = response.headers["ETag"]
    assert api.get(f"/docs/{name}", headers={"If-None-Match": tag}).status_code == 304


def test_package_has_the_files_of_swagger_ui() -> None:
    assert set(SWAGGER_UI) >= SWAGGER_UI_FILES


@pytest.mark.parametrize("name", ["index.css", "swagger-ui.js", "../__init__.py", "nothing", "VERSION"])
def test_other_files_are_not_served(
    api: FlaskClient, assert_error_shape: Callable[..., str], name: str
) -> None:
    assert_error_shape(api.get(f"/docs/{name}"), 404)


def test_start_does_not_load_swagger_ui() -> None:
    program = "import sys, sandbox.app as app; app.create_app(app.Settings()); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "sandbox.pages.documentation" in shown.stdout
    assert "flask_swagger_ui" not in shown.stdout
