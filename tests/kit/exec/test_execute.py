"""``protocol-sandbox exec``, from its start to its reports."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from protocol_sandbox import StartError
from protocol_sandbox.exec import Reports, execute
from tests.kit.processes import descendants, session_of, wait_for_end
from tests.kit.suite import measured_environment
from tests.live.server import SCRIPTS, TIMEOUT_SECONDS, wait_until

EXEC = (f"{SCRIPTS}/protocol-sandbox", "exec")
CLIENT = """
import os, urllib.request
base, token = os.environ["PROTOCOL_API_BASE"], os.environ["SANDBOX_TOKEN"]
assert base == os.environ["SANDBOX_URL"] + "/v1"

def call(path, data=None, token=token, **headers):
    headers["Authorization"] = "Bearer " + token
    request = urllib.request.Request(base + path, data, headers)
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code

assert call("/conversations", b"contact_id=a") == 201
assert call("/conversations", token="other") == 200
reset = urllib.request.Request(
    os.environ["SANDBOX_URL"] + "/__admin/reset?all=true", b"{}", {"Content-Type": "application/json"}
)
assert urllib.request.urlopen(reset).status == 200
assert call("/conversations/none") == 404
assert call("/conversations", Prefer="code=503, delay=1") == 503
print("the output of the command")
"""


def run(*arguments: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run ``protocol-sandbox exec`` until it ends."""
    return subprocess.run(
        [*EXEC, *arguments],
        cwd=folder,
        env=measured_environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def test_calls_of_all_tokens_are_evaluated_whatever_is_reset(tmp_path: Path) -> None:
    reports = ("--junit", "junit.xml", "--journal", "calls.har", "--fail-under", "5")
    done = run(*reports, "--scenario", "blank", "--", sys.executable, "-c", CLIENT, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the output of the command\n"
    lines = done.stderr.splitlines()
    assert lines[0].startswith("protocol-sandbox: 4 calls, 4 of ")
    said = {line.split()[0]: line for line in lines[1:]}
    assert " 201; never 400, " in said["createConversation"]
    assert " 200, 503; never " in said["listConversations"]
    assert " 404; never 200, " in said["retrieveConversation"]
    assert said["deleteConversation"].endswith("never called")
    assert " status, delay; never " in said["faults"]
    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]
    assert suite.get("failures") == "0"
    assert len(suite.findall("testcase")) - len(suite.findall("testcase/skipped")) == 4 + 2 + 1
    entries = json.loads((tmp_path / "calls.har").read_text())["log"]["entries"]
    assert [entry["response"]["status"] for entry in entries] == [201, 200, 404, 503]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["calls.har", "junit.xml"]


@pytest.mark.parametrize(
    ("command", "fail_under", "status"),
    [("exit 0", "0", 0), ("exit 0", "1", 1), ("exit 7", "100", 7), ("kill -TERM $$", "100", -signal.SIGTERM)],
)
def test_exit_status_is_that_of_the_command_and_then_of_the_gate(
    tmp_path: Path, command: str, fail_under: str, status: int
) -> None:
    done = run("--fail-under", fail_under, "--", "sh", "-c", command, folder=tmp_path)
    assert done.returncode == status
    assert ("coverage is 0%, below " in done.stderr) == (fail_under != "0")


@pytest.mark.parametrize(
    ("report", "path", "reason"),
    [
        ("--journal", "/dev/full", "No space left on device"),
        ("--junit", "/dev/full", "No space left on device"),
    ],
)
def test_report_that_cannot_be_written_fails_the_run(
    tmp_path: Path, report: str, path: str, reason: str
) -> None:
    done = run(report, path, "--", "true", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"protocol-sandbox: {path}: {reason}"


@pytest.mark.parametrize("report", ["--journal", "--junit"])
@pytest.mark.parametrize(
    ("path", "reason"), [("no/folder/report", "No such file or directory"), (".", "Is a directory")]
)
def test_report_that_cannot_be_written_is_refused_before_the_command_starts(
    tmp_path: Path, report: str, path: str, reason: str
) -> None:
    done = run(report, path, "--", "touch", "started", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"protocol-sandbox: {path}: {reason}\n"
    assert list(tmp_path.iterdir()) == []


def test_reports_of_a_command_that_does_not_start_are_left_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text("the last report")
    done = run("--junit", "junit.xml", "--journal", "calls.har", "no-such-program", folder=tmp_path)
    assert done.returncode == 127
    assert [each.name for each in tmp_path.iterdir()] == ["junit.xml"]
    assert (tmp_path / "junit.xml").read_text() == "the last report"


def test_report_may_be_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        done = run("--journal", "pipe", "--", "true", folder=tmp_path)
        assert reader.stdout is not None
        assert json.loads(reader.stdout.read())["log"]["entries"] == []
    assert done.returncode == 0, done.stderr


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    done = run("--quiet", "true", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--", "no-such-program"], 127, "protocol-sandbox: The command no-such-program was not found."),
        (["--scenario", "nowhere", "true"], 2, 'protocol-sandbox: There is no scenario "nowhere"'),
        (["--port", "x", "true"], 2, 'protocol-sandbox: --port must be an integer from 0 to 65535, not "x".'),
        (["--fail-under", "101", "true"], 2, "protocol-sandbox: Invalid value for '--fail-under'"),
        (["--host", "0.0.0.0", "true"], 2, "protocol-sandbox: The control API is closed"),
        (["--max-body-bytes", "1", "true"], 2, "protocol-sandbox: The body is larger than 1 byte; start"),
        (["--parent-pipe", "1", "true"], 2, "protocol-sandbox: No such option"),
        ([], 2, "protocol-sandbox: Missing argument"),
    ],
)
def test_mistakes_are_refused_in_one_line(
    tmp_path: Path, arguments: list[str], status: int, said: str
) -> None:
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == status
    (line,) = done.stderr.splitlines()
    assert line.startswith(said)


def test_settings_are_flags_and_variables_but_for_the_port(tmp_path: Path) -> None:
    command = """
import os
from protocol_sandbox import RunningServer
url = os.environ["SANDBOX_URL"]
assert not url.endswith(":1") and os.environ["SANDBOX_SCENARIO"] == "blank"
server = RunningServer(url)
assert "strict worlds" in server.health()["on"][0]
assert server.world().state()["seed"] == 4
headers = {"Authorization": "Bearer " + os.environ["SANDBOX_TOKEN"]}
import urllib.request
assert urllib.request.urlopen(urllib.request.Request(url + "/v1/conversations", headers=headers)).status == 200
"""
    flags = ("--seed", "4", "--strict-worlds")
    variables = {"SANDBOX_PORT": "1", "SANDBOX_SCENARIO": "blank"}
    done = run(*flags, sys.executable, "-c", command, folder=tmp_path, **variables)
    assert done.returncode == 0, done.stderr


def test_exec_may_run_another_one(tmp_path: Path) -> None:
    assert run("--quiet", "--", *EXEC, "--quiet", "--", "sh", "-c", "exit 9", folder=tmp_path).returncode == 9


def test_server_that_does_not_start_is_an_error() -> None:
    with pytest.raises(StartError, match="nowhere"):
        execute(["true"], {"scenario": "nowhere"}, Reports())


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_end_by_a_signal_leaves_no_server_behind(tmp_path: Path, sign: signal.Signals) -> None:
    command = ["sh", "-c", "echo $$ > started; mv started ready; while :; do sleep 0.1; done"]
    with subprocess.Popen(
        [*EXEC, "--", *command], cwd=tmp_path, env=measured_environment(), stderr=subprocess.DEVNULL
    ) as process:
        wait_until((tmp_path / "ready").exists)
        leader = int((tmp_path / "ready").read_text())
        pids = descendants(process.pid)
        assert leader in pids
        servers = [pid for pid in pids if pid in session_of(pid)]
        assert servers
        process.send_signal(sign)
        assert process.wait(TIMEOUT_SECONDS) == -sign
        if sign == signal.SIGKILL:  # nobody can pass that on
            os.killpg(leader, signal.SIGKILL)
    wait_for_end(*pids)
