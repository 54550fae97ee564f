"""The table of operations, and its lookup by method and path."""

import pytest

from sandbox.operations import (
    CREATE,
    DELETE,
    LIST,
    OPERATIONS,
    RETRIEVE,
    UPDATE,
    Operation,
    methods_of,
    operation_of,
    template_of,
)

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
UNKNOWN_PATHS = [
    "",
    "/",
    "/v1",
    "/v1/",
    "/v1/conversation",
    COLLECTION + "/",
    ITEM + "/",
    ITEM + "/a",
    "/x" + COLLECTION,
    "//v1/conversations",
]


def test_table_has_the_five_documented_operations() -> None:
    assert [(operation.id, operation.method, operation.path) for operation in OPERATIONS] == [
        ("createConversation", "POST", "/v1/conversations"),
        ("listConversations", "GET", "/v1/conversations"),
        ("retrieveConversation", "GET", "/v1/conversations/{id}"),
        ("updateConversation", "PUT", "/v1/conversations/{id}"),
        ("deleteConversation", "DELETE", "/v1/conversations/{id}"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", COLLECTION, CREATE),
        ("GET", COLLECTION, LIST),
        ("HEAD", COLLECTION, LIST),
        ("GET", ITEM, RETRIEVE),
        ("HEAD", ITEM, RETRIEVE),
        ("PUT", ITEM, UPDATE),
        ("DELETE", ITEM, DELETE),
        ("GET", COLLECTION + "/a b", RETRIEVE),
        ("PATCH", ITEM, None),
        ("POST", ITEM, None),
        ("DELETE", COLLECTION, None),
        ("OPTIONS", COLLECTION, None),
        ("get", COLLECTION, None),
    ],
)
def test_operation_follows_from_method_and_path(method: str, path: str, operation: Operation | None) -> None:
    assert operation_of(method, path) is operation


@pytest.mark.parametrize("path", UNKNOWN_PATHS)
def test_unknown_path_has_no_operation(path: str) -> None:
    assert template_of(path) is None
    assert operation_of("GET", path) is None
    assert methods_of(path) == []


def test_template_of_a_path() -> None:
    assert template_of(COLLECTION) == COLLECTION
    assert template_of(ITEM) == "/v1/conversations/{id}"


def test_methods_of_a_path_include_head_and_options() -> None:
    assert set(methods_of(COLLECTION)) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert set(methods_of(ITEM)) == {"DELETE", "GET", "HEAD", "PUT", "OPTIONS"}
    for path in (COLLECTION, ITEM):
        assert len(methods_of(path)) == len(set(methods_of(path)))
