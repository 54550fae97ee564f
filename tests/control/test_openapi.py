"""The OpenAPI document of the control API: valid, complete, and in agreement with what the server answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import sandbox
from sandbox.control.openapi import schema_of
from sandbox.control.table import ENDPOINTS
from tests.openapi import JSON, Document, fetched, operations, resolved, validator

PATH = "/__admin/openapi.json"


@pytest.fixture(scope="session")
def document(shared_app: Flask) -> Document:
    return fetched(shared_app, PATH)


def test_the_document_is_valid(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    assert document["info"]["version"] == sandbox.__version__


def test_every_schema_is_a_json_schema(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_call_of_the_table_is_in_it_and_nothing_else(document: Document) -> None:
    found = {
        (shape["operationId"], method.upper(), path)
        for path, methods in document["paths"].items()
        for method, shape in methods.items()
    }
    assert found == {(endpoint.id, endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


def test_every_call_says_what_it_does_and_on_what(document: Document) -> None:
    for shape in operations(document).values():
        assert shape["summary"].strip()
        assert shape["description"].strip()


def test_every_path_parameter_is_declared(document: Document) -> None:
    for path, methods in document["paths"].items():
        named = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        for shape in methods.values():
            declared = {given["name"] for given in shape["parameters"] if given["in"] == "path"}
            assert declared == named


def test_every_write_takes_json_alone_and_health_needs_nothing(document: Document) -> None:
    for shape in operations(document).values():
        if "requestBody" in shape:
            assert list(shape["requestBody"]["content"]) == [JSON]
    assert operations(document)["getHealth"]["security"] == []


def test_who_needs_a_token_of_a_sandbox_is_said(document: Document) -> None:
    shapes = operations(document)
    for name, anonymous in (("getClock", False), ("exportState", False), ("listRequests", True)):
        assert ({} in shapes[name]["security"]) is anonymous
        assert any("sandbox" in each for each in shapes[name]["security"])


def test_the_error_is_the_one_of_the_api(document: Document, shared_app: Flask) -> None:
    api = shared_app.test_client().get("/openapi.json").get_json()
    assert document["components"]["schemas"]["Error"] == api["components"]["schemas"]["Error"]


def test_every_example_fits_its_schema(document: Document) -> None:
    checked = 0
    for shape in operations(document).values():
        contents = [shape.get("requestBody", {}).get("content", {})]
        contents += [resolved(document, answer).get("content", {}) for answer in shape["responses"].values()]
        for content in contents:
            for media in content.values():
                if "example" in media:
                    validator(document, media["schema"]).validate(media["example"])
                    checked += 1
    assert checked > 20


def test_the_document_is_guarded_and_the_same_every_time(shared_app: Flask) -> None:
    client = shared_app.test_client()
    assert client.get(PATH).data == client.get(PATH).data
    assert client.get(PATH, headers={"Origin": "https://elsewhere.example"}).status_code == 403


@pytest.mark.parametrize(
    ("example", "schema"),
    [
        (1, {"type": "integer"}),
        (1.5, {"type": "number"}),
        (True, {"type": "boolean"}),
        ("a", {"type": "string"}),
        (None, {}),
        ([], {"type": "array"}),
        (["a"], {"type": "array", "items": {"type": "string"}}),
    ],
    ids=repr,
)
def test_a_schema_is_made_of_an_example(example: Any, schema: Document) -> None:
    made = schema_of(example)
    assert {name: made[name] for name in schema} == schema
    Draft202012Validator(made).validate(example)


SERVER = {"Authorization": ""}

# What is sent first, the call, and the status that it answers. The sandbox holds at most 3 conversations, 1 snapshot
# and 1 rule; bodies 200 bytes and state documents 2000.
CALLS: list[tuple[str, int, str, str, dict[str, Any]]] = [
    ("getHealth", 200, "GET", "/health", {}),
    ("getHealth", 400, "GET", "/health?limit=1", {}),
    ("resetSandbox", 200, "POST", "/reset", {"json": {}}),
    ("resetSandbox", 200, "POST", "/reset?all=true", {"json": {"scenario": "blank", "seed": 5}}),
    ("resetSandbox", 400, "POST", "/reset", {"json": {"sead": 5}}),
    ("resetSandbox", 413, "POST", "/reset", {"json": {"scenario": "a" * 300}}),
    ("resetSandbox", 415, "POST", "/reset", {}),
    ("listScenarios", 200, "GET", "/scenarios", {}),
    ("listScenarios", 400, "GET", "/scenarios?a=b", {}),
    ("listRequests", 200, "GET", "/requests", {}),
    ("listRequests", 200, "GET", "/requests", {"headers": SERVER}),
    ("listRequests", 400, "GET", "/requests?limit=0", {}),
    ("countRequests", 200, "GET", "/requests/count", {}),
    ("countRequests", 400, "GET", "/requests/count?limit=1", {}),
    ("clearRequests", 204, "DELETE", "/requests", {}),
    ("clearRequests", 400, "DELETE", "/requests?limit=1", {}),
    ("getClock", 200, "GET", "/clock", {}),
    ("getClock", 400, "GET", "/clock", {"headers": SERVER}),
    ("changeClock", 200, "PUT", "/clock", {"json": {"action": "freeze", "at": 5}}),
    ("changeClock", 400, "PUT", "/clock", {"json": {"action": "stop"}}),
    ("changeClock", 413, "PUT", "/clock", {"json": {"action": "a" * 300}}),
    ("changeClock", 415, "PUT", "/clock", {"data": "action=freeze"}),
    ("exportState", 200, "GET", "/state", {}),
    ("exportState", 400, "GET", "/state", {"headers": SERVER}),
    ("importState", 400, "PUT", "/state", {"json": {}}),
    ("importState", 413, "PUT", "/state", {"json": {"a": "a" * 3000}}),
    ("importState", 415, "PUT", "/state", {"data": "{}"}),
    ("takeSnapshot", 507, "POST", "/snapshots", {"json": {}}),
    ("takeSnapshot", 400, "POST", "/snapshots", {"json": {"name": "a"}}),
    ("takeSnapshot", 413, "POST", "/snapshots", {"json": {"name": "a" * 300}}),
    ("takeSnapshot", 415, "POST", "/snapshots", {}),
    ("listSnapshots", 200, "GET", "/snapshots", {}),
    ("listSnapshots", 400, "GET", "/snapshots", {"headers": SERVER}),
    ("restoreSnapshot", 200, "POST", "/snapshots/snapshot-1/restore", {"json": {}}),
    ("restoreSnapshot", 404, "POST", "/snapshots/snapshot-9/restore", {"json": {}}),
    ("restoreSnapshot", 400, "POST", "/snapshots/snapshot-1/restore", {"json": {"a": 1}}),
    ("restoreSnapshot", 413, "POST", "/snapshots/snapshot-1/restore", {"json": {"a": "a" * 300}}),
    ("restoreSnapshot", 415, "POST", "/snapshots/snapshot-1/restore", {}),
    ("dropSnapshot", 204, "DELETE", "/snapshots/snapshot-1", {}),
    ("dropSnapshot", 404, "DELETE", "/snapshots/snapshot-9", {}),
    ("dropSnapshot", 400, "DELETE", "/snapshots/snapshot-1", {"headers": SERVER}),
    ("arrangeConversation", 200, "PUT", "/conversations/xgQQXg3hrtjh7AvZ", {"json": {"is_muted": True}}),
    ("arrangeConversation", 201, "PUT", "/conversations/new", {"json": {"group_id": "g"}}),
    ("arrangeConversation", 400, "PUT", "/conversations/new", {"json": {}}),
    ("arrangeConversation", 413, "PUT", "/conversations/new", {"json": {"a": "a" * 300}}),
    ("arrangeConversation", 415, "PUT", "/conversations/new", {}),
    ("listSandboxes", 200, "GET", "/sandboxes", {}),
    ("listSandboxes", 400, "GET", "/sandboxes?limit=1", {}),
    ("dropSandbox", 404, "DELETE", "/sandboxes/anonymous", {}),
    ("dropSandbox", 400, "DELETE", "/sandboxes/anonymous?a=b", {}),
    ("listFaults", 200, "GET", "/faults", {}),
    ("listFaults", 200, "GET", "/faults", {"headers": SERVER}),
    ("addFault", 507, "POST", "/faults", {"json": {"delay": 5}}),
    ("addFault", 201, "POST", "/faults", {"json": {"delay": 5}, "headers": SERVER}),
    ("replaceFaults", 200, "PUT", "/faults", {"json": {"data": [{"delay": 5}]}}),
    ("getFault", 200, "GET", "/faults/rule-1", {}),
    ("changeFault", 200, "PUT", "/faults/rule-1", {"json": {"delay": {"type": "fixed", "milliseconds": 1}}}),
    ("removeFault", 204, "DELETE", "/faults/rule-1", {}),
    ("clearFaults", 204, "DELETE", "/faults", {}),
]


@pytest.fixture
def busy(open_api: Callable[..., FlaskClient]) -> FlaskClient:
    """A client whose sandbox has seen every kind of call, and is at every bound but that of conversations."""
    api = open_api(
        max_conversations=3, max_snapshots=1, max_rules=1, max_body_bytes=200, max_state_bytes=2000
    )
    api.get("/v1/conversations")
    api.patch("/v1/conversations")
    api.get("/v1/nothing")
    api.get("/v1/conversations", headers=SERVER)
    api.options("/v1/conversations")
    assert api.post("/__admin/faults", json={"skip": 9, "fault": {"type": "hang"}}).status_code == 201
    assert api.post("/__admin/snapshots", json={}).status_code == 201
    return api


@pytest.mark.parametrize(
    ("operation", "status", "method", "path", "sent"), CALLS, ids=lambda value: str(value)[:40]
)
def test_an_answer_is_documented_and_fits_its_schema(
    document: Document,
    busy: FlaskClient,
    operation: str,
    status: int,
    method: str,
    path: str,
    sent: dict[str, Any],
) -> None:
    answer = busy.open("/__admin" + path, method=method, **sent)
    assert answer.status_code == status, answer.text
    responses = operations(document)[operation]["responses"]
    assert str(status) in responses
    shape = resolved(document, responses[str(status)])
    for name, header in shape.get("headers", {}).items():
        Draft202012Validator(resolved(document, header)["schema"]).validate(answer.headers[name])
    if "content" in shape:
        assert list(shape["content"]) == [answer.content_type]
        validator(document, shape["content"][JSON]["schema"]).validate(answer.get_json())
    else:
        assert answer.data == b""


def test_an_export_fits_its_schema_whether_the_clock_runs_or_not_and_so_does_its_import(
    document: Document, api: FlaskClient
) -> None:
    shapes = operations(document)
    exported = validator(
        document, resolved(document, shapes["exportState"]["responses"]["200"])["content"][JSON]["schema"]
    )
    imported = validator(document, shapes["importState"]["requestBody"]["content"][JSON]["schema"])
    for change in ({"action": "resume"}, {"action": "freeze"}):
        api.put("/__admin/clock", json=change)
        state = api.get("/__admin/state").get_json()
        exported.validate(state)
        imported.validate(state)
        answer = api.put("/__admin/state", json=state)
        accepted = resolved(document, shapes["importState"]["responses"]["200"])
        validator(document, accepted["content"][JSON]["schema"]).validate(answer.get_json())


def test_a_full_server_answers_as_documented(
    document: Document, open_api: Callable[..., FlaskClient], assert_error_shape: Callable[..., str]
) -> None:
    api = open_api(max_sandboxes=1)
    api.get("/__admin/clock")
    for endpoint in ENDPOINTS:
        if "{" in endpoint.path or endpoint.path == PATH:
            continue
        body: dict[str, Any] = {"json": {"action": "resume"} if endpoint.id == "changeClock" else {}}
        answer = api.open(
            endpoint.path,
            method=endpoint.method,
            headers={"Authorization": "Bearer newcomer"},
            **body if endpoint.method in ("POST", "PUT") else {},
        )
        documented = operations(document)[endpoint.id]["responses"]
        assert str(answer.status_code) in documented
        if answer.status_code == 503:
            assert_error_shape(answer, 503, "--max-sandboxes")


def test_a_refusal_of_the_guard_is_documented_for_all_but_health(document: Document) -> None:
    for name, shape in operations(document).items():
        assert ("403" in shape["responses"]) is (name != "getHealth")


BODIES: list[tuple[str, str, str, Any]] = [
    ("resetSandbox", "POST", "/reset", body)
    for body in ({}, {"seed": 5}, {"seed": -1}, {"seed": "5"}, {"scenario": ""}, {"scenario": 5}, {"a": 1})
]
BODIES += [
    ("changeClock", "PUT", "/clock", body)
    for body in ({}, {"action": "resume"}, {"action": "freeze", "at": -1}, {"action": 1}, {"action": "go"})
]
BODIES += [
    ("arrangeConversation", "PUT", "/conversations/xgQQXg3hrtjh7AvZ", body)
    for body in (
        {},
        {"is_muted": True},
        {"is_muted": 1},
        {"is_muted": None},
        {"created_at": -1},
        {"created_at": None},
        {"contact_id": "a b"},
        {"contact_id": "a" * 65},
        {"id": "a"},
    )
]


@pytest.mark.parametrize(
    ("operation", "method", "path", "body"), BODIES, ids=lambda value: json.dumps(value)[:30]
)
def test_a_body_is_taken_exactly_where_the_document_says_so(
    document: Document, api: FlaskClient, operation: str, method: str, path: str, body: Any
) -> None:
    schema = operations(document)[operation]["requestBody"]["content"][JSON]["schema"]
    documented = validator(document, schema).is_valid(body)
    answer = api.open("/__admin" + path, method=method, json=body)
    assert answer.status_code == (200 if documented else 400)
