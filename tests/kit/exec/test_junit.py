"""The coverage as a JUnit report."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from protocol_sandbox.exec.coverage import Coverage
from protocol_sandbox.exec.junit import write_junit
from tests.kit.exec.test_coverage import CALLS, DOCUMENTED


def suite_of(path: Path, fail_under: int | None) -> ET.Element:
    """Write a report, and return its test suite."""
    write_junit(path / "junit.xml", Coverage.of(DOCUMENTED, CALLS), fail_under)
    root = ET.parse(path / "junit.xml").getroot()
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def test_each_answer_and_fault_is_a_case_skipped_if_it_never_happened(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, None)
    cases = {(case.get("classname"), case.get("name")): [child.tag for child in case] for case in suite}
    assert cases == {
        ("protocol-sandbox.createConversation", "responds with 201"): [],
        ("protocol-sandbox.createConversation", "responds with 400"): ["skipped"],
        ("protocol-sandbox.listConversations", "responds with 200"): ["skipped"],
        ("protocol-sandbox.faults and delays", "status"): [],
        ("protocol-sandbox.faults and delays", "hang"): [],
        ("protocol-sandbox.faults and delays", "delay"): [],
    }
    numbers = {name: suite.get(name) for name in ("tests", "skipped", "failures", "errors")}
    assert numbers == {"tests": "6", "skipped": "2", "failures": "0", "errors": "0"}


@pytest.mark.parametrize(("fail_under", "failures"), [(33, 0), (34, 1)])
def test_gate_is_a_case_that_may_fail(tmp_path: Path, fail_under: int, failures: int) -> None:
    suite = suite_of(tmp_path, fail_under)
    assert suite.get("failures") == str(failures)
    assert suite[-1].get("name") == f"coverage is at least {fail_under}%"
    assert [each.get("message") for each in suite[-1]] == ["coverage is 33%"] * failures
