"""The settings: one table. Each field is a flag of the command line and a variable of the environment.

``max_sandboxes`` is ``--max-sandboxes`` and ``SANDBOX_MAX_SANDBOXES``. A flag overrides the variable. An unknown or
invalid setting is refused at once, in one line.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

import click

from sandbox.problems import quoted
from sandbox.store_url import check_store_url, without_credentials

PREFIX = "SANDBOX_"
CLIENT_VARIABLES = frozenset({"SANDBOX_URL", "SANDBOX_TOKEN"})
"""Variables with our prefix that are for clients: ``protocol-sandbox exec`` sets them. They configure no server."""

_MAX_KEY_BYTES = 64
_DIGITS = re.compile(r"[0-9]{1,20}")
_RATE = re.compile(r"[0-9]{0,3}\.?[0-9]{1,20}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")
_KEY_PREFIX = re.compile(r"[!-z|~]{1,64}")


class SettingsError(click.ClickException):
    """A setting is unknown or invalid. The message is one line and names the setting."""

    exit_code = 2


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("a non-empty text")
    return text.strip()


def _key(text: str) -> str:
    if not 1 <= len(text.encode()) <= _MAX_KEY_BYTES:
        raise ValueError(f"a text of 1 to {_MAX_KEY_BYTES} bytes")
    return text


def _integer(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text) if _DIGITS.fullmatch(text) else lowest - 1
        if not lowest <= number <= highest:
            raise ValueError(f"an integer from {lowest} to {highest}")
        return number

    return parse


def _seed(text: str) -> int | None:
    return _integer(0, 2**63 - 1)(text)


def _descriptor(text: str) -> int | None:
    return _integer(0, 1_048_575)(text)


def _switch(text: str) -> bool:
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    try:
        return known[text.lower()]
    except KeyError:
        raise ValueError("true or false") from None


def _latency(text: str) -> str:
    from sandbox.faults.short_forms import latency_of  # noqa: PLC0415  # only who asks for it pays for it

    latency_of(text)
    return text


def _rate(text: str) -> float:
    rate = float(text) if _RATE.fullmatch(text) else -1.0
    if not 0 <= rate <= 1:
        raise ValueError("a number from 0 to 1 (0.05 for 5 percent)")
    return rate


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(part.strip() for part in text.split(",") if part.strip())
    if not origins or not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError("origins like http://localhost:3000, separated by commas")
    return origins


def _key_prefix(text: str) -> str:
    if not _KEY_PREFIX.fullmatch(text):
        raise ValueError("1 to 64 printable ASCII characters without spaces and braces")
    return text


def _timeout(text: str) -> float:
    seconds = float(text) if _RATE.fullmatch(text) else 0.0
    if not 0 < seconds <= 60:
        raise ValueError("a number of seconds above 0, up to 60")
    return seconds


def setting(
    default: Any, parse: Callable[[str], Any], help_text: str, metavar: str = "", *, is_secret: bool = False
) -> Any:
    """Return a row of the table. ``parse`` raises ValueError with a description of valid values.

    An invalid value is quoted in the message, unless it ``is_secret``.
    """
    return field(
        default=default,
        metadata={"parse": parse, "help": help_text, "metavar": metavar, "is_secret": is_secret},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of a server. Sizes are in bytes, durations in seconds."""

    host: str = setting("127.0.0.1", _text, "Address to listen on.", "ADDRESS")
    port: int = setting(8000, _integer(0, 65535), "Port to listen on; 0 picks a free one.", "PORT")
    scenario: str = setting(
        "default",
        _text,
        "Initial state of a sandbox: the name of a scenario, or a file of your own (./my.json).",
        "NAME",
    )
    seed: int | None = setting(
        None,
        _seed,
        "Seed of all generated data and random choices; by default the scenario's own.",
        "INTEGER",
    )
    pulse: bool = setting(
        False,
        _switch,
        "Let conversations become active, be opened, pinned, muted and archived by themselves.",
    )
    lenient: bool = setting(False, _switch, "Ignore unknown attributes instead of refusing them.")
    require_idempotency_key: bool = setting(
        False, _switch, "Refuse creates without the header Idempotency-Key."
    )
    strict_worlds: bool = setting(
        False, _switch, "Refuse calls whose world was not declared by POST /__admin/worlds."
    )
    latency: str | None = setting(
        None,
        _latency,
        "Delay every call: milliseconds (200), a span (100..400) or median=80,p99=400.",
        "DELAY",
    )
    error_rate: float = setting(0.0, _rate, "Fraction of all calls that fail, 0 to 1.", "RATE")
    error_status: int = setting(500, _integer(400, 599), "Status of those failures.", "STATUS")
    admin_token: str | None = setting(
        None,
        _text,
        "Token that callers of /__admin must send as X-Admin-Token; better set by the variable.",
        "TOKEN",
    )
    admin_origin: tuple[str, ...] = setting(
        (), _origins, "Other origins whose pages may call /__admin, separated by commas.", "ORIGINS"
    )
    id_key: str | None = setting(
        None,
        _key,
        "Key of the ids in /__admin/sandboxes: the same key gives a token the same id in every process.",
        "KEY",
    )
    max_conversations: int = setting(
        100_000,
        _integer(1, 10_000_000),
        "Largest number of conversations that creates may fill a sandbox to.",
        "COUNT",
    )
    max_idempotency_keys: int = setting(
        100_000,
        _integer(1, 10_000_000),
        "Largest number of idempotency keys that a sandbox remembers; each is forgotten after 24 hours.",
        "COUNT",
    )
    max_sandboxes: int = setting(
        20_000,
        _integer(1, 1_000_000),
        "Largest number of sandboxes (tokens); one that was unused for a minute makes room for a new one.",
        "COUNT",
    )
    idle_seconds: int = setting(
        28_800,
        _integer(0, 31_536_000),
        "A sandbox that is unused for this long is dropped; 0 keeps it.",
        "SECONDS",
    )
    max_body_bytes: int = setting(1_048_576, _integer(1, 1_073_741_824), "Largest request body.", "BYTES")
    max_state_bytes: int = setting(67_108_864, _integer(1, 1_073_741_824), "Largest state document.", "BYTES")
    max_rules: int = setting(
        100, _integer(1, 10_000), "Largest number of fault rules of a sandbox, and of the server.", "COUNT"
    )
    max_rule_bytes: int = setting(
        1_048_576,
        _integer(1, 1_073_741_824),
        "Largest memory of the fault rules of a sandbox, and of the server.",
        "BYTES",
    )
    max_sleepers: int = setting(
        10_000, _integer(1, 1_000_000), "Largest number of delayed calls at once.", "COUNT"
    )
    max_streams: int = setting(
        100, _integer(0, 10_000), "Largest number of streams of the journal at once.", "COUNT"
    )
    max_snapshots: int = setting(
        100, _integer(1, 100_000), "Largest number of snapshots of a sandbox.", "COUNT"
    )
    max_snapshot_bytes: int = setting(
        268_435_456,
        _integer(1, 1_099_511_627_776),
        "Largest memory of the snapshots of a sandbox besides its current state.",
        "BYTES",
    )
    journal_entries: int = setting(
        500, _integer(0, 1_000_000), "Largest number of calls in a sandbox's journal.", "COUNT"
    )
    journal_bytes: int = setting(
        1_048_576, _integer(0, 1_073_741_824), "Largest memory of a sandbox's journal.", "BYTES"
    )
    journal_body_bytes: int = setting(
        16_384,
        _integer(0, 1_073_741_824),
        "Longest request body in the journal; the rest is cut.",
        "BYTES",
    )
    max_request_line_bytes: int = setting(
        8_192, _integer(64, 1_048_576), "Longest request line that is read.", "BYTES"
    )
    max_headers: int = setting(100, _integer(1, 10_000), "Largest number of headers of a request.", "COUNT")
    max_header_bytes: int = setting(
        8_192, _integer(64, 1_048_576), "Largest total size of the headers of a request.", "BYTES"
    )
    keep_alive_seconds: int = setting(
        75, _integer(1, 86_400), "A connection without a request is closed after this time.", "SECONDS"
    )
    head_seconds: int = setting(
        10, _integer(1, 86_400), "Longest time in which a request line and headers may arrive.", "SECONDS"
    )
    body_seconds: int = setting(20, _integer(1, 86_400), "Longest pause while a body arrives.", "SECONDS")
    answer_seconds: int = setting(
        20, _integer(1, 86_400), "Longest pause while a client receives its response.", "SECONDS"
    )
    max_connections: int = setting(12_000, _integer(1, 1_000_000), "Largest number of connections.", "COUNT")
    max_connections_per_address: int = setting(
        11_000, _integer(1, 1_000_000), "Largest number of connections from one address.", "COUNT"
    )
    ready_file: str | None = setting(
        None,
        _text,
        "Write the URL and the process id to this file, as JSON, once the server has answered a request.",
        "PATH",
    )
    parent_pipe: int | None = setting(
        None,
        _descriptor,
        "End when this file descriptor, the reading end of a pipe, is closed at its other end.",
        "FD",
    )
    journal_file: str | None = setting(
        None,
        _text,
        "Append every call to this file as a line of JSON. It grows without a limit.",
        "PATH",
    )
    persist: str | None = setting(
        None,
        _text,
        "Keep all sandboxes in this file, so that they survive a restart. It is created if it does not exist.",
        "PATH",
    )
    store: str | None = setting(
        None,
        check_store_url,
        "Keep all sandboxes in Valkey or Redis, shared by workers and servers; better set by the variable.",
        "URL",
        is_secret=True,
    )
    store_prefix: str = setting(
        "sandbox:",
        _key_prefix,
        "Beginning of all keys in the store; servers with the same one share.",
        "TEXT",
    )
    store_timeout: float = setting(
        1.0, _timeout, "Longest time for which a call waits for a reply of the store.", "SECONDS"
    )
    store_connections: int = setting(
        8, _integer(2, 1_000), "Largest number of connections of a worker to the store.", "COUNT"
    )
    workers: int = setting(
        1, _integer(1, 64), "Number of worker processes; more than 1 only with --store.", "COUNT"
    )
    quiet: bool = setting(False, _switch, "Print nothing at start-up.")

    @classmethod
    def read(cls, environ: Mapping[str, str], flags: Mapping[str, str] | None = None) -> "Settings":
        """Return the settings of ``flags`` (by field name) and, for the others, of ``environ``.

        Raises SettingsError for an unknown variable with our prefix, for an invalid value, and for values that
        exclude each other.
        """
        table = {row.name: row for row in fields(cls)}
        given = cls.given(environ, flags)
        settings = cls(**{name: _parsed(table[name], *said) for name, said in given.items()})
        settings._check_together(given)
        return settings

    @classmethod
    def given(
        cls, environ: Mapping[str, str], flags: Mapping[str, str] | None = None
    ) -> dict[str, tuple[str, str]]:
        """Return the settings of ``flags`` and of ``environ`` as they were given: flag or variable, and text, by name.

        Raises SettingsError for an unknown variable with our prefix.
        """
        known = {row.name for row in fields(cls)}
        given = {name: (flag_of(name), text) for name, text in (flags or {}).items()}
        for variable, text in environ.items():
            if variable.startswith(PREFIX) and variable not in CLIENT_VARIABLES:
                name = variable.removeprefix(PREFIX).lower()
                if name not in known or variable != variable_of(name):
                    raise SettingsError(_unknown(variable, [variable_of(each.name) for each in fields(cls)]))
                given.setdefault(name, (variable, text))
        return given

    def _check_together(self, given: Mapping[str, tuple[str, str]]) -> None:
        if self.store is not None and self.persist is not None:
            raise SettingsError(
                f"{given['store'][0]} cannot be combined with {given['persist'][0]}: sandboxes are kept either in a "
                "store or in a file."
            )
        if self.store is None and self.workers > 1:
            source, text = given["workers"]
            reason = (
                "the state is in memory, and a second worker would have conversations of its own"
                if self.persist is None
                else "the file of --persist has one writer"
            )
            raise SettingsError(f"{source} must be 1 without --store ({reason}), not {quoted(text)}.")

    @property
    def kept_in(self) -> str | None:
        """The place where sandboxes outlast a process, without a password; None if they are in memory alone."""
        return self.persist if self.store is None else without_credentials(self.store)

    def switched_on(self) -> list[str]:
        """Return descriptions of the settings that change responses or the processes that send them."""
        on = []
        if self.pulse:
            on.append("pulse (conversations change by themselves)")
        if self.lenient:
            on.append("lenient (unknown attributes are ignored)")
        if self.require_idempotency_key:
            on.append("idempotency keys are required (creates without one are refused)")
        if self.strict_worlds:
            on.append("strict worlds (only declared ones are served)")
        if self.latency is not None:
            on.append(f"latency {self.latency} ms")
        if self.error_rate:
            on.append(f"error rate {self.error_rate:g} with status {self.error_status}")
        if self.store is not None:
            # Health is open to everybody, so the address of the store is not in it.
            on.append("store (sandboxes are in Valkey or Redis)")
        if self.workers > 1:
            on.append(f"{self.workers} workers")
        return on


def flag_of(name: str) -> str:
    """Return the command line flag of the setting ``name``."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """Return the environment variable of the setting ``name``."""
    return PREFIX + name.upper()


def _parsed(row: "Field[Any]", source: str, text: str) -> Any:
    try:
        return row.metadata["parse"](text)
    except ValueError as error:
        shown = "" if row.metadata["is_secret"] else f", not {quoted(text)}"
        raise SettingsError(f"{source} must be {error}{shown}.") from None


def _unknown(variable: str, known: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  # only a mistake pays for it

    near = get_close_matches(variable.upper(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    return f"{variable} is not a setting of protocol-sandbox; {hint}"
