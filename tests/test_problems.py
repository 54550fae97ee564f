"""The catalogue of errors: one shape, and messages that name a valid alternative."""

import json

import pytest

from sandbox import problems
from sandbox.problems import Problem, counted, named, quoted, shortened, status_line


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request"),
        (404, "invalid_request"),
        (499, "invalid_request"),
        (500, "api_error"),
        (503, "api_error"),
        (599, "api_error"),
    ],
)
def test_problem_has_exactly_the_documented_attributes(status: int, kind: str) -> None:
    shape = json.loads(Problem(status, "Something.").body)
    assert list(shape.items()) == [
        ("type", kind),
        ("message", "Something."),
        ("documentation_url", f"https://protocol.chat/docs/errors/{kind}"),
    ]


@pytest.mark.parametrize("message", ["ä", "\ud800", '"', "\x00", "\N{GRINNING FACE}"])
def test_any_message_is_encoded_as_ascii_json(message: str) -> None:
    body = Problem(400, message).body
    assert body.isascii()
    assert json.loads(body)["message"] == message


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (404, "404 Not Found"),
        (507, "507 Insufficient Storage"),
        (599, "599 Unregistered"),
        (499, "499 Unregistered"),
    ],
)
def test_status_line_has_a_reason_phrase(status: int, line: str) -> None:
    assert status_line(status) == line
    assert Problem(status, "Something.").status_line == line


@pytest.mark.parametrize(
    ("problem", "status", "fragments"),
    [
        (problems.invalid("Wrong."), 400, ["Wrong."]),
        (problems.empty_body(["a", "b"]), 400, ["(a, b)", "{} to change nothing"]),
        (problems.unauthorized(), 401, ["Authorization: Bearer {token}"]),
        (problems.unknown_conversation("x1"), 404, ['"x1"']),
        (problems.unknown_path("GET", "/nowhere"), 404, ["GET /nowhere", "/openapi.json"]),
        (problems.method_not_allowed("PATCH", "/a", ["GET", "PUT"]), 405, ["PATCH", "/a", "GET, PUT"]),
        (problems.too_large(80, "--max-body-bytes"), 413, ["80 bytes", "--max-body-bytes"]),
        (problems.unsupported_media_type("text/plain"), 415, ['"text/plain"', "application/json"]),
        (problems.unsupported_media_type(""), 415, ["not none", "application/json"]),
        (problems.store_full(7), 507, ["at most 7 conversations. ", "--max-conversations"]),
        (problems.keys_full(7), 507, ["at most 7 idempotency keys. ", "24 hours", "--max-idempotency-keys"]),
        (problems.key_in_use("k1"), 409, ['"k1"', "under way"]),
        (
            problems.key_reused("k1", "c1", None),
            422,
            ['"k1"', 'contact_id "c1"', "group_id null", "a new key"],
        ),
        (problems.rules_full(1), 507, ["at most 1 fault rule. ", "--max-rules"]),
        (problems.rules_too_large(70), 507, ["70 bytes", "--max-rule-bytes"]),
        (problems.snapshots_full(1), 507, ["at most 1 snapshot. ", "--max-snapshots"]),
        (problems.snapshots_too_large(70), 507, ["70 bytes", "--max-snapshot-bytes"]),
        (problems.fleet_full(7), 503, ["7", "--max-sandboxes"]),
        (problems.too_many_sleepers(1), 503, ["At most 1 call can be delayed at once", "--max-sleepers"]),
        (problems.too_many_streams(2), 503, ["At most 2 streams", "--max-streams"]),
        (problems.store_unavailable(), 503, ["--store", "later"]),
        (problems.one_process_only(), 503, ["one process", "--workers 1", "SANDBOX_STORE"]),
        (problems.internal(), 500, ["defect of the sandbox"]),
    ],
    ids=lambda part: str(part)[:30],
)
def test_status_and_message_of_every_problem(problem: Problem, status: int, fragments: list[str]) -> None:
    assert problem.status == status
    assert str(problem) == problem.message
    for fragment in fragments:
        assert fragment in problem.message


def test_problems_have_the_headers_that_http_requires() -> None:
    assert dict(problems.unauthorized().headers) == {"WWW-Authenticate": "Bearer"}
    assert dict(problems.method_not_allowed("PATCH", "/a", ["GET", "PUT"]).headers) == {"Allow": "GET, PUT"}
    assert int(dict(problems.fleet_full(1).headers)["Retry-After"]) > 0
    assert dict(problems.too_many_sleepers(1).headers)["Retry-After"] == "1"
    assert dict(problems.store_unavailable().headers) == {"Retry-After": "1"}
    assert list(problems.invalid("Wrong.").headers) == []


@pytest.mark.parametrize(("text", "shown"), [("", ""), ("a" * 80, "a" * 80), ("a" * 81, "a" * 79 + "…")])
def test_long_text_is_shortened(text: str, shown: str) -> None:
    assert shortened(text) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("limit", "limit"),
        ("a b", "a b"),
        ("café", "café"),
        ("", '""'),
        (" limit", '" limit"'),
        ("limit\n", '"limit\\n"'),
        ("a" * 81, "a" * 79 + "…"),
    ],
)
def test_a_name_that_would_not_be_seen_is_quoted(name: str, shown: str) -> None:
    assert named(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 calls"), (1, "1 call"), ("1", "1 call"), (2, "2 calls"), ("0.5", "0.5 calls")],
)
def test_a_number_goes_with_its_noun(number: int | str, shown: str) -> None:
    assert counted(number, "call") == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a", '"a"'), (None, "null"), (True, "true"), (1.5, "1.5"), ({"a": [1]}, '{"a": [1]}'), ("ä", '"ä"')],
)
def test_value_is_quoted_as_json(value: object, shown: str) -> None:
    assert quoted(value) == shown


@pytest.mark.parametrize(
    "value",
    ["a" * 1000, ["a"] * 1000, {"a": object()}, float("inf"), 10**4000, object()],
    ids=lambda value: type(value).__name__,
)
def test_quoted_value_is_short_for_any_value(value: object) -> None:
    assert len(quoted(value)) <= 80


def test_deeply_nested_value_is_quoted() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert len(quoted(deep)) <= 80


def test_the_part_of_a_value_that_is_not_shown_costs_nothing() -> None:
    encoded: list[int] = []

    class Item:
        def __str__(self) -> str:
            encoded.append(1)
            return "item"

    assert quoted([Item() for _ in range(1000)]).startswith('["item", "item", ')
    assert len(encoded) < 20
