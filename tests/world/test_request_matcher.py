"""Matching: the requests that a rule selects, and why it does not select the others."""

import pytest

from sandbox.world.request_matcher import RequestMatcher
from tests.world.harness import CREATE, FakeRequest


@pytest.mark.parametrize(
    ("matcher", "request_", "matches"),
    [
        (RequestMatcher(), CREATE, True),
        (RequestMatcher(), FakeRequest(operation_id=None, method="PATCH", path="/v1/nothing"), True),
        (RequestMatcher(operation="createConversation"), CREATE, True),
        (RequestMatcher(operation="listConversations"), CREATE, False),
        (RequestMatcher(operation="createConversation"), FakeRequest(operation_id=None), False),
        (RequestMatcher(method="POST"), CREATE, True),
        (RequestMatcher(method="GET"), CREATE, False),
        (RequestMatcher(path="/v1/conversations"), CREATE, True),
        (RequestMatcher(path="/v1/conversations"), FakeRequest(path="/v1/conversations/a"), False),
        (RequestMatcher(path="/v1/conversations/*"), FakeRequest(path="/v1/conversations/a"), True),
        (RequestMatcher(path="/v1/conversations/*"), CREATE, False),
        (RequestMatcher(path="/v1/*"), FakeRequest(path="/v1/conversations/a"), True),
        (RequestMatcher(path="*/xgQ*"), FakeRequest(path="/v1/conversations/xgQQ"), True),
        (RequestMatcher(path="/v1/conversations/?"), FakeRequest(path="/v1/conversations/a"), True),
        (RequestMatcher(path="/V1/*"), FakeRequest(path="/v1/conversations"), False),
        (
            RequestMatcher(query={"limit": "5"}),
            FakeRequest(query_attributes={"limit": "5", "muted": "true"}),
            True,
        ),
        (RequestMatcher(query={"limit": "5"}), FakeRequest(query_attributes={"limit": "50"}), False),
        (RequestMatcher(query={"limit": "5"}), CREATE, False),
        (
            RequestMatcher(query={"limit": "5", "muted": "true"}),
            FakeRequest(query_attributes={"limit": "5"}),
            False,
        ),
        (
            RequestMatcher(body={"contact_id": "a"}),
            FakeRequest(body_attributes={"contact_id": "a", "group_id": "b"}),
            True,
        ),
        (RequestMatcher(body={"contact_id": "a"}), FakeRequest(body_attributes={"group_id": "a"}), False),
        (RequestMatcher("createConversation", "POST", "/v1/*", {"q": "1"}, {"b": "2"}), CREATE, False),
        (
            RequestMatcher("createConversation", "POST", "/v1/*", {"q": "1"}, {"b": "2"}),
            FakeRequest(query_attributes={"q": "1"}, body_attributes={"b": "2"}),
            True,
        ),
    ],
)
def test_matcher_requires_all_its_conditions(
    matcher: RequestMatcher, request_: FakeRequest, matches: bool
) -> None:
    assert matcher.matches(request_) is matches
    assert (matcher.mismatch(request_) is None) is matches


@pytest.mark.parametrize(
    ("matcher", "request_", "reason"),
    [
        (RequestMatcher(operation="listConversations"), CREATE, ("operation", ("listConversations",))),
        (RequestMatcher(method="GET"), CREATE, ("method", ("GET",))),
        (RequestMatcher(path="/v1/x*"), CREATE, ("path", ("/v1/x*",))),
        (RequestMatcher(query={"a": "1"}), CREATE, ("query", ("a", "1", None))),
        (
            RequestMatcher(query={"a": "1", "b": "2"}),
            FakeRequest(query_attributes={"a": "1", "b": "3"}),
            ("query", ("b", "2", "another")),
        ),
        (RequestMatcher(body={"a": ""}), CREATE, ("body", ("a", "", None))),
        (
            RequestMatcher(body={"a": "1"}),
            FakeRequest(body_attributes={"a": ""}),
            ("body", ("a", "1", "another")),
        ),
        (RequestMatcher("x", "GET", "/", {"a": "1"}, {"b": "2"}), CREATE, ("operation", ("x",))),
        (RequestMatcher(None, "GET", "/", {"a": "1"}, {"b": "2"}), CREATE, ("method", ("GET",))),
        (RequestMatcher(path="/" + "a" * 300), CREATE, ("path", ("/" + "a" * 79,))),
        (RequestMatcher(query={"a" * 300: "b" * 300}), CREATE, ("query", ("a" * 80, "b" * 80, None))),
        (RequestMatcher(operation="createConversation"), CREATE, None),
    ],
)
def test_mismatch_is_the_first_condition_that_is_not_met(
    matcher: RequestMatcher, request_: FakeRequest, reason: object
) -> None:
    assert matcher.mismatch(request_) == reason
    assert matcher.matches(request_) is (reason is None)
