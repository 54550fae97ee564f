"""The module for other servers has an application that is configured by the variables."""

import runpy

import pytest
from flask import Flask


def test_the_application_is_configured_by_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_SCENARIO", "documented")
    app = runpy.run_module("sandbox.wsgi")["app"]
    assert isinstance(app, Flask)
    found = app.test_client().get("/v1/conversations", headers={"Authorization": "Bearer me"})
    assert len(found.get_json()["data"]) == 2
