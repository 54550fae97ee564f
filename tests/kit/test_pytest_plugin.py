"""The pytest plugin, in test suites of others."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from protocol_sandbox import Server
from tests.kit.processes import descendants, wait_for_end
from tests.kit.suite import PYTEST, PYTHON_M_PYTEST, Suite
from tests.live.server import TIMEOUT_SECONDS, wait_until

XDIST = ("-n", "2")
WORKERS = pytest.mark.parametrize("workers", [(), XDIST], ids=["one-process", "two-workers"])


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Return an empty test suite."""
    return Suite(tmp_path)


@pytest.mark.parametrize(
    ("command", "path", "workers"),
    [
        (PYTEST, None, ()),
        (PYTHON_M_PYTEST, None, XDIST),
        (PYTEST, ".", XDIST),
        (PYTHON_M_PYTEST, ".", ()),
    ],
    ids=["pytest", "python-m-pytest", "pytest-with-path", "python-m-pytest-with-path"],
)
def test_plugin_works_beside_a_folder_named_sandbox(
    suite: Suite, command: tuple[str, ...], path: str | None, workers: tuple[str, ...]
) -> None:
    suite.write("sandbox/__init__.py", "MINE = True")
    suite.write(
        "test_it.py",
        """
from client import call
import sandbox as mine

def test_it(sandbox):
    assert mine.MINE
    assert call(sandbox) == 200
    sandbox.received("listConversations", times=1)
""",
    )
    outcome = suite.run(*workers, command=command, variables={} if path is None else {"PYTHONPATH": path})
    assert outcome.counts() == {"passed": 1}, outcome.output


