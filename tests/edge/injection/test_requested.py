"""Faults that the call itself requests."""

from collections.abc import Callable

import pytest

from tests.faults.harness import COLLECTION, CREATE, ITEM, Harness

Check = Callable[..., str]


@pytest.fixture
def harness() -> Harness:
    return Harness()


@pytest.mark.parametrize(
    ("prefer", "status", "slept", "applied"),
    [
        ("code=503", 503, [], "code=503"),
        ("delay=250", 200, [0.25], "delay=250"),
        ("code=503, delay=250", 503, [0.25], "code=503, delay=250"),
        ("delay=250,code=503", 503, [0.25], "delay=250, code=503"),
        ("Code=503", 503, [], "code=503"),
        ('code="503"', 503, [], "code=503"),
        (" code = 503 ", 503, [], "code=503"),
        ("delay=0", 200, [], "delay=0"),
        ("delay=300000", 200, [300.0], "delay=300000"),
        ("fault=malformed_json", 200, [], "fault=malformed_json"),
        ("respond-async, code=503, wait=10", 503, [], "code=503"),
        ("code=503, code=500", 503, [], "code=503"),
        ("delay=5, code=503, delay=9000", 503, [0.005], "delay=5, code=503"),
    ],
)
def test_preference_is_applied_and_confirmed(
    harness: Harness, prefer: str, status: int, slept: list[float], applied: str
) -> None:
    response = harness.call(headers={"Prefer": prefer})
    assert response.status_code == status
    assert harness.slept == slept
    assert response.headers["Preference-Applied"] == applied
    assert response.headers["X-Sandbox-Rule"] == "header"
    assert harness.entry()["rule"] == "header"


@pytest.mark.parametrize(
    "prefer",
    [
        "",
        "respond-async",
        "return=minimal",
        "wait=10, handling=lenient",
        "codes=503",
        "x-code=503",
        'note="a, code=503, b"',
        "return=representation; foo=bar",
        ",,;;=,",
    ],
)
def test_other_preferences_are_ignored(harness: Harness, prefer: str) -> None:
    response = harness.call(headers={"Prefer": prefer})
    assert response.status_code == 200
    assert not [name for name, _ in response.headers if name.startswith(("X-Sandbox", "Preference"))]
    assert harness.entry()["rule"] is None


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("code=200", 'code must be an integer from 400 to 599, not "200"'),
        ("code=600", "code must be an integer from 400 to 599"),
        ("code=soon", 'code must be an integer from 400 to 599, not "soon"'),
        ("code", 'code must be an integer from 400 to 599, not ""'),
        ("code=", 'code must be an integer from 400 to 599, not ""'),
        ("code=5_03", "code must be"),
        ("code=\u0665\u0660\u0663", "code must be"),
        ("delay=-1", "delay must be an integer from 0 to 300000"),
        ("delay=300001", "delay must be an integer from 0 to 300000"),
        ("delay=1.5", "delay must be an integer from 0 to 300000"),
        ("delay=" + "9" * 5000, "delay must be an integer from 0 to 300000"),
        ("fault=none", "fault must be one of malformed_json, wrong_content_type, hang, EMPTY_RESPONSE"),
        ("fault=status", "fault must be one of"),
        ("fault=truncate", "fault must be one of"),
        ("fault=", "fault must be one of"),
    ],
    ids=lambda part: part[:30],
)
@pytest.mark.parametrize("source", ["header", "query"])
def test_invalid_value_is_refused_and_the_call_is_not_executed(
    harness: Harness, assert_error_shape: Check, source: str, setting: str, expected: str
) -> None:
    before = harness.ids()
    if source == "header":
        response = harness.create(headers={"Prefer": setting.encode().decode("latin-1")})
        assert_error_shape(response, 400, "Prefer: " + expected)
        assert "Preference-Applied" not in response.headers
    else:
        response = harness.call("POST", f"{COLLECTION}?__{setting}", json=CREATE)
        assert_error_shape(response, 400, "__" + expected)
    assert harness.ids() == before


