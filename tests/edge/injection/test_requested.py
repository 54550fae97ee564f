"""Faults that the call itself asks for."""

from collections.abc import Callable

import pytest

from tests.faults.harness import COLLECTION, CREATE, ITEM, Harness

Check = Callable[..., str]


@pytest.fixture
def bench() -> Harness:
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
def test_a_preference_is_met_and_said_to_be(
    bench: Harness, prefer: str, status: int, slept: list[float], applied: str
) -> None:
    answer = bench.call(headers={"Prefer": prefer})
    assert answer.status_code == status
    assert bench.slept == slept
    assert answer.headers["Preference-Applied"] == applied
    assert answer.headers["X-Sandbox-Rule"] == "header"
    assert bench.entry()["rule"] == "header"


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
def test_preferences_of_others_are_ignored(bench: Harness, prefer: str) -> None:
    answer = bench.call(headers={"Prefer": prefer})
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.startswith(("X-Sandbox", "Preference"))]
    assert bench.entry()["rule"] is None


@pytest.mark.parametrize(
    ("wish", "said"),
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
@pytest.mark.parametrize("way", ["header", "query"])
def test_a_wish_that_cannot_be_right_is_refused_and_nothing_is_done(
    bench: Harness, assert_error_shape: Check, way: str, wish: str, said: str
) -> None:
    before = bench.ids()
    if way == "header":
        answer = bench.create(headers={"Prefer": wish.encode().decode("latin-1")})
        assert_error_shape(answer, 400, "Prefer: " + said)
        assert "Preference-Applied" not in answer.headers
    else:
        answer = bench.call("POST", f"{COLLECTION}?__{wish}", json=CREATE)
        assert_error_shape(answer, 400, "__" + said)
    assert bench.ids() == before


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
def test_the_twins_in_the_query_do_the_same(
    bench: Harness, query: str, status: int, slept: list[float]
) -> None:
    answer = bench.call(url=f"{COLLECTION}?{query}")
    assert answer.status_code == status
    assert bench.slept == slept
    assert "Preference-Applied" not in answer.headers
    assert answer.headers["X-Sandbox-Rule"] == "query"
    if "limit=1" in query and status == 200:
        assert len(answer.get_json()["data"]) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("__cod=503", ("__cod is not known", "__code, __delay, __fault")),
        ("__=1", ("__ is not known",)),
        ("__code=503&__code=500", ("__code is given twice",)),
        ("__Code=503", ("__Code is not known",)),
    ],
)
def test_names_of_the_sandbox_that_it_does_not_know_are_refused(
    bench: Harness, assert_error_shape: Check, query: str, said: tuple[str, ...]
) -> None:
    assert_error_shape(bench.call(url=f"{COLLECTION}?{query}"), 400, *said)


def test_two_underscores_elsewhere_in_a_query_mean_nothing(bench: Harness, assert_error_shape: Check) -> None:
    assert bench.call(url=f"{COLLECTION}?group_id=a__code").status_code == 200
    assert_error_shape(bench.call(url=f"{COLLECTION}?a__code=503"), 400, "a__code")


def test_every_wish_works_with_every_operation_and_does_nothing(bench: Harness) -> None:
    before = bench.call("GET", "/__admin/state").get_json()
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
        assert bench.call(method, url, headers={"Prefer": "code=503"}).status_code == 503
        assert bench.call(method, f"{url}?__code=503").status_code == 503
    assert bench.call("GET", "/__admin/state").get_json() == before


def test_a_delayed_call_is_done(bench: Harness) -> None:
    before = bench.ids()
    answer = bench.create(headers={"Prefer": "delay=100"})
    assert answer.status_code == 201
    assert bench.ids() == [answer.get_json()["id"], *before]