@pytest.mark.parametrize("order", [1, 2])
def test_two_hundred_tests_on_two_workers_pass_in_any_order_without_a_reset(suite: Suite, order: int) -> None:
    suite.write(
        "conftest.py",
        f"""
import random, sys, pathlib
sys.path.insert(0, str(pathlib.Path(__file__).parent))

def pytest_collection_modifyitems(items):
    random.Random({order}).shuffle(items)
""",
    )
    suite.write(
        "test_it.py",
        """
import os, pathlib
import pytest
from client import call

@pytest.mark.parametrize("number", range(200))
def test_it(sandbox, number):
    with open("servers", "a") as file:
        file.write(sandbox.url + "\\n")
    if number % 2:
        sandbox.fail("createConversation", times=1)
        assert call(sandbox, contact_id="a") == 503
    sandbox.clock.freeze(number)
    assert call(sandbox, contact_id=f"contact-{number}") == 201
    assert len(sandbox.state()["conversations"]) == 1
    sandbox.received("createConversation", times=1 + number % 2)
""",
    )
    strict = ("--sandbox-strict-worlds",) * (order - 1)
    outcome = suite.run(*XDIST, "--sandbox-scenario", "blank", *strict)
    assert outcome.counts() == {"passed": 200}, outcome.output
    servers = (suite.folder / "servers").read_text().splitlines()
    assert len(servers) == 200
    assert len(set(servers)) == 1


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_end_of_the_controller_leaves_no_process_behind(suite: Suite, sign: signal.Signals) -> None:
    suite.write(
        "test_it.py",
        """
import pathlib, time
import pytest

@pytest.mark.parametrize("number", range(100))
def test_it(sandbox, number):
    sandbox.state()
    pathlib.Path(f"ran-{number}").touch()
    time.sleep(0.1)
""",
    )
    with subprocess.Popen(
        [*suite.command(), *XDIST],
        cwd=suite.folder,
        env=suite.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as controller:
        wait_until(lambda: len(list(suite.folder.glob("ran-*"))) > 2)
        processes = descendants(controller.pid)
        assert len(processes) == 4  # two workers, and gunicorn's arbiter and worker
        controller.send_signal(sign)
        controller.wait(TIMEOUT_SECONDS)
    wait_for_end(*processes)


@WORKERS
def test_suite_without_a_sandbox_loads_nothing_and_starts_nothing(
    suite: Suite, workers: tuple[str, ...]
) -> None:
    suite.write(
        "conftest.py",
        """
import pathlib, sys, subprocess

def pytest_unconfigure(config):
    kind = "worker" if hasattr(config, "workerinput") else "main"
    loaded = sorted(name for name in sys.modules if name.startswith("protocol_sandbox"))
    pathlib.Path(f"loaded-{kind}").write_text(" ".join(loaded))
""",
    )
    suite.write("test_it.py", "def test_it():\n    pass\n")
    assert suite.run(*workers).counts() == {"passed": 1}
    small = "protocol_sandbox protocol_sandbox.pytest_plugin"
    main = (suite.folder / "loaded-main").read_text()
    if workers:
        assert (suite.folder / "loaded-worker").read_text() == small
        main = main.replace("protocol_sandbox.errors ", "").replace(" protocol_sandbox.shared_server", "")
    assert main == small


FAILING = """
import pytest
from client import call

def test_call(sandbox):
    call(sandbox, contact_id="WAz8eIbvDR60rouK")
    call(sandbox, "/v1/nothing")
    assert False

@pytest.fixture
def broken(sandbox):
    call(sandbox)
    raise ValueError

def test_setup(broken):
    pass

def test_silent(sandbox):
    sandbox.received("createConversation")

def test_passes(sandbox):
    call(sandbox, contact_id="passes")

def test_without():
    assert False
"""


@WORKERS
def test_report_of_a_failed_test_has_its_calls(suite: Suite, workers: tuple[str, ...]) -> None:
    suite.write("test_it.py", FAILING)
    outcome = suite.run(*workers)
    assert outcome.counts() == {"passed": 1, "failed": 3, "error": 1}, outcome.output
    output = outcome.output
    assert "sandbox calls (call)" in output
    assert "1. POST /v1/conversations 201\n   contact_id=WAz8eIbvDR60rouK\n2. GET /v1/nothing 404\n" in output
    assert output.count("1. GET /v1/conversations 200") == 1
    assert output.count("sandbox calls (setup)") == 1
    assert "createConversation was not received." in output
    assert output.count("\nThe sandbox received no calls.") == 1
    assert "contact_id=passes" not in output
    assert "received.py" not in output, "the traceback shows the code of the kit"


def test_report_says_where_the_server_is_gone(suite: Suite) -> None:
    suite.write(
        "test_it.py",
        """
def test_it(sandbox, sandbox_server):
    sandbox_server.stop()
    assert False
""",
    )
    outcome = suite.run()
    assert outcome.counts() == {"failed": 1}
    assert "The calls are not known: http://127.0.0.1:" in outcome.output


MARKED = """
import pytest
from client import call

pytestmark = pytest.mark.sandbox(scenario="documented", seed=5)

def size(sandbox):
    return len(sandbox.state()["conversations"])

def test_module(sandbox):
    assert (size(sandbox), sandbox.state()["seed"]) == (2, 5)

@pytest.mark.sandbox(scenario="default")
def test_nearest_decides(sandbox):
    assert (size(sandbox), sandbox.state()["seed"]) == (120, 5)

@pytest.mark.sandbox(faults={"fault": {"type": "status", "status": 418}})
def test_one_fault(sandbox):
    assert call(sandbox) == 418

FAULTS = [{"times": 1, "fault": {"type": "status", "status": status}} for status in (500, 501)]

@pytest.mark.sandbox(seed=0, faults=FAULTS)
def test_faults(sandbox):
    assert [call(sandbox) for _ in range(3)] == [500, 501, 200]
    assert sandbox.state()["seed"] == 0

def test_further_sandboxes(sandbox, sandbox_server):
    other = sandbox_server.world(scenario="blank")
    assert (size(sandbox), size(other)) == (2, 0)
"""


def test_marker_gives_scenario_seed_and_faults(suite: Suite) -> None:
    suite.write("test_it.py", MARKED)
    outcome = suite.run()
    assert outcome.counts() == {"passed": 5}, outcome.output
    assert "@pytest.mark.sandbox(scenario=" in suite.run("--markers").output


MISTAKES = {
    "senario='blank'": "@pytest.mark.sandbox takes scenario=, seed= and faults=, not senario",
    "'blank'": "@pytest.mark.sandbox takes scenario=, seed= and faults=, not 'blank'",
    "scenario='nowhere'": 'protocol-sandbox: There is no scenario "nowhere"',
    "faults=[{'times': 0}]": "protocol-sandbox: times must be",
}


def test_mistakes_in_a_marker_are_explained_without_a_traceback(suite: Suite) -> None:
    tests = [
        f"@pytest.mark.sandbox({arguments})\ndef test_{number}(sandbox):\n    pass\n"
        for number, arguments in enumerate(MISTAKES)
    ]
    suite.write("test_it.py", "\n".join(["import pytest", *tests]))
    outcome = suite.run()
    assert outcome.counts() == {"error": len(MISTAKES)}, outcome.output
    for said in MISTAKES.values():
        assert f"\n{said}" in outcome.output
    assert "Traceback" not in outcome.output
    assert "pytest_plugin.py" not in outcome.output


SHOWN = """
def test_it(sandbox, sandbox_server):
    state = sandbox.state()
    on = sandbox_server.health()["on"]
    print(f"found {len(state['conversations'])} {state['seed']} {on}")
"""


@pytest.mark.parametrize(
    ("configuration", "arguments", "found"),
    [
        ("", "", "found 120 1 []"),
        ("sandbox_scenario = documented\nsandbox_seed = 4", "", "found 2 4 []"),
        (
            "sandbox_scenario = documented\nsandbox_seed = 4",
            "--sandbox-scenario=blank --sandbox-seed=5",
            "found 0 5 []",
        ),
        ("sandbox_settings =\n  lenient=true\n  scenario=blank", "", "found 0 1 ['lenient (unknown"),
        (
            "sandbox_settings = latency=1\nsandbox_strict_worlds = true",
            "--sandbox-setting=latency=2",
            "found 120 1 ['strict worlds (only declared ones are served)', 'latency 2 ms']",
        ),
        ("", "--sandbox-scenario ./mine.json --sandbox-setting max-body-bytes=9", "found 1 1 []"),
    ],
)
def test_options_configure_the_server(suite: Suite, configuration: str, arguments: str, found: str) -> None:
    suite.write("pytest.ini", f"[pytest]\n{configuration}\n")
    suite.write("mine.json", '{"description": "One", "conversations": [{"contact_id": "a"}]}')
    suite.write("test_it.py", SHOWN)
    outcome = suite.run("-s", *arguments.split())
    assert found in outcome.output


def test_options_are_read_from_pyproject_toml(suite: Suite) -> None:
    (suite.folder / "pytest.ini").unlink()
    suite.write(
        "pyproject.toml",
        '[tool.pytest.ini_options]\nsandbox_scenario = "blank"\nsandbox_settings = ["lenient=true"]\n',
    )
    suite.write("test_it.py", SHOWN)
    assert "found 0 1 ['lenient" in suite.run("-s").output


@WORKERS
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "prot=1",
            "protocol-sandbox: SANDBOX_PROT is not a setting of protocol-sandbox; did you mean SANDBOX_PORT?",
        ),
        ("lenient", 'protocol-sandbox: A setting must be like max_body_bytes=100, not "lenient".'),
    ],
)
def test_mistake_in_a_setting_is_explained_in_each_test(
    suite: Suite, setting: str, said: str, workers: tuple[str, ...]
) -> None:
    suite.write("test_it.py", "def test_one(sandbox):\n    pass\n\ndef test_other(sandbox):\n    pass\n")
    outcome = suite.run(*workers, "--sandbox-setting", setting)
    assert outcome.counts() == {"error": 2}
    assert outcome.output.count(f"\n{said}") == 2


