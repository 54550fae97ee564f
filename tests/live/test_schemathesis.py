"""Conformance of the server to /openapi.json, tested with generated calls."""

from pathlib import Path

from tests.live.conftest import StartServer
from tests.live.schemathesis_run import assert_no_failures


def test_schemathesis_finds_no_failures(start: StartServer, tmp_path: Path) -> None:
    assert_no_failures(start(), "/openapi.json", "schemathesis", operations=5, examples=150, folder=tmp_path)
