"""Conformance of the server to /__admin/openapi.json, tested with generated calls."""

from pathlib import Path

import pytest

from sandbox.control.table import ENDPOINTS
from tests.live.conftest import StartServer
from tests.live.schemathesis_run import assert_no_failures

LIMITS = ("--max-rules", "10000", "--max-snapshots", "10000")
"""More than the calls add: a full sandbox responds with 507, which is an error of the server for schemathesis."""

EXAMPLES = 5
"""Few, as the cases that keep or violate one keyword each are many here: a hundred for each operation."""
CASES = 3000


@pytest.mark.clients
def test_schemathesis_finds_no_failures(start: StartServer, tmp_path: Path) -> None:
    assert_no_failures(
        start(*LIMITS),
        "/__admin/openapi.json",
        "schemathesis_control",
        operations=len(ENDPOINTS),
        disabled=1,
        examples=EXAMPLES,
        cases=CASES,
        folder=tmp_path,
    )