@pytest.mark.parametrize(("is_variable", "workers"), [(False, ()), (True, XDIST)], ids=["option", "variable"])
def test_server_that_is_running_already_is_used(
    suite: Suite, kit_server: Server, workers: tuple[str, ...], is_variable: bool
) -> None:
    suite.write(
        "test_it.py",
        f"""
from client import call

def test_it(sandbox):
    assert sandbox.url == "{kit_server.url}"
    assert call(sandbox) == 200
    assert (len(sandbox.state()["conversations"]), sandbox.state()["seed"]) == (0, 9)
""",
    )
    variables = {"SANDBOX_URL": kit_server.url} if is_variable else {}
    option = () if is_variable else ("--sandbox-url", kit_server.url)
    wanted = ("--sandbox-scenario=blank", "--sandbox-seed=9")
    outcome = suite.run(*workers, *option, *wanted, variables=variables)
    assert outcome.counts() == {"passed": 1}, outcome.output
    assert kit_server.health()["status"] == "ok"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--sandbox-setting", "latency=1", "--sandbox-strict-worlds"),
            "takes no settings from a test run: strict_worlds=true, latency=1",
        ),
        (("--sandbox-seed", "lucky"), 'The seed must be an integer, not "lucky".'),
    ],
)
def test_options_that_a_running_server_cannot_take_are_explained(
    suite: Suite, kit_server: Server, arguments: tuple[str, ...], said: str
) -> None:
    suite.write("test_it.py", "def test_it(sandbox):\n    pass\n")
    outcome = suite.run("--sandbox-url", kit_server.url, *arguments)
    assert outcome.counts() == {"error": 1}
    assert said in outcome.output


def test_tests_of_the_plugin_run_beside_the_plugin(request: pytest.FixtureRequest) -> None:
    """An environment that was installed before the plugin existed has no entry point for it."""
    assert request.config.pluginmanager.hasplugin("protocol_sandbox"), "install the project again"
    assert os.environ.get("SANDBOX_URL") is None