@pytest.mark.parametrize(
    ("query", "status", "slept"),
    [
        ("__code=503", 503, []),
        ("__delay=250", 200, [0.25]),
        ("limit=1&__code=503&__delay=250", 503, [0.25]),
        ("__delay=250&limit=1", 200, [0.25]),
        ("__fault=malformed_json", 200, []),
        ("%5F%5Fcode=503", 503, []),
    ],
)
def test_query_attributes_work_like_preferences(
    harness: Harness, query: str, status: int, slept: list[float]
) -> None:
    response = harness.call(url=f"{COLLECTION}?{query}")
    assert response.status_code == status
    assert harness.slept == slept
    assert "Preference-Applied" not in response.headers
    assert response.headers["X-Sandbox-Rule"] == "query"
    if "limit=1" in query and status == 200:
        assert len(response.get_json()["data"]) == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("__cod=503", ("__cod is not known", "__code, __delay, __fault")),
        ("__=1", ("__ is not known",)),
        ("__code=503&__code=500", ("__code is given twice",)),
        ("__Code=503", ("__Code is not known",)),
    ],
)
def test_unknown_reserved_query_attribute_is_refused(
    harness: Harness, assert_error_shape: Check, query: str, expected: tuple[str, ...]
) -> None:
    assert_error_shape(harness.call(url=f"{COLLECTION}?{query}"), 400, *expected)


def test_underscores_elsewhere_in_a_query_have_no_meaning(
    harness: Harness, assert_error_shape: Check
) -> None:
    assert harness.call(url=f"{COLLECTION}?group_id=a__code").status_code == 200
    assert_error_shape(harness.call(url=f"{COLLECTION}?a__code=503"), 400, "a__code")


def test_requested_status_works_for_every_operation_and_changes_nothing(harness: Harness) -> None:
    before = harness.call("GET", "/__admin/state").get_json()
    for method, url in (
        ("GET", COLLECTION),
        ("HEAD", COLLECTION),
        ("POST", COLLECTION),
        ("GET", ITEM),
        ("PUT", ITEM),
        ("DELETE", ITEM),
        ("PATCH", ITEM),
        ("GET", "/v1/nothing"),
    ):
        assert harness.call(method, url, headers={"Prefer": "code=503"}).status_code == 503
        assert harness.call(method, f"{url}?__code=503").status_code == 503
    assert harness.call("GET", "/__admin/state").get_json() == before


def test_delayed_call_is_executed(harness: Harness) -> None:
    before = harness.ids()
    response = harness.create(headers={"Prefer": "delay=100"})
    assert response.status_code == 201
    assert harness.ids() == [response.get_json()["id"], *before]


@pytest.mark.parametrize("status", [400, 401, 404, 418, 429, 500, 503, 599])
def test_id_can_trigger_a_status(harness: Harness, assert_error_shape: Check, status: int) -> None:
    before = harness.ids()
    name = f"trigger_{status}"
    for response in (
        harness.call("POST", COLLECTION, json={"contact_id": name}),
        harness.call("POST", COLLECTION, data={"contact_id": name}),
        harness.call("POST", COLLECTION, data={"contact_id": name}, content_type="multipart/form-data"),
        harness.call("GET", f"{COLLECTION}/{name}"),
        harness.call("PUT", f"{COLLECTION}/{name}", json={"is_muted": True}),
        harness.call("DELETE", f"{COLLECTION}/{name}"),
    ):
        assert_error_shape(response, status)
        assert response.headers["X-Sandbox-Rule"] == "data"
        assert response.headers["X-Sandbox-Fault"] == "status"
    assert harness.ids() == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"contact_id": "trigger\\u005f503"}', "application/json"),
        (b"contact_id=trigger%5F503", "application/x-www-form-urlencoded"),
    ],
)
def test_trigger_may_be_encoded(harness: Harness, body: bytes, content_type: str) -> None:
    assert harness.call("POST", COLLECTION, data=body, content_type=content_type).status_code == 503


