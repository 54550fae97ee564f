"""The summary of a run."""

from protocol_sandbox.exec.coverage import Coverage
from protocol_sandbox.exec.summary import summary_lines
from tests.kit.exec.test_coverage import CALLS, DOCUMENTED
from tests.kit.test_call import call


def test_summary_names_what_happened_and_what_never_did() -> None:
    assert list(summary_lines(Coverage.of(DOCUMENTED, CALLS))) == [
        "protocol-sandbox: 6 calls, 1 of 3 documented answers (33%)",
        "  createConversation     201 (×2); never 400",
        "  listConversations      never called",
        "  faults and delays      status, hang, delay",
        "  not documented: createConversation 418",
        "  not documented: GET /v1/x 404",
    ]


def test_summary_of_no_calls() -> None:
    lines = list(summary_lines(Coverage(DOCUMENTED)))
    assert lines[0] == "protocol-sandbox: 0 calls, 0 of 3 documented answers (0%)"
    assert lines[-1] == "  faults and delays      none"
    assert next(summary_lines(Coverage.of(DOCUMENTED, [call()]))).startswith("protocol-sandbox: 1 call, ")


def test_long_list_of_undocumented_answers_is_cut() -> None:
    calls = [call(path=f"/v1/{number}", operation=None, status=404) for number in range(12)]
    lines = list(summary_lines(Coverage.of(DOCUMENTED, calls)))
    assert len(lines) == 4 + 11
    assert lines[-1] == "  not documented: 2 other answers"
