"""Faults from the command line."""

import pytest

from sandbox.faults.command_line import command_line_rules
from sandbox.settings import Settings, SettingsError
from tests.faults.harness import Harness


def test_no_fault_is_on_by_default() -> None:
    settings = Settings()
    assert command_line_rules(settings.latency, settings.error_rate, settings.error_status) == []
    bench = Harness()
    for _ in range(50):
        answer = bench.call()
        assert answer.status_code == 200
        assert not [name for name, _ in answer.headers if name.startswith(("X-Sandbox", "Preference"))]
    assert bench.slept == []
    assert bench.call("GET", "/__admin/faults").get_json() == {"data": []}
    assert bench.call("GET", "/__admin/faults", None).get_json() == {"data": []}


@pytest.mark.parametrize(
    ("latency", "lowest", "highest"),
    [("200", 0.2, 0.2), ("100..400", 0.1, 0.4), ("median=80,p99=400", 0.005, 2.0)],
)
def test_latency_delays_every_call_of_every_token(latency: str, lowest: float, highest: float) -> None:
    bench = Harness(latency=latency)
    for token in ("a", "b", None):
        for _ in range(20):
            answer = bench.call(token=token)
            assert answer.status_code == (401 if token is None else 200)
            assert answer.headers["X-Sandbox-Rule"] == "command line"
            assert lowest <= bench.slept[-1] <= highest
            assert answer.headers["X-Sandbox-Delay-Ms"] == f"{bench.slept[-1] * 1000:.0f}"
    assert len(bench.slept) == 60
    assert (len(set(bench.slept)) > 1) == (lowest != highest)


def test_an_error_rate_fails_its_share_of_all_calls_and_the_same_ones_each_time() -> None:
    runs = []
    for _ in range(2):
        bench = Harness(error_rate=0.3, error_status=502)
        runs.append([bench.call(url="/v1/nothing").status_code for _ in range(300)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {404, 502}
    assert 60 < runs[0].count(502) < 120


def test_another_seed_fails_other_calls() -> None:
    runs = []
    for seed in (1, 2):
        bench = Harness(error_rate=0.3, seed=seed)
        runs.append([bench.call(url="/v1/nothing").status_code for _ in range(100)])
    assert runs[0] != runs[1]


def test_an_error_rate_of_one_fails_all_calls_and_of_zero_none() -> None:
    assert {Harness(error_rate=1.0).call().status_code for _ in range(3)} == {500}
    bench = Harness(error_rate=0.0, error_status=503)
    assert {bench.call().status_code for _ in range(30)} == {200}


def test_calls_that_fail_are_delayed_too() -> None:
    bench = Harness(latency="200", error_rate=0.5)
    statuses = {bench.call(url="/v1/nothing").status_code for _ in range(40)}
    assert statuses == {404, 500}
    assert bench.slept == [0.2] * 40


def test_a_call_that_fails_names_its_fault_and_rule() -> None:
    bench = Harness(error_rate=1.0, error_status=503)
    answer = bench.create()
    assert answer.status_code == 503
    assert answer.headers["X-Sandbox-Fault"] == "status"
    assert answer.headers["X-Sandbox-Rule"] == "command line"
    assert bench.entry()["rule"] == "command line"


def test_control_calls_documents_and_preflights_are_not_affected() -> None:
    bench = Harness(latency="200", error_rate=1.0)
    for method, url in (
        ("GET", "/__admin/health"),
        ("GET", "/__admin/faults"),
        ("GET", "/openapi.json"),
        ("OPTIONS", "/v1/conversations"),
    ):
        assert bench.call(method, url).status_code < 300
    assert bench.call(url="/docs").status_code != 500
    assert bench.slept == []


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("SANDBOX_LATENCY", "soon", "milliseconds up to 300000: 200, 100..400, or median=80,p99=400"),
        ("SANDBOX_LATENCY", "400..100", "milliseconds up to 300000"),
        ("SANDBOX_LATENCY", "median=0,p99=400", "milliseconds up to 300000"),
        ("SANDBOX_LATENCY", "median=80,sigma=1000", "milliseconds up to 300000"),
        ("SANDBOX_ERROR_RATE", "5", "a number from 0 to 1 (0.05 for 5 percent)"),
        ("SANDBOX_ERROR_RATE", "nan", "a number from 0 to 1"),
        ("SANDBOX_ERROR_RATE", "often", "a number from 0 to 1"),
        ("SANDBOX_ERROR_STATUS", "200", "an integer from 400 to 599"),
        ("SANDBOX_MAX_SLEEPERS", "0", "an integer from 1 to 1000000"),
        ("SANDBOX_MAX_RULES", "0", "an integer from 1 to 10000"),
    ],
)
def test_an_invalid_setting_is_refused_in_one_line(variable: str, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.read({variable: text})
    assert variable in refusal.value.message
    assert said in refusal.value.message
    assert "\n" not in refusal.value.message
