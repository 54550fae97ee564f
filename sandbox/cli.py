"""The command ``protocol-sandbox``."""

import gc
import os
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import click

from sandbox.settings import Settings, SettingsError, flag_of, variable_of
from sandbox.version import __version__

_OWN_OF_EXEC = frozenset({"journal_file", "parent_pipe", "ready_file", "workers"})
"""Settings that ``exec`` decides itself."""


def _options(without: frozenset[str] = frozenset()) -> list[click.Parameter]:
    options: list[click.Parameter] = []
    for row in fields(Settings):
        if row.name in without:
            continue
        explanation = row.metadata["help"]
        shown = "" if row.default in (None, False, ()) else f"  [default: {row.default}]"
        text = f"{explanation}{shown}  [{variable_of(row.name)}]"
        if isinstance(row.default, bool):
            options.append(
                click.Option([flag_of(row.name)], is_flag=True, flag_value="true", default=None, help=text)
            )
        else:
            options.append(click.Option([flag_of(row.name)], metavar=row.metadata["metavar"], help=text))
    return options


@click.pass_context
def _run(context: click.Context, /, **flags: str | None) -> None:
    """Serve the documented Conversations API of Protocol from memory, for development and tests."""
    given = _given(flags)
    if context.invoked_subcommand is not None:
        context.obj = given
        return
    settings = Settings.read(os.environ, given)
    # Hosts set it for servers with several workers, and gunicorn reads it where it is imported, whatever it says.
    os.environ.pop("WEB_CONCURRENCY", None)
    # What is imported stays alive, and to look for garbage in it takes a twelfth of the start. A worker enables the
    # collector again; the process that starts the workers makes no garbage.
    gc.disable()
    try:
        from sandbox.server import serve  # noqa: PLC0415  # a refused flag need not wait for gunicorn

        serve(settings)
    finally:
        gc.enable()


@click.pass_context
def _exec(
    context: click.Context,
    /,
    command: tuple[str, ...],
    junit: Path | None,
    fail_under: int | None,
    journal: Path | None,
    **flags: str | None,
) -> None:
    """Run COMMAND beside a server of its own, on a free port, and say which part of the API it has used.

    COMMAND finds the server by the variables SANDBOX_URL, SANDBOX_TOKEN and PROTOCOL_API_BASE (which ends with /v1).
    Its exit status is that of this command.
    """
    given = {**context.obj, **_given(flags)}
    settings = Settings.read(os.environ, given)
    from protocol_sandbox.errors import SandboxError  # noqa: PLC0415  # a server does not need the test kit
    from protocol_sandbox.exec import Reports, execute  # noqa: PLC0415  # likewise
    from protocol_sandbox.exec.command import end_like  # noqa: PLC0415  # likewise

    texts = {
        name: text
        for name, (_, text) in Settings.given(os.environ, given).items()
        if name not in _OWN_OF_EXEC
    }
    if "port" not in given:
        # The variable is meant for a server that runs all the time.
        texts.pop("port", None)
    try:
        status = execute(command, texts, Reports(junit, journal, fail_under, summary=not settings.quiet))
    except SandboxError as error:
        raise SettingsError(str(error)) from None
    end_like(status)


def _given(flags: Mapping[str, str | None]) -> dict[str, str]:
    return {name: str(text) for name, text in flags.items() if text is not None}


def _exec_command() -> click.Command:
    return click.Command(
        "exec",
        callback=_exec,
        params=[
            click.Argument(
                ["command"], nargs=-1, required=True, metavar="[--] COMMAND...", type=click.UNPROCESSED
            ),
            click.Option(
                ["--junit"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="Write the coverage of the API as a JUnit report.",
            ),
            click.Option(
                ["--fail-under"],
                type=click.IntRange(0, 100),
                metavar="PERCENT",
                help="Fail if COMMAND has received a smaller share of the documented answers.",
            ),
            click.Option(
                ["--journal"], type=click.Path(path_type=Path), metavar="FILE", help="Write the calls as HAR."
            ),
            *_options(_OWN_OF_EXEC),
        ],
        help=_exec.__doc__,
        context_settings={"allow_interspersed_args": False},
    )


def command() -> click.Command:
    """Return the command with its options, one for each row of the settings, and its subcommand ``exec``."""
    made = click.Group(
        "protocol-sandbox",
        callback=_run,
        params=_options(),
        help=_run.__doc__,
        commands=[_exec_command()],
        invoke_without_command=True,
        subcommand_metavar="[exec [OPTIONS] COMMAND...]",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    return click.version_option(__version__, message="%(prog)s %(version)s")(made)


def main() -> None:
    """Entry point. A refusal is one line on stderr and the exit status 2."""
    try:
        command().main(prog_name="protocol-sandbox", standalone_mode=False)
    except click.ClickException as refusal:
        print(f"protocol-sandbox: {refusal.format_message()}", file=sys.stderr)
        sys.exit(refusal.exit_code)
    except click.Abort:
        sys.exit(130)
