"""The command line: what it takes, what it refuses, and that a refusal is one line."""

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import fields

import click
import pytest
from click.testing import CliRunner

import sandbox
from sandbox import cli, server
from sandbox.settings import Settings, flag_of, variable_of

Run = Callable[..., Settings]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which a server was started; nothing listens."""
    started: list[Settings] = []
    monkeypatch.setattr(server, "serve", started.append)
    for variable in [name for name in os.environ if name.startswith("SANDBOX_")]:
        monkeypatch.delenv(variable)
    return started


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, served: list[Settings]) -> Run:
    """``run("--port", "1")``: the settings that the command starts the server with."""

    def ran(*arguments: str) -> Settings:
        monkeypatch.setattr(sys, "argv", ["protocol-sandbox", *arguments])
        cli.main()
        return served.pop()

    return ran


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], served: list[Settings]
) -> Callable[..., str]:
    """``refused("--prot")``: the one line with which the command refuses."""

    def ran(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["protocol-sandbox", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert left.value.code == 2
        assert served == []
        said = capsys.readouterr()
        assert said.out == ""
        (line,) = said.err.splitlines()
        assert line.startswith("protocol-sandbox: ")
        return line

    return ran


def test_without_arguments_the_defaults_are_served(run: Run) -> None:
    assert run() == Settings()


def test_flags_become_settings(run: Run) -> None:
    settings = run(
        "--host", "::1", "--port=9000", "--scenario", "blank", "--seed", "7", "--max-body-bytes", "10"
    )
    assert settings == Settings(host="::1", port=9000, scenario="blank", seed=7, max_body_bytes=10)


def test_a_switch_is_on_where_it_is_named(run: Run) -> None:
    assert run("--lenient", "--quiet") == Settings(lenient=True, quiet=True)


def test_variables_are_read_and_flags_win(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "9000")
    monkeypatch.setenv("SANDBOX_SCENARIO", "blank")
    monkeypatch.setenv("SANDBOX_LENIENT", "false")
    assert run("--port", "9001", "--lenient") == Settings(port=9001, scenario="blank", lenient=True)


def test_of_a_flag_given_twice_the_last_counts(run: Run) -> None:
    assert run("--port", "1", "--port", "2").port == 2


def test_one_worker_is_no_mistake(run: Run) -> None:
    assert run("--workers", "1") == Settings()


def test_several_workers_are_refused_with_the_reason(refused: Callable[..., str]) -> None:
    line = refused("--workers", "2")
    assert "--workers must be 1 without --store" in line
    assert "state is in memory" in line
    assert '"2"' in line


def test_several_workers_are_served_from_a_store(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_STORE", "valkey://localhost")
    monkeypatch.setenv("WEB_CONCURRENCY", "8")
    assert run("--workers", "2") == Settings(store="valkey://localhost", workers=2)
    assert "WEB_CONCURRENCY" not in os.environ


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "http"], "--port must be an integer from 0 to 65535"),
        (["--port", ""], "--port must be an integer from 0 to 65535"),
        (["--port", "-1"], "--port must be an integer from 0 to 65535"),
        (["--port"], "--port"),
        (["--prot", "1"], "--port"),
        (["--max-sandbox", "1"], "--max-sandbox"),
        (["--zzz"], "--zzz"),
        (["extra"], "extra"),
        (["--lenient=maybe"], "--lenient"),
        (["--seed", "a\nb"], "--seed must be"),
        (
            ["--persist", "worlds.db", "--store", "valkey://localhost"],
            "--store cannot be combined with --persist",
        ),
    ],
    ids=lambda part: str(part)[:20],
)
def test_a_mistake_is_refused_in_one_line_that_names_it(
    refused: Callable[..., str], arguments: list[str], said: str
) -> None:
    assert said in refused(*arguments)


def test_an_unknown_variable_is_refused_in_one_line(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_PROT", "1")
    assert "SANDBOX_PROT is not a setting of protocol-sandbox; did you mean SANDBOX_PORT?" in refused()


def test_a_wrong_variable_is_refused_in_one_line(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "http")
    assert "SANDBOX_PORT must be an integer from 0 to 65535" in refused()


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_every_setting_with_its_variable_and_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], served: list[Settings], flag: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["protocol-sandbox", flag])
    cli.main()
    words = capsys.readouterr().out.split()
    assert words[:2] == ["Usage:", "protocol-sandbox"]
    for row in fields(Settings):
        assert flag_of(row.name) in words
        assert f"[{variable_of(row.name)}]" in words
    assert "8000]" in words
    assert "()]" not in words
    assert served == []


def test_version_is_the_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], served: list[Settings]
) -> None:
    monkeypatch.setattr(sys, "argv", ["protocol-sandbox", "--version"])
    cli.main()
    assert capsys.readouterr().out == f"protocol-sandbox {sandbox.__version__}\n"
    assert served == []


def test_the_command_has_one_option_for_each_setting() -> None:
    options = {parameter.name for parameter in cli.command().params}
    assert options == {row.name for row in fields(Settings)} | {"version"}


def test_a_refusal_of_the_server_is_one_line_too(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(settings: Settings) -> None:
        raise click.ClickException(f"Port {settings.port} is in use.")

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(click.ClickException, "exit_code", 2)
    assert "Port 8000 is in use." in refused()


@pytest.mark.usefixtures("served")
def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(_: Settings) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr(sys, "argv", ["protocol-sandbox"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 130


@pytest.mark.usefixtures("served")
def test_garbage_is_not_looked_for_while_the_server_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    enabled: list[bool] = []
    monkeypatch.setattr(server, "serve", lambda _: enabled.append(gc.isenabled()))
    monkeypatch.setattr(sys, "argv", ["protocol-sandbox"])
    cli.main()
    assert enabled == [False]
    assert gc.isenabled()


def test_the_command_runs_under_click_s_own_runner(served: list[Settings]) -> None:
    outcome = CliRunner().invoke(cli.command(), ["--port", "9000"])
    assert outcome.exit_code == 0
    assert served == [Settings(port=9000)]


def test_exec_has_one_option_for_each_setting_that_it_does_not_decide() -> None:
    group = cli.command()
    assert isinstance(group, click.Group)
    options = {parameter.name for parameter in group.commands["exec"].params}
    own = {"command", "junit", "fail_under", "journal"}
    decided = {"journal_file", "parent_pipe", "ready_file", "workers"}
    assert options == {row.name for row in fields(Settings)} - decided | own


def test_settings_before_and_behind_exec_are_those_of_its_server(
    monkeypatch: pytest.MonkeyPatch, served: list[Settings]
) -> None:
    ran: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def execute(command: tuple[str, ...], settings: dict[str, str], _: object) -> int:
        ran.append((command, settings))
        return 0

    monkeypatch.setattr("protocol_sandbox.exec.execute", execute)
    monkeypatch.setenv("SANDBOX_PORT", "1")
    monkeypatch.setenv("SANDBOX_LENIENT", "true")
    words = ["--seed", "4", "exec", "--scenario", "blank", "--", "npm", "test", "--", "--seed", "5"]
    monkeypatch.setattr(sys, "argv", ["protocol-sandbox", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0
    settings = {"seed": "4", "scenario": "blank", "lenient": "true"}
    assert ran == [(("npm", "test", "--", "--seed", "5"), settings)]
    assert served == []


def test_exec_passes_the_store_on_and_starts_one_worker(
    monkeypatch: pytest.MonkeyPatch, served: list[Settings]
) -> None:
    given: list[dict[str, str]] = []

    def execute(_: object, settings: dict[str, str], __: object) -> int:
        given.append(settings)
        return 0

    monkeypatch.setattr("protocol_sandbox.exec.execute", execute)
    monkeypatch.setenv("SANDBOX_STORE", "valkey://localhost")
    monkeypatch.setenv("SANDBOX_WORKERS", "4")
    monkeypatch.setattr(sys, "argv", ["protocol-sandbox", "exec", "true"])
    with pytest.raises(SystemExit):
        cli.main()
    assert given == [{"store": "valkey://localhost"}]
    assert served == []


def test_exec_explains_itself(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["protocol-sandbox", "exec", "--help"])
    cli.main()
    words = capsys.readouterr().out.split()
    assert {"--fail-under", "--junit", "--journal", "--scenario", "PROTOCOL_API_BASE"} <= set(words)
    assert "--parent-pipe" not in words
