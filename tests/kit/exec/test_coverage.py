"""The coverage of the API by calls."""

from protocol_sandbox.exec.coverage import Coverage
from protocol_sandbox.exec.documented import Answer, Documented
from tests.kit.test_call import call

CREATED, REFUSED, LISTED = (
    Answer("createConversation", 201),
    Answer("createConversation", 400),
    Answer("listConversations", 200),
)
DOCUMENTED = Documented((CREATED, REFUSED, LISTED), ("status", "hang"))
CALLS = [
    call(),
    call(),
    call(status=418, fault="status", rule="teapot"),
    call(status=None, fault="hang", delay_ms=5.0),
    call(method="GET", path="/v1/x", operation=None, status=404),
    call(method="OPTIONS", operation=None, status=204),
]


def test_calls_are_counted_by_answer_and_fault() -> None:
    coverage = Coverage.of(DOCUMENTED, CALLS)
    assert coverage.calls == 6
    assert coverage.answers == {CREATED: 2}
    assert coverage.faults == {"status": 1, "hang": 1, "delay": 1}
    assert coverage.undocumented == {"createConversation 418": 1, "GET /v1/x 404": 1}


def test_percent_is_the_share_of_the_documented_answers_rounded_down() -> None:
    assert Coverage.of(DOCUMENTED, []).percent == 0
    assert Coverage.of(DOCUMENTED, CALLS).percent == 33
    assert Coverage.of(DOCUMENTED, [call(), call(status=400)]).percent == 66
    listed = call(operation="listConversations", status=200)
    assert Coverage.of(DOCUMENTED, [call(), call(status=400), listed]).percent == 100
    assert Coverage.of(Documented((), ()), []).percent == 100


def test_kinds_are_the_faults_and_delays() -> None:
    assert Coverage(DOCUMENTED).kinds == ["status", "hang", "delay"]
    assert Coverage(DOCUMENTED).statuses("createConversation") == [201, 400]