@pytest.mark.parametrize("status", [400, 401, 404, 418, 429, 500, 503, 599])
def test_an_id_can_trigger_a_status(bench: Harness, assert_error_shape: Check, status: int) -> None:
    before = bench.ids()
    name = f"trigger_{status}"
    for answer in (
        bench.call("POST", COLLECTION, json={"contact_id": name}),
        bench.call("POST", COLLECTION, data={"contact_id": name}),
        bench.call("POST", COLLECTION, data={"contact_id": name}, content_type="multipart/form-data"),
        bench.call("GET", f"{COLLECTION}/{name}"),
        bench.call("PUT", f"{COLLECTION}/{name}", json={"is_muted": True}),
        bench.call("DELETE", f"{COLLECTION}/{name}"),
    ):
        assert_error_shape(answer, status)
        assert answer.headers["X-Sandbox-Rule"] == "data"
        assert answer.headers["X-Sandbox-Fault"] == "status"
    assert bench.ids() == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"contact_id": "trigger\\u005f503"}', "application/json"),
        (b"contact_id=trigger%5F503", "application/x-www-form-urlencoded"),
    ],
)
def test_an_id_triggers_however_it_is_encoded(bench: Harness, body: bytes, content_type: str) -> None:
    assert bench.call("POST", COLLECTION, data=body, content_type=content_type).status_code == 503


@pytest.mark.parametrize(("name", "seconds"), [("trigger_delay_250", 0.25), ("trigger_delay_999999", 300.0)])
def test_an_id_can_trigger_a_delay_and_the_call_is_done(bench: Harness, name: str, seconds: float) -> None:
    answer = bench.call("POST", COLLECTION, json={"contact_id": name})
    assert (answer.status_code, answer.get_json()["contact_id"]) == (201, name)
    assert bench.call("GET", f"{COLLECTION}/{name}").status_code == 404
    assert bench.slept == [seconds, seconds]


def test_an_id_can_trigger_a_reset_and_a_hang(bench: Harness) -> None:
    before = bench.ids()
    assert isinstance(
        bench.served("POST", COLLECTION, json={"contact_id": "trigger_reset"}).ended, ConnectionResetError
    )
    assert isinstance(bench.served("GET", f"{COLLECTION}/trigger_hang").ended, BrokenPipeError)
    assert bench.slept == [300.0]
    assert bench.ids() == before


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
def test_an_id_that_only_looks_like_a_trigger_is_an_id(bench: Harness, name: str) -> None:
    assert bench.call("POST", COLLECTION, json={"contact_id": name}).status_code == 201
    assert bench.call("GET", f"{COLLECTION}/{name}").status_code == 404


def test_only_contact_and_conversation_ids_trigger(bench: Harness) -> None:
    assert bench.call("POST", COLLECTION, json={"group_id": "trigger_503"}).status_code == 201
    assert bench.call("GET", f"{COLLECTION}?group_id=trigger_503").status_code == 200
    assert bench.call("PUT", ITEM, json={"pinned_message_id": "trigger_503"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_a_revoked_token_is_refused_whatever_it_asks_for(bench: Harness, method: str) -> None:
    url = COLLECTION if method == "POST" else ITEM
    answer = bench.call(method, url, token="revoked_abc")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["X-Sandbox-Rule"] == "data"
    if method != "HEAD":
        assert "revoked" in answer.get_json()["message"]


def test_a_token_may_be_one_that_only_reads(bench: Harness, assert_error_shape: Check) -> None:
    token = "readonly_abc"
    for url in (COLLECTION, ITEM):
        for method in ("GET", "HEAD"):
            assert bench.call(method, url, token).status_code == 200
    before = bench.ids(token)
    for method, url in (("POST", COLLECTION), ("PUT", ITEM), ("DELETE", ITEM)):
        assert_error_shape(bench.call(method, url, token, json={}), 403, "only read")
    assert bench.ids(token) == before


def test_a_read_of_what_is_not_there_is_no_write(bench: Harness) -> None:
    for url in ("/v1/nothing", COLLECTION + "/nope"):
        assert bench.call("GET", url, "readonly_abc").status_code == 404


@pytest.mark.parametrize("token", ["revoked", "readonly", "Revoked_a", "a_revoked_a", "xreadonly_a"])
def test_a_token_that_only_looks_alike_may_do_everything(bench: Harness, token: str) -> None:
    assert bench.create(token).status_code == 201


def test_what_data_ask_for_does_not_come_from_a_body_that_cannot_be_read(
    bench: Harness, assert_error_shape: Check
) -> None:
    broken = b'{"contact_id": "trigger_503"'
    answer = bench.call("POST", COLLECTION, data=broken, content_type="application/json")
    assert_error_shape(answer, 400, "JSON")
