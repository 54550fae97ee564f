"""The OpenAPI document of the control API: valid, complete, and consistent with the server."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import sandbox
from sandbox.control.table import ENDPOINTS
from tests.openapi import JSON, Document, fetch_document, operations_by_id, resolve, validator_of

PATH = "/__admin/openapi.json"


@pytest.fixture(scope="session")
def document(shared_app: Flask) -> Document:
    return fetch_document(shared_app, PATH)


def test_document_is_valid(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    assert document["info"]["version"] == sandbox.__version__


def test_every_schema_is_a_valid_json_schema(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_operations_are_those_of_the_table(document: Document) -> None:
    documented = {
        (shape["operationId"], method.upper(), path)
        for path, methods in document["paths"].items()
        for method, shape in methods.items()
    }
    assert documented == {
        (endpoint.operation.id, endpoint.operation.method, endpoint.operation.path) for endpoint in ENDPOINTS
    }


def test_every_operation_has_a_summary_and_a_description(document: Document) -> None:
    for shape in operations_by_id(document).values():
        assert shape["summary"].strip()
        assert shape["description"].strip()


def test_every_path_parameter_is_declared(document: Document) -> None:
    for path, methods in document["paths"].items():
        required = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        for shape in methods.values():
            declared = {parameter["name"] for parameter in shape["parameters"] if parameter["in"] == "path"}
            assert declared == required


def test_bodies_are_json_only_and_health_needs_no_token(document: Document) -> None:
    for shape in operations_by_id(document).values():
        if "requestBody" in shape:
            assert list(shape["requestBody"]["content"]) == [JSON]
    assert operations_by_id(document)["getHealth"]["security"] == []


def test_every_call_that_needs_a_content_type_has_a_required_body(document: Document) -> None:
    for methods in document["paths"].values():
        for method, shape in methods.items():
            assert ("requestBody" in shape) is (method in ("post", "put"))
            assert shape.get("requestBody", {"required": True})["required"] is True


@pytest.mark.parametrize("operation", ["takeSnapshot", "restoreSnapshot"])
def test_body_without_attributes_is_an_empty_object(document: Document, operation: str) -> None:
    schema = operations_by_id(document)[operation]["requestBody"]["content"][JSON]["schema"]
    validator = validator_of(document, schema)
    assert validator.is_valid({})
    assert not validator.is_valid({"a": 1})


def test_path_parameters_have_the_patterns_of_the_ids_that_are_returned(document: Document) -> None:
    patterns = {
        parameter["name"]: parameter["schema"]["pattern"]
        for shape in operations_by_id(document).values()
        for parameter in shape["parameters"]
        if parameter["in"] == "path"
    }
    schemas = document["components"]["schemas"]
    assert patterns == {
        "rule_id": schemas["FaultRule"]["properties"]["id"]["pattern"],
        "snapshot_id": schemas["Snapshot"]["properties"]["id"]["pattern"],
        "sandbox_id": schemas["Sandbox"]["properties"]["id"]["pattern"],
        "conversation_id": schemas["Conversation"]["properties"]["id"]["pattern"],
    }


def test_every_list_has_typed_items(document: Document) -> None:
    lists = [
        shape
        for schema in document["components"]["schemas"].values()
        for shape in schema.get("properties", {}).values()
        if shape.get("type") == "array"
    ]
    assert len(lists) > 8
    for shape in lists:
        assert set(shape["items"]) & {"$ref", "type"}


def test_scenarios_of_a_reset_are_the_built_in_ones(document: Document, api: FlaskClient) -> None:
    listed = [each["name"] for each in api.get("/__admin/scenarios").get_json()["data"]]
    assert document["components"]["schemas"]["SandboxReset"]["properties"]["scenario"]["enum"] == listed


def test_only_requests_with_parameters_can_have_a_target_that_is_too_long(document: Document) -> None:
    for shape in operations_by_id(document).values():
        assert ("414" in shape["responses"]) is bool(shape["parameters"])


def test_security_states_which_operations_require_a_token(document: Document) -> None:
    shapes = operations_by_id(document)
    for name, anonymous in (("getClock", False), ("exportState", False), ("listRequests", True)):
        assert ({} in shapes[name]["security"]) is anonymous
        assert any("sandbox" in each for each in shapes[name]["security"])


def test_error_schema_is_that_of_the_api(document: Document, shared_app: Flask) -> None:
    api = shared_app.test_client().get("/openapi.json").get_json()
    assert document["components"]["schemas"]["ApiError"] == api["components"]["schemas"]["ApiError"]


def test_every_example_matches_its_schema(document: Document) -> None:
    checked = 0
    for shape in operations_by_id(document).values():
        contents = [shape.get("requestBody", {}).get("content", {})]
        contents += [
            resolve(document, response).get("content", {}) for response in shape["responses"].values()
        ]
        for content in contents:
            for media in content.values():
                if "example" in media:
                    validator_of(document, media["schema"]).validate(media["example"])
                    checked += 1
    assert checked > 20


def test_document_is_guarded_and_constant(shared_app: Flask) -> None:
    client = shared_app.test_client()
    assert client.get(PATH).data == client.get(PATH).data
    assert client.get(PATH, headers={"Origin": "https://elsewhere.example"}).status_code == 403


SERVER = {"Authorization": ""}

# Each row has the operation, the expected status, and the request. The sandbox may have 3 conversations, 1 snapshot
# and 1 rule; bodies may have 200 bytes, and state documents 2000.
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
def used_sandbox(open_api: Callable[..., FlaskClient]) -> FlaskClient:
    """Return a client whose sandbox has received calls of every kind and may have no more snapshots and rules."""
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
def test_response_is_documented_and_matches_its_schema(
    document: Document,
    used_sandbox: FlaskClient,
    operation: str,
    status: int,
    method: str,
    path: str,
    sent: dict[str, Any],
) -> None:
    response = used_sandbox.open("/__admin" + path, method=method, **sent)
    assert response.status_code == status, response.text
    responses = operations_by_id(document)[operation]["responses"]
    assert str(status) in responses
    shape = resolve(document, responses[str(status)])
    for name, header in shape.get("headers", {}).items():
        Draft202012Validator(resolve(document, header)["schema"]).validate(response.headers[name])
    if "content" in shape:
        assert list(shape["content"]) == [response.content_type]
        validator_of(document, shape["content"][JSON]["schema"]).validate(response.get_json())
    else:
        assert response.data == b""


def test_export_and_import_match_their_schemas_for_running_and_frozen_clocks(
    document: Document, api: FlaskClient
) -> None:
    shapes = operations_by_id(document)
    exported = validator_of(
        document, resolve(document, shapes["exportState"]["responses"]["200"])["content"][JSON]["schema"]
    )
    imported = validator_of(document, shapes["importState"]["requestBody"]["content"][JSON]["schema"])
    for change in ({"action": "resume"}, {"action": "freeze"}):
        api.put("/__admin/clock", json=change)
        state = api.get("/__admin/state").get_json()
        exported.validate(state)
        imported.validate(state)
        response = api.put("/__admin/state", json=state)
        import_response = resolve(document, shapes["importState"]["responses"]["200"])
        validator_of(document, import_response["content"][JSON]["schema"]).validate(response.get_json())


def test_responses_of_a_full_server_are_documented(
    document: Document, open_api: Callable[..., FlaskClient], assert_error_shape: Callable[..., str]
) -> None:
    api = open_api(max_sandboxes=1)
    api.get("/__admin/clock")
    for endpoint in ENDPOINTS:
        if "{" in endpoint.operation.path or endpoint.operation.path == PATH:
            continue
        body: dict[str, Any] = {
            "json": {"action": "resume"} if endpoint.operation.id == "changeClock" else {}
        }
        response = api.open(
            endpoint.operation.path,
            method=endpoint.operation.method,
            headers={"Authorization": "Bearer newcomer"},
            **body if endpoint.operation.method in ("POST", "PUT") else {},
        )
        documented = operations_by_id(document)[endpoint.operation.id]["responses"]
        assert str(response.status_code) in documented
        if response.status_code == 503:
            assert_error_shape(response, 503, "--max-sandboxes")


def test_status_403_is_documented_for_all_operations_but_health(document: Document) -> None:
    for name, shape in operations_by_id(document).items():
        assert ("403" in shape["responses"]) is (name != "getHealth")


EMPTY_STATE: dict[str, Any] = {
    "version": 1,
    "seed": 1,
    "pinned_ids": [],
    "id_index": 0,
    "frozen_at": None,
    "clock_offset": 0,
    "faults": [],
    "conversations": [],
    "deleted": [],
}

BODIES: list[tuple[str, str, str, Any]] = [
    ("resetSandbox", "POST", "/reset", body)
    for body in ({}, {"seed": 5}, {"seed": -1}, {"seed": "5"}, {"scenario": ""}, {"scenario": 5}, {"a": 1})
]
BODIES += [
    ("changeClock", "PUT", "/clock", body)
    for body in ({}, {"action": "resume"}, {"action": "freeze", "at": -1}, {"action": 1}, {"action": "go"})
]
BODIES += [
    ("changeClock", "PUT", "/clock", body)
    for body in (
        {"action": "freeze"},
        {"action": "freeze", "at": 5},
        {"action": "freeze", "seconds": 5},
        {"action": "freeze", "at": 5, "seconds": 5},
        {"action": "advance"},
        {"action": "advance", "seconds": 5},
        {"action": "advance", "at": 5},
        {"action": "advance", "at": 5, "seconds": 5},
        {"action": "resume", "at": 5},
        {"action": "resume", "seconds": 5},
    )
]
BODIES += [
    ("replaceFaults", "PUT", "/faults", {"data": [rule]})
    for rule in (
        {},
        {"name": "neither"},
        {"delay": 5},
        {"fault": {"type": "hang"}},
        {"delay": 5, "fault": {"type": "hang"}},
        {"delay": 5, "phase": "before"},
        {"delay": 5, "phase": "after"},
        {"delay": 5, "phase": "after", "fault": {"type": "hang"}},
        {"phase": "after", "fault": {"type": "hang"}},
        {"delay": 5, "name": " "},
        {"delay": 5, "name": " a"},
        {"delay": {"type": "lognormal", "median": 5}},
        {"delay": {"type": "lognormal", "median": 5, "sigma": 1}},
        {"delay": {"type": "lognormal", "median": 5, "p99": 50}},
        {"delay": {"type": "lognormal", "median": 5, "sigma": 1, "p99": 50}},
    )
]
STATUS_ATTRIBUTES: list[dict[str, Any]] = [
    {"message": "m"},
    {"body": None},
    {"message": "m", "body": None},
    {"retry_after": 5},
    {"retry_after": -1},
    {"retry_after": 5.5},
    {"retry_after": "5"},
    {"retry_after": ""},
    {"retry_after": "tomorrow"},
    {"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT"},
    {"retry_after": "Mon, 06 Nov 1994 08:49:37 GMT"},
    {"headers": {}},
    {"headers": {"Server": "nginx"}},
    {"headers": {"": "x"}},
    {"headers": {"a b": "x"}},
    {"headers": {"a" * 200: "x"}},
    {"headers": {"a" * 201: "x"}},
    {"headers": {"A": ""}},
    {"headers": {"A": "b c"}},
    {"headers": {"A": "é"}},
    {"headers": {"A": " b"}},
    {"headers": {"A": "b "}},
    {"headers": {"A": "b\nc"}},
    {"headers": {"A": "b\x7fc"}},
    {"headers": {"A": "b" * 8191}},
    {"headers": {"A": "b" * 8193}},
    {"headers": {"A": 5}},
    {"headers": {"tRailer": "x"}},
    {"headers": {"Trailers": "x"}},
    {"headers": {"Content-Length": "5"}},
    {"headers": {"Content-Lengths": "5"}},
    {"headers": {"X-Connection": "5"}},
    {"headers": {"Date": "x"}},
    {"headers": {"X-SANDBOX-Rule": "x"}},
    {"headers": {"X-Sandbo": "x"}},
    {"headers": {f"x{number}": "" for number in range(50)}},
    {"headers": {f"x{number}": "" for number in range(51)}},
    {"headers": []},
]
BODIES += [
    ("replaceFaults", "PUT", "/faults", {"data": [{"fault": {"type": "status", "status": 503, **more}}]})
    for more in STATUS_ATTRIBUTES
]
BODIES += [
    ("addFault", "POST", "/faults", body)
    for body in (
        {"preset": "slow-3g"},
        {"preset": "flaky"},
        {"preset": "none"},
        {"preset": "slow-3g", "phase": "after"},
        {"preset": "slow-3g", "phase": "after", "fault": {"type": "hang"}},
        {"preset": "slow-3g", "phase": "before"},
        {"preset": "flaky", "phase": "after"},
        {"phase": "after", "delay": 5},
    )
]
LIMIT = {"type": "rate_limit", "limit": 1, "window_seconds": 5}
WINDOW = {"began": 1, "ends": 6, "calls": 1}
BODIES += [
    ("importState", "PUT", "/state", {**EMPTY_STATE, "faults": [rule]})
    for rule in (
        {"fault": LIMIT},
        {"fault": LIMIT, "matched": 1},
        {"fault": LIMIT, "window": WINDOW},
        {"fault": {"type": "hang"}, "matched": 1},
        {"fault": {"type": "hang"}, "window": WINDOW},
        {"delay": 5, "window": WINDOW},
    )
]
BODIES += [
    ("resetSandbox", "POST", "/reset", {"scenario": name}) for name in ("blank", "documented", "Blank", "no")
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
def test_server_accepts_exactly_the_documented_bodies(
    document: Document, api: FlaskClient, operation: str, method: str, path: str, body: Any
) -> None:
    schema = operations_by_id(document)[operation]["requestBody"]["content"][JSON]["schema"]
    documented = validator_of(document, schema).is_valid(body)
    response = api.open("/__admin" + path, method=method, json=body)
    assert response.status_code == ((201 if operation == "addFault" else 200) if documented else 400)
