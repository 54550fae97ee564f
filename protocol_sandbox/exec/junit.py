"""The coverage as a JUnit report, which build servers show beside the tests."""

from pathlib import Path
from xml.etree import ElementTree as ET  # nothing is parsed

from protocol_sandbox.exec.coverage import Coverage

NAME = "protocol-sandbox"


def write_junit(path: Path, coverage: Coverage, fail_under: int | None) -> None:
    """Write the report: a case for each documented answer and fault, skipped if it never happened, and the gate.

    ``fail_under`` is the least share of documented answers, in percent. Raises OSError.
    """
    suite = ET.Element("testsuite", name=NAME)
    for answer in coverage.documented.answers:
        _add_case(suite, answer.operation, f"responds with {answer.status}", coverage.answers[answer])
    for kind in coverage.kinds:
        _add_case(suite, "faults and delays", kind, coverage.faults[kind])
    failures = 0
    if fail_under is not None:
        gate = ET.SubElement(suite, "testcase", classname=NAME, name=f"coverage is at least {fail_under}%")
        if coverage.percent < fail_under:
            failures = 1
            ET.SubElement(gate, "failure", message=f"coverage is {coverage.percent}%")
    suite.set("tests", str(len(suite)))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add_case(suite: ET.Element, group: str, name: str, number: int) -> None:
    case = ET.SubElement(suite, "testcase", classname=f"{NAME}.{group}", name=name)
    if not number:
        ET.SubElement(case, "skipped", message="it never happened")
