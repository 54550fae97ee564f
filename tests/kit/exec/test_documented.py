"""The answers and faults that the documents of the server describe."""

from typing import Any

from protocol_sandbox import Server
from protocol_sandbox.exec.documented import Answer, Documented
from sandbox import operations
from sandbox.faults.table import FAULTS


def test_all_operations_and_faults_of_the_server_are_found(kit_server: Server) -> None:
    documented = Documented.of(kit_server.openapi(), kit_server.control_openapi())
    assert set(documented.operations) == {operation.id for operation in operations.OPERATIONS}
    assert set(documented.faults) == set(FAULTS)
    assert Answer("createConversation", 201) in documented.answers
    assert Answer("deleteConversation", 204) in documented.answers
    assert len(set(documented.answers)) == len(documented.answers) > 20


def test_other_entries_of_a_document_are_left_out() -> None:
    api: dict[str, Any] = {
        "paths": {
            "/a": {
                "parameters": [],
                "get": {"operationId": "a", "responses": {"200": {}, "default": {}}},
                "post": {"operationId": "b", "responses": {"201": {}}},
            }
        }
    }
    control: dict[str, Any] = {"components": {"schemas": {"FaultRule": {"properties": {"fault": {}}}}}}
    documented = Documented.of(api, control)
    assert documented.answers == (Answer("a", 200), Answer("b", 201))
    assert documented.operations == ["a", "b"]
    assert documented.faults == ()


def test_faults_are_found_behind_references_and_alternatives() -> None:
    two = {"properties": {"type": {"enum": ["b"]}}}
    schemas: dict[str, Any] = {
        "FaultRule": {"properties": {"fault": {"$ref": "#/components/schemas/Fault"}}},
        "Fault": {"oneOf": [{"$ref": "#/components/schemas/One"}, {"anyOf": [two]}]},
        "One": {"properties": {"type": {"const": "a"}}},
    }
    assert Documented.of({"paths": {}}, {"components": {"schemas": schemas}}).faults == ("a", "b")
