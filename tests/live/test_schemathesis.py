"""Conformance of the server to /openapi.json, tested with generated calls."""

from pathlib import Path

import pytest

from tests.live.conftest import StartServer
from tests.live.schemathesis_run import assert_no_failures

EXAMPLES = 30
"""Enough to follow each of the 20 links between the operations. Five times as many take three times as long."""
CASES = 500
"""Most of them keep or violate one keyword of a schema each."""


@pytest.mark.clients
def test_schemathesis_finds_no_failures(start: StartServer, tmp_path: Path) -> None:
    assert_no_failures(
        start(),
        "/openapi.json",
        "schemathesis",
        operations=5,
        examples=EXAMPLES,
        cases=CASES,
        folder=tmp_path,
    )
