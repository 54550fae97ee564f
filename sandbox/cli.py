"""The command ``protocol-sandbox``."""

import os
import sys
from dataclasses import fields

import click

from sandbox.settings import Settings, flag_of, variable_of
from sandbox.version import __version__


def _options() -> list[click.Parameter]:
    options: list[click.Parameter] = []
    for row in fields(Settings):
        explanation = row.metadata["help"]
        shown = "" if row.default is None or row.default is False else f"  [default: {row.default}]"
        text = f"{explanation}{shown}  [{variable_of(row.name)}]"
        if isinstance(row.default, bool):
            options.append(
                click.Option([flag_of(row.name)], is_flag=True, flag_value="true", default=None, help=text)
            )
        else:
            options.append(click.Option([flag_of(row.name)], metavar=row.metadata["metavar"], help=text))
    return options


def _run(**flags: str | None) -> None:
    """Serve the documented Conversations API of Protocol from memory, for development and tests."""
    given = {name: str(text) for name, text in flags.items() if text is not None}
    settings = Settings.read(os.environ, given)
    # Hosts set it for servers with several workers, and gunicorn reads it where it is imported, whatever it says.
    os.environ.pop("WEB_CONCURRENCY", None)
    from sandbox.server import serve  # noqa: PLC0415  # a refused flag need not wait for gunicorn

    serve(settings)


def command() -> click.Command:
    """The command with its options, one for each row of the settings."""
    made = click.Command(
        "protocol-sandbox",
        callback=_run,
        params=_options(),
        help=_run.__doc__,
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