@pytest.mark.parametrize(("name", "seconds"), [("trigger_delay_250", 0.25), ("trigger_delay_999999", 300.0)])
def test_id_can_trigger_a_delay_of_an_executed_call(harness: Harness, name: str, seconds: float) -> None:
    response = harness.call("POST", COLLECTION, json={"contact_id": name})
    assert (response.status_code, response.get_json()["contact_id"]) == (201, name)
    assert harness.call("GET", f"{COLLECTION}/{name}").status_code == 404
    assert harness.slept == [seconds, seconds]


def test_id_can_trigger_a_reset_and_a_hang(harness: Harness) -> None:
    before = harness.ids()
    assert isinstance(
        harness.served("POST", COLLECTION, json={"contact_id": "trigger_reset"}).ended, ConnectionResetError
    )
    assert isinstance(harness.served("GET", f"{COLLECTION}/trigger_hang").ended, BrokenPipeError)
    assert harness.slept == [300.0]
    assert harness.ids() == before


@pytest.mark.parametrize(
    "name",
    [
        "trigger_200",
        "trigger_600",
        "trigger_50",
        "trigger_5033",
        "trigger_",
        "trigger_resets",
        "trigger_delay_",
        "trigger_delay_1234567",
        "Trigger_503",
        "a_trigger_503",
        "trigger_503_",
    ],
)
def test_similar_id_is_not_a_trigger(harness: Harness, name: str) -> None:
    assert harness.call("POST", COLLECTION, json={"contact_id": name}).status_code == 201
    assert harness.call("GET", f"{COLLECTION}/{name}").status_code == 404


def test_only_contact_and_conversation_ids_are_triggers(harness: Harness) -> None:
    assert harness.call("POST", COLLECTION, json={"group_id": "trigger_503"}).status_code == 201
    assert harness.call("GET", f"{COLLECTION}?group_id=trigger_503").status_code == 200
    assert harness.call("PUT", ITEM, json={"pinned_message_id": "trigger_503"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_revoked_token_is_refused_for_every_method(harness: Harness, method: str) -> None:
    url = COLLECTION if method == "POST" else ITEM
    response = harness.call(method, url, token="revoked_abc")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["X-Sandbox-Rule"] == "data"
    if method != "HEAD":
        assert "revoked" in response.get_json()["message"]


def test_read_only_token_may_read_and_not_write(harness: Harness, assert_error_shape: Check) -> None:
    token = "readonly_abc"
    for url in (COLLECTION, ITEM):
        for method in ("GET", "HEAD"):
            assert harness.call(method, url, token).status_code == 200
    before = harness.ids(token)
    for method, url in (("POST", COLLECTION), ("PUT", ITEM), ("DELETE", ITEM)):
        assert_error_shape(harness.call(method, url, token, json={}), 403, "only read")
    assert harness.ids(token) == before


def test_read_only_token_gets_404_for_an_unknown_resource(harness: Harness) -> None:
    for url in ("/v1/nothing", COLLECTION + "/nope"):
        assert harness.call("GET", url, "readonly_abc").status_code == 404


@pytest.mark.parametrize("token", ["revoked", "readonly", "Revoked_a", "a_revoked_a", "xreadonly_a"])
def test_similar_token_has_full_access(harness: Harness, token: str) -> None:
    assert harness.create(token).status_code == 201


def test_trigger_in_an_undecodable_body_is_ignored(harness: Harness, assert_error_shape: Check) -> None:
    undecodable = b'{"contact_id": "trigger_503"'
    response = harness.call("POST", COLLECTION, data=undecodable, content_type="application/json")
    assert_error_shape(response, 400, "JSON")
