"""The OpenAPI document: valid, complete, and consistent with the server."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import sandbox
from sandbox.operations import OPERATIONS
from sandbox.schemas.arguments import DEFAULT_LIMIT, MAXIMUM_LIMIT
from sandbox.world.clock import LATEST_TIMESTAMP
from tests.openapi import JSON, Document, fetch_document, operations_by_id, resolve, validator_of

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
KEY = {"Idempotency-Key": "key"}
OPTIONAL_HEADERS = {"Idempotent-Replayed"}


@pytest.fixture(scope="session")
def document(shared_app: Flask) -> Document:
    return fetch_document(shared_app, "/openapi.json")


@pytest.fixture
def lenient_document(open_app: Callable[..., Flask]) -> Document:
    return fetch_document(open_app(lenient=True), "/openapi.json")


def request_schema(document: Document, operation: str, media_type: str) -> Document:
    schema: Document = operations_by_id(document)[operation]["requestBody"]["content"][media_type]["schema"]
    return schema


def query_schemas(document: Document) -> dict[str, Document]:
    parameters = [
        resolve(document, shape) for shape in operations_by_id(document)["listConversations"]["parameters"]
    ]
    return {shape["name"]: shape["schema"] for shape in parameters if shape["in"] == "query"}


def test_document_is_valid_strict_and_lenient(document: Document, lenient_document: Document) -> None:
    for shape in (document, lenient_document):
        assert shape["openapi"].startswith("3.1.")
        assert [error.message for error in OpenAPIV31SpecValidator(shape).iter_errors()] == []


def test_every_schema_is_a_valid_json_schema(document: Document, lenient_document: Document) -> None:
    for shape in (document, lenient_document):
        for schema in shape["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)


def test_operations_are_those_of_the_contract(document: Document) -> None:
    documented = {
        (shape["operationId"], method.upper(), path)
        for path, methods in document["paths"].items()
        for method, shape in methods.items()
    }
    assert documented == {
        ("createConversation", "POST", "/v1/conversations"),
        ("listConversations", "GET", "/v1/conversations"),
        ("retrieveConversation", "GET", "/v1/conversations/{id}"),
        ("updateConversation", "PUT", "/v1/conversations/{id}"),
        ("deleteConversation", "DELETE", "/v1/conversations/{id}"),
    }
    assert documented == {(operation.id, operation.method, operation.path) for operation in OPERATIONS}


def test_document_names_version_server_and_authentication(document: Document) -> None:
    assert document["info"]["version"] == sandbox.__version__
    assert document["servers"] == [{"url": "/"}]
    (requirement,) = document["security"]
    (name,) = requirement
    assert document["components"]["securitySchemes"][name] == {"type": "http", "scheme": "bearer"}


def test_document_needs_no_token_and_is_constant(shared_app: Flask) -> None:
    one, other = (shared_app.test_client().get("/openapi.json").data for _ in range(2))
    assert one == other


def test_conversation_schema_requires_exactly_the_documented_keys(document: Document) -> None:
    schema = document["components"]["schemas"]["Conversation"]
    keys = [
        "id",
        "contact_id",
        "group_id",
        "pinned_message_id",
        "is_pinned",
        "is_muted",
        "last_active_at",
        "last_opened_at",
        "created_at",
        "archived_at",
    ]
    assert list(schema["properties"]) == keys
    assert sorted(schema["required"]) == sorted(keys)
    assert schema["additionalProperties"] is False
    nullable = {name for name, shape in schema["properties"].items() if "null" in shape["type"]}
    assert nullable == {
        "contact_id",
        "group_id",
        "pinned_message_id",
        "last_active_at",
        "last_opened_at",
        "archived_at",
    }


def test_query_parameters_are_those_of_the_validating_schema(document: Document) -> None:
    schemas = query_schemas(document)
    assert list(schemas) == [
        "limit",
        "muted",
        "archived",
        "pinned",
        "group_id",
        "starting_after",
        "ending_before",
    ]
    limit = schemas["limit"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, MAXIMUM_LIMIT, DEFAULT_LIMIT)
    assert (MAXIMUM_LIMIT, DEFAULT_LIMIT) == (100, 50)


BODY_SCHEMAS = [
    ("createConversation", JSON, "CreateConversation"),
    ("createConversation", FORM, "CreateConversationForm"),
    ("createConversation", MULTIPART, "CreateConversationMultipart"),
    ("updateConversation", JSON, "UpdateConversation"),
    ("updateConversation", FORM, "UpdateConversationForm"),
    ("updateConversation", MULTIPART, "UpdateConversationMultipart"),
]


def test_bodies_are_json_first_and_each_media_type_has_a_schema_of_its_own(document: Document) -> None:
    documented = [
        (name, media_type, media["schema"])
        for name, shape in operations_by_id(document).items()
        for media_type, media in shape.get("requestBody", {}).get("content", {}).items()
    ]
    assert sorted(documented, key=lambda row: row[0]) == [
        (operation, media_type, {"$ref": f"#/components/schemas/{schema}"})
        for operation, media_type, schema in BODY_SCHEMAS
    ]


def test_bodies_with_several_media_types_are_described_and_not_required(document: Document) -> None:
    bodies = {
        name: shape["requestBody"]
        for name, shape in operations_by_id(document).items()
        if "requestBody" in shape
    }
    assert {name: body["required"] for name, body in bodies.items()} == {
        "createConversation": False,
        "updateConversation": False,
    }
    for each in ("contact_id", "group_id", "or both"):
        assert each in bodies["createConversation"]["description"]
    assert bodies["updateConversation"]["description"]


def test_components_are_named_like_classes(document: Document) -> None:
    names = ["ApiError", "Conversation", "ConversationPage", *(schema for *_, schema in BODY_SCHEMAS)]
    assert sorted(document["components"]["schemas"]) == sorted(names)


# By attribute and schema: the types of its values in JSON, and in a form. A union is only where there are two types.
TYPES = [
    ("CreateConversation", "contact_id", ["string", "null"], "string"),
    ("CreateConversation", "group_id", ["string", "null"], "string"),
    ("UpdateConversation", "pinned_message_id", ["string", "null"], "string"),
    ("UpdateConversation", "is_pinned", "boolean", "string"),
    ("UpdateConversation", "is_muted", "boolean", "string"),
    ("UpdateConversation", "archived_at", ["integer", "null"], ["integer", "string"]),
]


def test_bodies_have_unions_only_where_values_have_several_types(document: Document) -> None:
    schemas = document["components"]["schemas"]
    documented = {
        (name, attribute): types_of(shape)
        for _, _, name in BODY_SCHEMAS
        for attribute, shape in schemas[name]["properties"].items()
    }
    expected = {}
    for name, attribute, json_types, text_types in TYPES:
        expected[name, attribute] = json_types
        expected[name + "Form", attribute] = expected[name + "Multipart", attribute] = text_types
    assert documented == expected


def types_of(shape: Document) -> Any:
    return [each["type"] for each in shape["anyOf"]] if "anyOf" in shape else shape["type"]


def test_body_attributes_have_no_defaults(document: Document) -> None:
    for _, _, name in BODY_SCHEMAS:
        for shape in document["components"]["schemas"][name]["properties"].values():
            assert "default" not in shape


def test_rules_over_several_attributes_are_not_in_schemas(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        assert set(schema) <= {"type", "properties", "required", "additionalProperties"}


def test_every_operation_has_the_one_tag_and_an_id_of_its_own(document: Document) -> None:
    (tag,) = document["tags"]
    assert tag["name"] == "conversations"
    assert tag["description"]
    for shape in operations_by_id(document).values():
        assert shape["tags"] == ["conversations"]
        assert shape["operationId"].isidentifier()
    assert len(operations_by_id(document)) == len(OPERATIONS)


def test_every_error_has_the_schema_of_errors(document: Document) -> None:
    for shape in operations_by_id(document).values():
        for status, response in shape["responses"].items():
            if status >= "400":
                schema = response["content"][JSON]["schema"]
                assert schema == {"$ref": "#/components/schemas/ApiError"}


@pytest.mark.parametrize("operation", ["retrieveConversation", "updateConversation", "deleteConversation"])
def test_path_has_a_described_id_with_its_pattern(document: Document, operation: str) -> None:
    (parameter,) = operations_by_id(document)[operation]["parameters"]
    schema = resolve(document, document["components"]["schemas"]["Conversation"]["properties"]["id"])
    assert (parameter["in"], parameter["name"], parameter["required"]) == ("path", "id", True)
    assert parameter["description"] == schema["description"]
    assert parameter["schema"]["pattern"] == schema["pattern"]


@pytest.mark.parametrize("media_type", [FORM, JSON, MULTIPART])
@pytest.mark.parametrize(
    ("operation", "attributes"),
    [
        ("createConversation", ["contact_id", "group_id"]),
        ("updateConversation", ["pinned_message_id", "is_pinned", "is_muted", "archived_at"]),
    ],
)
def test_additional_attributes_are_allowed_only_if_lenient(
    document: Document, lenient_document: Document, operation: str, attributes: list[str], media_type: str
) -> None:
    strict = resolve(document, request_schema(document, operation, media_type))
    lenient = resolve(lenient_document, request_schema(lenient_document, operation, media_type))
    assert list(strict["properties"]) == attributes
    assert strict["additionalProperties"] is False
    assert lenient["additionalProperties"] is True


def test_timestamp_has_the_bounds_of_the_validation(document: Document) -> None:
    for media_type in (FORM, JSON):
        schema = resolve(document, request_schema(document, "updateConversation", media_type))["properties"]
        shape = json.dumps(schema["archived_at"])
        assert f'"maximum": {LATEST_TIMESTAMP}' in shape
        assert '"minimum": 0' in shape


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
    for schema in query_schemas(document).values():
        for example in [schema["example"]] if "example" in schema else schema.get("examples", []):
            Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize("operation", ["createConversation", "updateConversation"])
@pytest.mark.parametrize("media_type", [FORM, JSON, MULTIPART])
def test_server_accepts_every_request_example(
    document: Document, api: FlaskClient, operation: str, media_type: str
) -> None:
    example = operations_by_id(document)[operation]["requestBody"]["content"][media_type]["example"]
    sent = {"json": example} if media_type == JSON else {"data": example, "content_type": media_type}
    method, url = ("POST", COLLECTION) if operation == "createConversation" else ("PUT", ITEM)
    assert api.open(url, method=method, **sent).status_code in (200, 201)


def has_participant(body: dict[str, Any]) -> bool:
    """Return the rule over two attributes of a create, which its schema leaves to the description."""
    return bool(body.get("contact_id") or body.get("group_id"))


BODIES: list[Any] = [
    {},
    {"contact_id": "a"},
    {"group_id": "a"},
    {"contact_id": "a", "group_id": "b"},
    {"contact_id": None},
    {"contact_id": None, "group_id": None},
    {"contact_id": None, "group_id": "b"},
    {"contact_id": ""},
    {"contact_id": "a" * 64},
    {"contact_id": "a" * 65},
    {"contact_id": "a b"},
    {"contact_id": 1},
    {"contact_id": True},
    {"contact_id": "a", "unknown": 1},
    {"pinned_message_id": "a"},
    {"pinned_message_id": None},
    {"pinned_message_id": "a!"},
    {"is_pinned": True, "is_muted": False},
    {"is_pinned": None},
    {"is_pinned": 1},
    {"is_muted": "true"},
    {"archived_at": 0},
    {"archived_at": LATEST_TIMESTAMP},
    {"archived_at": LATEST_TIMESTAMP + 1},
    {"archived_at": -1},
    {"archived_at": 1.5},
    {"archived_at": 5.0},
    {"archived_at": "5"},
    {"archived_at": None},
    {"archived_at": True},
    [],
    None,
    "a",
]


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: json.dumps(body)[:40])
@pytest.mark.parametrize(
    ("operation", "method", "url"),
    [("createConversation", "POST", COLLECTION), ("updateConversation", "PUT", ITEM)],
)
def test_server_accepts_exactly_the_documented_json_bodies(
    open_api: Callable[..., FlaskClient], operation: str, method: str, url: str, body: Any, lenient: bool
) -> None:
    api = open_api(lenient=lenient)
    document = api.get("/openapi.json").get_json()
    documented = validator_of(document, request_schema(document, operation, JSON)).is_valid(body)
    if method == "POST":
        documented = documented and has_participant(body)
    response = api.open(url, method=method, data=json.dumps(body), content_type=JSON)
    assert response.status_code == ((201 if method == "POST" else 200) if documented else 400)


FORMS: list[dict[str, str]] = [
    {},
    {"contact_id": "a"},
    {"contact_id": ""},
    {"contact_id": "", "group_id": "b"},
    {"contact_id": "", "group_id": ""},
    {"contact_id": "a" * 65},
    {"contact_id": "a", "unknown": "1"},
    {"pinned_message_id": ""},
    {"is_pinned": "true", "is_muted": "0"},
    {"is_pinned": "TRUE"},
    {"is_pinned": ""},
    {"archived_at": ""},
    {"archived_at": "now"},
]


@pytest.mark.parametrize("media_type", [FORM, MULTIPART])
@pytest.mark.parametrize("body", FORMS, ids=lambda body: json.dumps(body)[:40])
@pytest.mark.parametrize(
    ("operation", "method", "url"),
    [("createConversation", "POST", COLLECTION), ("updateConversation", "PUT", ITEM)],
)
def test_server_accepts_exactly_the_documented_forms(
    document: Document,
    api: FlaskClient,
    operation: str,
    method: str,
    url: str,
    body: dict[str, str],
    media_type: str,
) -> None:
    documented = validator_of(document, request_schema(document, operation, media_type)).is_valid(body)
    if method == "POST":
        documented = documented and has_participant(body)
    response = api.open(url, method=method, data=body, content_type=media_type)
    assert response.status_code == ((201 if method == "POST" else 200) if documented else 400)


@pytest.mark.parametrize("limit", [0, 1, 50, 100, 101])
def test_server_accepts_exactly_the_documented_limits(
    document: Document, api: FlaskClient, limit: int
) -> None:
    documented = Draft202012Validator(query_schemas(document)["limit"]).is_valid(limit)
    assert (api.get(COLLECTION, query_string={"limit": limit}).status_code == 200) is documented


CALLS: list[tuple[str, int, str, str, dict[str, Any]]] = [
    ("createConversation", 201, "POST", COLLECTION, {"data": {"contact_id": "a"}}),
    ("createConversation", 400, "POST", COLLECTION, {}),
    ("createConversation", 401, "POST", COLLECTION, {"headers": {"Authorization": ""}}),
    ("createConversation", 413, "POST", COLLECTION, {"data": {"contact_id": "a" * 100}}),
    ("createConversation", 415, "POST", COLLECTION, {"data": b"a", "content_type": "text/plain"}),
    ("createConversation", 422, "POST", COLLECTION, {"data": {"contact_id": "a"}, "headers": KEY}),
    ("createConversation", 503, "POST", COLLECTION, {"headers": {"Authorization": "Bearer other"}}),
    ("createConversation", 507, "POST", COLLECTION, {"data": {"contact_id": "a"}}),
    ("listConversations", 200, "GET", COLLECTION, {}),
    ("listConversations", 400, "GET", COLLECTION + "?limit=0", {}),
    ("listConversations", 401, "GET", COLLECTION, {"headers": {"Authorization": ""}}),
    ("listConversations", 413, "GET", COLLECTION, {"data": {"contact_id": "a" * 100}}),
    ("listConversations", 415, "GET", COLLECTION, {"data": b"a", "content_type": "text/plain"}),
    ("listConversations", 503, "GET", COLLECTION, {"headers": {"Authorization": "Bearer other"}}),
    ("retrieveConversation", 200, "GET", ITEM, {}),
    ("retrieveConversation", 400, "GET", ITEM + "?a=1", {}),
    ("retrieveConversation", 401, "GET", ITEM, {"headers": {"Authorization": ""}}),
    ("retrieveConversation", 404, "GET", COLLECTION + "/nope", {}),
    ("retrieveConversation", 413, "GET", ITEM, {"data": {"contact_id": "a" * 100}}),
    ("retrieveConversation", 415, "GET", ITEM, {"data": b"a", "content_type": "text/plain"}),
    ("retrieveConversation", 503, "GET", ITEM, {"headers": {"Authorization": "Bearer other"}}),
    ("updateConversation", 200, "PUT", ITEM, {"json": {"is_muted": True}}),
    ("updateConversation", 400, "PUT", ITEM, {"json": {"is_muted": 1}}),
    ("updateConversation", 401, "PUT", ITEM, {"headers": {"Authorization": ""}}),
    ("updateConversation", 404, "PUT", COLLECTION + "/nope", {"json": {}}),
    ("updateConversation", 413, "PUT", ITEM, {"data": {"contact_id": "a" * 100}}),
    ("updateConversation", 415, "PUT", ITEM, {"data": b"a", "content_type": "text/plain"}),
    ("updateConversation", 503, "PUT", ITEM, {"headers": {"Authorization": "Bearer other"}}),
    ("deleteConversation", 204, "DELETE", ITEM, {}),
    ("deleteConversation", 400, "DELETE", ITEM + "?a=1", {}),
    ("deleteConversation", 401, "DELETE", ITEM, {"headers": {"Authorization": ""}}),
    ("deleteConversation", 404, "DELETE", COLLECTION + "/nope", {}),
    ("deleteConversation", 413, "DELETE", ITEM, {"data": {"contact_id": "a" * 100}}),
    ("deleteConversation", 415, "DELETE", ITEM, {"data": b"a", "content_type": "text/plain"}),
    ("deleteConversation", 503, "DELETE", ITEM, {"headers": {"Authorization": "Bearer other"}}),
]


@pytest.mark.parametrize(
    ("operation", "status", "method", "url", "sent"), CALLS, ids=lambda part: str(part)[:30]
)
def test_every_response_is_documented_with_body_and_headers(
    open_api: Callable[..., FlaskClient],
    operation: str,
    status: int,
    method: str,
    url: str,
    sent: dict[str, Any],
) -> None:
    api = open_api(max_body_bytes=80, max_sandboxes=1, max_conversations=3 if status == 507 else 4)
    # A create with the key and other attributes.
    api.post(COLLECTION, data={"group_id": "g"}, headers=KEY if status == 422 else {})
    document = api.get("/openapi.json").get_json()
    response = api.open(url, method=method, **sent)
    assert response.status_code == status
    shape = resolve(document, operations_by_id(document)[operation]["responses"][str(status)])
    assert shape["description"]
    for name, header in shape.get("headers", {}).items():
        if name in OPTIONAL_HEADERS:
            continue
        assert name in response.headers
        Draft202012Validator(resolve(document, header)["schema"]).validate(response.headers[name])
    if "content" in shape:
        assert list(shape["content"]) == [response.content_type]
        validator_of(document, shape["content"][JSON]["schema"]).validate(response.get_json())
    else:
        assert response.data == b""


def test_optional_header_of_a_replay_is_documented(api: FlaskClient) -> None:
    document = api.get("/openapi.json").get_json()
    responses = operations_by_id(document)["createConversation"]["responses"]
    for _ in range(2):
        response = api.post(COLLECTION, data={"contact_id": "a"}, headers=KEY)
    header = responses[str(response.status_code)]["headers"]["Idempotent-Replayed"]
    Draft202012Validator(header["schema"]).validate(response.headers["Idempotent-Replayed"])


def test_every_documented_status_is_one_that_the_server_sends(document: Document) -> None:
    sent_statuses = {(operation, status) for operation, status, *_ in CALLS}
    # Injected, sent before it (see tests/live), or only while another call is delayed (tests/edge/injection).
    not_of_the_application = {403, 409, 429, 500, 502, 504, 414}
    for name, shape in operations_by_id(document).items():
        statuses = {int(status) for status in shape["responses"] if status.isdigit()}
        documented = statuses - not_of_the_application
        assert documented == {status for operation, status in sent_statuses if operation == name}
