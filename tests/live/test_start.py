"""Start-up of the server, and refused settings."""

import json
import socket
import time
from pathlib import Path

import httpx
import pytest

from sandbox import __version__
from tests.live.conftest import StartServer
from tests.live.server import SANDBOX, free_port, run, shell

REFUSALS = [
    (["--port", "http"], {}, '--port must be an integer from 0 to 65535, not "http".'),
    (["--port", "70000"], {}, '--port must be an integer from 0 to 65535, not "70000".'),
    (["--prot", "1"], {}, "--prot"),
    (["--port", "0", "--scenario", "nowhere"], {}, "nowhere"),
    (["--scenario", ""], {}, "--scenario must be"),
    (["--host", "203.0.113.1"], {}, "--host must be an address of this machine"),
    (["--host", "no.such.name.invalid"], {}, "--host must be an address of this machine"),
    (["serve"], {}, "serve"),
    ([], {"SANDBOX_PORT": "x"}, 'SANDBOX_PORT must be an integer from 0 to 65535, not "x".'),
    (
        [],
        {"SANDBOX_PROT": "1"},
        "SANDBOX_PROT is not a setting of protocol-sandbox; did you mean SANDBOX_PORT?",
    ),
    ([], {"SANDBOX_LENIENT": "maybe"}, 'SANDBOX_LENIENT must be true or false, not "maybe".'),
    (["--workers", "2"], {}, "--workers must be 1 without --store (the state is in memory"),
    ([], {"SANDBOX_WORKERS": "2"}, "SANDBOX_WORKERS must be 1 without --store (the state is in memory"),
]


def test_banner_shows_address_scenario_and_stop_key(start: StartServer) -> None:
    server = start("--scenario", "documented", "--lenient")
    said = "\n".join(server.banner)
    assert server.banner[0] == f"protocol-sandbox {__version__} is listening on {server.address}"
    assert "scenario   documented (2 conversations" in said
    assert f"{server.address}/docs" in said
    assert "lenient" in said
    assert server.banner[-1].strip() == "Ctrl-C stops it."
    assert server.log == ""


def test_banner_shows_that_no_faults_are_on(start: StartServer) -> None:
    assert "  on         nothing (no faults, no delays)" in start().banner


@pytest.mark.needs("curl")
def test_curl_command_of_the_banner_works(start: StartServer) -> None:
    server = start()
    line = next(line for line in server.banner if "curl" in line)
    pasted = line[line.index("curl") :].replace("curl", "curl -sS", 1)
    answer = json.loads(shell(pasted))
    assert [conversation["id"] for conversation in answer["data"]] == ["xgQQXg3hrtjh7AvZ"]


@pytest.mark.needs("curl")
@pytest.mark.parametrize("flags", [[], ["--admin-token", "secret"]])
def test_curl_commands_of_the_banner_work_with_strict_worlds(start: StartServer, flags: list[str]) -> None:
    server = start("--strict-worlds", *flags)
    declaration, call = [line[line.index("curl") :] for line in server.banner if "curl" in line]
    variable = "SANDBOX_ADMIN_TOKEN=secret"
    declared = json.loads(shell(f"{variable}\n{declaration.replace('curl', 'curl -sS', 1)}"))
    assert declared["name"] == "me"
    answer = json.loads(shell(call.replace("curl", "curl -sS", 1)))
    assert [conversation["id"] for conversation in answer["data"]] == ["xgQQXg3hrtjh7AvZ"]


def test_port_0_picks_a_free_port(start: StartServer) -> None:
    first, second = start(), start()
    assert 0 < first.port != second.port > 0
    for server in (first, second):
        assert httpx.get(f"{server.address}/__admin/health").json()["status"] == "ok"


def test_given_port_is_used(start: StartServer) -> None:
    port = free_port()
    assert start("--port", str(port)).port == port
    port = free_port()
    assert start(command=[*SANDBOX], SANDBOX_PORT=str(port)).port == port


def test_server_restarts_on_the_same_port(start: StartServer) -> None:
    first = start()
    with httpx.Client(base_url=first.address) as client:
        client.get("/__admin/health")
        assert first.end() == 0
    assert start("--port", str(first.port)).port == first.port


def test_port_in_use_is_refused_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = run("--port", str(port), folder=tmp_path)
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr == (
        f"protocol-sandbox: Port {port} on 127.0.0.1 is in use; stop what uses it, or choose another with "
        "--port (0 picks a free one).\n"
    )


@pytest.mark.parametrize(("flags", "variables", "said"), REFUSALS)
def test_invalid_setting_is_refused_in_one_line(
    flags: list[str], variables: dict[str, str], said: str, tmp_path: Path
) -> None:
    refused = run(*flags, folder=tmp_path, **variables)
    assert refused.returncode == 2
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith("protocol-sandbox: ")
    assert said in line


def test_flag_overrides_variable(start: StartServer) -> None:
    server = start("--scenario", "blank", SANDBOX_SCENARIO="documented", SANDBOX_WORKERS="1")
    assert "scenario   blank" in "\n".join(server.banner)


def test_quiet_prints_nothing(start: StartServer) -> None:
    address = f"http://127.0.0.1:{(port := free_port())}"
    server = start(command=[*SANDBOX, "--port", str(port), "--quiet"], address=address)
    assert server.end() == 0
    assert server.banner == []
    assert server.log == ""


@pytest.mark.parametrize("concurrency", ["4", "auto", ""])
def test_variables_of_gunicorn_and_hosts_are_ignored(start: StartServer, concurrency: str) -> None:
    server = start(WEB_CONCURRENCY=concurrency, GUNICORN_CMD_ARGS="--workers 4 --bind 127.0.0.1:1", PORT="1")
    with httpx.Client(base_url=server.address, headers={"Authorization": "Bearer me"}) as client:
        assert server.port != 1
        made = [client.post("/v1/conversations", data={"contact_id": "a"}).json()["id"] for _ in range(20)]
    for conversation_id in made:  # on separate connections: a second process would not have it
        answer = httpx.get(
            f"{server.address}/v1/conversations/{conversation_id}", headers={"Authorization": "Bearer me"}
        )
        assert answer.status_code == 200


def test_version_and_help(tmp_path: Path) -> None:
    version = run("--version", folder=tmp_path)
    assert (version.returncode, version.stdout) == (0, f"protocol-sandbox {__version__}\n")
    explained = run("--help", folder=tmp_path)
    assert explained.returncode == 0
    assert "--max-sandboxes" in explained.stdout
    assert "SANDBOX_MAX_SANDBOXES" in explained.stdout


def test_server_responds_within_seconds(start: StartServer) -> None:
    started = time.monotonic()
    start()
    assert time.monotonic() - started < 10
