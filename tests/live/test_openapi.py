"""Responses of the server itself, which no application sees, as both OpenAPI documents have them."""

import httpx
import pytest

from tests.live.server import Server
from tests.openapi import JSON, operations_by_id, validator_of

LONG = "a" * 10_000


@pytest.mark.parametrize(
    ("document", "operation", "path"),
    [
        ("/openapi.json", "listConversations", f"/v1/conversations?group_id={LONG}"),
        ("/openapi.json", "retrieveConversation", f"/v1/conversations/{LONG}"),
        ("/__admin/openapi.json", "listRequests", f"/__admin/requests?operation={LONG}"),
        ("/__admin/openapi.json", "getFault", f"/__admin/faults/{LONG}"),
    ],
    ids=lambda value: value[:30],
)
def test_target_that_is_too_long_is_documented(
    server: Server, token: str, document: str, operation: str, path: str
) -> None:
    shape = httpx.get(server.address + document).json()
    response = httpx.get(server.address + path, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 414
    documented = operations_by_id(shape)[operation]["responses"]["414"]
    assert list(documented["content"]) == [response.headers["Content-Type"]] == [JSON]
    validator_of(shape, documented["content"][JSON]["schema"]).validate(response.json())
    assert list(documented["headers"]) == ["X-Request-Id"]
    assert response.headers["X-Request-Id"]
