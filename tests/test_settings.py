"""Settings: flags, variables, valid values, and the errors for invalid ones."""

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from sandbox.settings import Settings, SettingsError, flag_of, variable_of

VALID: list[tuple[str, str, Any]] = [
    ("host", "0.0.0.0", "0.0.0.0"),  # parsed, not bound
    ("host", "::1", "::1"),
    ("host", " localhost ", "localhost"),
    ("port", "0", 0),
    ("port", "8000", 8000),
    ("port", "65535", 65535),
    ("scenario", "blank", "blank"),
    ("scenario", "./my.json", "./my.json"),
    ("seed", "0", 0),
    ("seed", str(2**63 - 1), 2**63 - 1),
    ("pulse", "true", True),
    ("pulse", "off", False),
    ("lenient", "true", True),
    ("lenient", "1", True),
    ("lenient", "YES", True),
    ("lenient", "on", True),
    ("lenient", "false", False),
    ("lenient", "0", False),
    ("lenient", "no", False),
    ("lenient", "Off", False),
    ("require_idempotency_key", "on", True),
    ("require_idempotency_key", "0", False),
    ("strict_worlds", "on", True),
    ("strict_worlds", "off", False),
    ("max_conversations", "1", 1),
    ("max_conversations", "10000000", 10_000_000),
    ("max_idempotency_keys", "1", 1),
    ("max_idempotency_keys", "10000000", 10_000_000),
    ("max_sandboxes", "1", 1),
    ("max_sandboxes", "1000000", 1_000_000),
    ("idle_seconds", "0", 0),
    ("idle_seconds", "31536000", 31_536_000),
    ("max_body_bytes", "1", 1),
    ("max_body_bytes", "1073741824", 1_073_741_824),
    ("latency", "200", "200"),
    ("latency", "100..400", "100..400"),
    ("latency", "median=80,p99=400", "median=80,p99=400"),
    ("error_rate", "0", 0.0),
    ("error_rate", "0.05", 0.05),
    ("error_rate", "1", 1.0),
    ("error_status", "400", 400),
    ("error_status", "599", 599),
    ("max_rules", "1", 1),
    ("max_rules", "10000", 10_000),
    ("max_rule_bytes", "1", 1),
    ("max_rule_bytes", "1073741824", 1_073_741_824),
    ("max_sleepers", "1", 1),
    ("max_sleepers", "1000000", 1_000_000),
    ("max_streams", "0", 0),
    ("max_streams", "10000", 10_000),
    ("max_snapshots", "1", 1),
    ("max_snapshots", "100000", 100_000),
    ("max_snapshot_bytes", "1", 1),
    ("max_snapshot_bytes", "1099511627776", 1_099_511_627_776),
    ("max_state_bytes", "1", 1),
    ("max_state_bytes", "1073741824", 1_073_741_824),
    ("journal_entries", "0", 0),
    ("journal_entries", "1000000", 1_000_000),
    ("journal_bytes", "0", 0),
    ("journal_bytes", "1073741824", 1_073_741_824),
    ("journal_body_bytes", "0", 0),
    ("journal_body_bytes", "1073741824", 1_073_741_824),
    ("admin_token", "secret", "secret"),
    ("admin_origin", "http://localhost:3000", ("http://localhost:3000",)),
    (
        "admin_origin",
        "http://localhost:3000, https://a.example",
        ("http://localhost:3000", "https://a.example"),
    ),
    ("id_key", "a secret", "a secret"),
    ("id_key", "é" * 32, "é" * 32),
    ("max_request_line_bytes", "64", 64),
    ("max_request_line_bytes", "1048576", 1_048_576),
    ("max_headers", "1", 1),
    ("max_headers", "10000", 10_000),
    ("max_header_bytes", "64", 64),
    ("max_header_bytes", "1048576", 1_048_576),
    ("keep_alive_seconds", "1", 1),
    ("keep_alive_seconds", "86400", 86_400),
    ("head_seconds", "1", 1),
    ("head_seconds", "86400", 86_400),
    ("body_seconds", "1", 1),
    ("body_seconds", "86400", 86_400),
    ("answer_seconds", "1", 1),
    ("answer_seconds", "86400", 86_400),
    ("max_connections", "1", 1),
    ("max_connections", "1000000", 1_000_000),
    ("max_connections_per_address", "1", 1),
    ("max_connections_per_address", "1000000", 1_000_000),
    ("ready_file", "ready.json", "ready.json"),
    ("ready_file", "/dev/fd/5", "/dev/fd/5"),
    ("parent_pipe", "0", 0),
    ("parent_pipe", "1048575", 1_048_575),
    ("journal_file", "calls.jsonl", "calls.jsonl"),
    ("persist", "worlds.db", "worlds.db"),
    ("store", "valkey://localhost:6379/0", "valkey://localhost:6379/0"),
    ("store", " rediss://:secret@db.example ", "rediss://:secret@db.example"),
    ("store_prefix", "sandbox:", "sandbox:"),
    ("store_prefix", "!~" * 32, "!~" * 32),
    ("store_timeout", "0.05", 0.05),
    ("store_timeout", "60", 60.0),
    ("store_connections", "2", 2),
    ("store_connections", "1000", 1_000),
    ("workers", "1", 1),
    ("quiet", "true", True),
    ("quiet", "0", False),
]
INVALID: list[tuple[str, str, str]] = [
    ("host", "", "non-empty"),
    ("host", "  ", "non-empty"),
    ("port", "", "an integer from 0 to 65535"),
    ("port", "-1", "an integer from 0 to 65535"),
    ("port", "65536", "an integer from 0 to 65535"),
    ("port", "80.5", "an integer from 0 to 65535"),
    ("port", "http", "an integer from 0 to 65535"),
    ("port", "9" * 5000, "an integer from 0 to 65535"),
    ("scenario", "", "non-empty"),
    ("seed", "-1", f"an integer from 0 to {2**63 - 1}"),
    ("seed", str(2**63), f"an integer from 0 to {2**63 - 1}"),
    ("seed", "lucky", "an integer"),
    ("pulse", "fast", "true or false"),
    ("lenient", "", "true or false"),
    ("lenient", "maybe", "true or false"),
    ("lenient", "2", "true or false"),
    ("require_idempotency_key", "uuid", "true or false"),
    ("strict_worlds", "some", "true or false"),
    ("max_conversations", "0", "an integer from 1 to 10000000"),
    ("max_conversations", "10000001", "an integer from 1 to 10000000"),
    ("max_idempotency_keys", "0", "an integer from 1 to 10000000"),
    ("max_idempotency_keys", "10000001", "an integer from 1 to 10000000"),
    ("max_sandboxes", "0", "an integer from 1 to 1000000"),
    ("max_sandboxes", "many", "an integer from 1 to 1000000"),
    ("idle_seconds", "-1", "an integer from 0 to 31536000"),
    ("idle_seconds", "31536001", "an integer from 0 to 31536000"),
    ("max_body_bytes", "0", "an integer from 1 to 1073741824"),
    ("max_body_bytes", "1MB", "an integer from 1 to 1073741824"),
    ("latency", "", "milliseconds up to 300000"),
    ("latency", "slow", "milliseconds up to 300000"),
    ("latency", "400..100", "milliseconds up to 300000"),
    ("latency", "300001", "milliseconds up to 300000"),
    ("latency", "median=80", "milliseconds up to 300000"),
    ("latency", "median=80,p90=90", "milliseconds up to 300000"),
    ("error_rate", "5", "a number from 0 to 1"),
    ("error_rate", "5%", "a number from 0 to 1"),
    ("error_rate", "nan", "a number from 0 to 1"),
    ("error_status", "200", "an integer from 400 to 599"),
    ("max_rules", "0", "an integer from 1 to 10000"),
    ("max_rule_bytes", "0", "an integer from 1 to 1073741824"),
    ("max_sleepers", "0", "an integer from 1 to 1000000"),
    ("max_streams", "10001", "an integer from 0 to 10000"),
    ("max_snapshots", "0", "an integer from 1 to 100000"),
    ("max_snapshot_bytes", "0", "an integer from 1 to 1099511627776"),
    ("max_state_bytes", "0", "an integer from 1 to 1073741824"),
    ("journal_entries", "-1", "an integer from 0 to 1000000"),
    ("journal_bytes", "-1", "an integer from 0 to 1073741824"),
    ("journal_body_bytes", "-1", "an integer from 0 to 1073741824"),
    ("id_key", "", "a text of 1 to 64 bytes"),
    ("id_key", "é" * 33, "a text of 1 to 64 bytes"),
    ("admin_token", "", "non-empty"),
    ("admin_origin", "", "origins like http://localhost:3000"),
    ("admin_origin", "localhost:3000", "origins like http://localhost:3000"),
    ("admin_origin", "*", "origins like http://localhost:3000"),
    ("admin_origin", "http://localhost:3000/", "origins like http://localhost:3000"),
    ("ready_file", "", "non-empty"),
    ("parent_pipe", "-1", "an integer from 0 to 1048575"),
    ("parent_pipe", "1048576", "an integer from 0 to 1048575"),
    ("parent_pipe", "stdin", "an integer from 0 to 1048575"),
    ("journal_file", " ", "non-empty"),
    ("persist", "", "non-empty"),
    ("max_request_line_bytes", "63", "an integer from 64 to 1048576"),
    ("max_headers", "0", "an integer from 1 to 10000"),
    ("max_header_bytes", "63", "an integer from 64 to 1048576"),
    ("keep_alive_seconds", "0", "an integer from 1 to 86400"),
    ("head_seconds", "0", "an integer from 1 to 86400"),
    ("body_seconds", "0", "an integer from 1 to 86400"),
    ("answer_seconds", "0", "an integer from 1 to 86400"),
    ("max_connections", "0", "an integer from 1 to 1000000"),
    ("max_connections_per_address", "0", "an integer from 1 to 1000000"),
    ("store", "", "a URL like valkey://localhost:6379/0"),
    ("store", "http://localhost:6379", "a URL like valkey://localhost:6379/0"),
    ("store_prefix", "", "1 to 64 printable ASCII characters"),
    ("store_prefix", "a b", "1 to 64 printable ASCII characters"),
    ("store_prefix", "{a}", "1 to 64 printable ASCII characters"),
    ("store_prefix", "é", "1 to 64 printable ASCII characters"),
    ("store_prefix", "a" * 65, "1 to 64 printable ASCII characters"),
    ("store_timeout", "0", "a number of seconds above 0, up to 60"),
    ("store_timeout", "60.1", "a number of seconds above 0, up to 60"),
    ("store_timeout", "inf", "a number of seconds above 0, up to 60"),
    ("store_connections", "1", "an integer from 2 to 1000"),
    ("store_connections", "1001", "an integer from 2 to 1000"),
    ("workers", "0", "an integer from 1 to 64"),
    ("workers", "65", "an integer from 1 to 64"),
    ("workers", "auto", "an integer from 1 to 64"),
    ("quiet", "loud", "true or false"),
]


def test_every_setting_has_valid_and_invalid_values() -> None:
    names = {row.name for row in fields(Settings)}
    assert {name for name, *_ in VALID} == names
    assert {name for name, *_ in INVALID} == names


@pytest.mark.parametrize(("name", "text", "value"), VALID)
def test_setting_is_read_from_its_flag_and_its_variable(name: str, text: str, value: Any) -> None:
    by_flag = Settings.read({}, {name: text})
    by_variable = Settings.read({variable_of(name): text})
    assert getattr(by_flag, name) == value
    assert type(getattr(by_flag, name)) is type(value)
    assert by_flag == by_variable
    assert by_flag == Settings(**{name: value})


@pytest.mark.parametrize(("name", "text", "expected"), INVALID, ids=lambda part: part[:20])
def test_invalid_value_is_refused_in_one_line_that_names_its_source(
    name: str, text: str, expected: str
) -> None:
    for environ, flags, source in (
        ({}, {name: text}, flag_of(name)),
        ({variable_of(name): text}, {}, variable_of(name)),
    ):
        with pytest.raises(SettingsError) as caught:
            Settings.read(environ, flags)
        assert caught.value.message.startswith(f"{source} must be ")
        assert expected in caught.value.message
        assert caught.value.exit_code == 2
        assert len(caught.value.message.splitlines()) == 1


def test_invalid_url_of_the_store_is_not_repeated_as_it_may_have_a_password() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({"SANDBOX_STORE": "valkey://:secret"})
    assert "secret" not in caught.value.message


STORE = {"store": "valkey://user:secret@localhost:6379/0"}


def test_several_workers_serve_sandboxes_that_are_in_a_store() -> None:
    assert Settings.read({"SANDBOX_WORKERS": "64"}, STORE).workers == 64


@pytest.mark.parametrize(
    ("environ", "flags", "message"),
    [
        ({}, {"workers": "2"}, "--workers must be 1 without --store (the state is in memory"),
        ({"SANDBOX_WORKERS": "2"}, {}, "SANDBOX_WORKERS must be 1 without --store (the state is in memory"),
        (
            {"SANDBOX_PERSIST": "worlds.db"},
            {"workers": "2"},
            '--workers must be 1 without --store (the file of --persist has one writer), not "2".',
        ),
        ({"SANDBOX_PERSIST": "worlds.db"}, STORE, "--store cannot be combined with SANDBOX_PERSIST: "),
    ],
)
def test_settings_that_exclude_each_other_are_refused_in_one_line(
    environ: dict[str, str], flags: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read(environ, flags)
    assert caught.value.message.startswith(message)
    assert "secret" not in caught.value.message
    assert len(caught.value.message.splitlines()) == 1


def test_store_and_workers_are_switched_on_without_the_address() -> None:
    on = Settings.read({"SANDBOX_WORKERS": "4"}, STORE).switched_on()
    assert on == ["store (sandboxes are in Valkey or Redis)", "4 workers"]


@pytest.mark.parametrize(
    ("settings", "place"),
    [({}, None), ({"persist": "worlds.db"}, "worlds.db"), (STORE, "valkey://localhost:6379/0")],
)
def test_place_of_the_sandboxes_is_shown_without_a_password(
    settings: dict[str, str], place: str | None
) -> None:
    assert Settings.read({}, settings).kept_in == place


@pytest.mark.parametrize("name", ["port", "lenient", "workers"])
def test_error_is_one_line_for_a_value_of_several_lines(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({variable_of(name): "one\ntwo\r\nthree"})
    assert len(caught.value.message.splitlines()) == 1


def test_defaults() -> None:
    assert Settings.read({}) == Settings()
    defaults = Settings()
    assert (defaults.host, defaults.port, defaults.scenario, defaults.seed) == (
        "127.0.0.1",
        8000,
        "default",
        None,
    )
    assert (defaults.lenient, defaults.quiet, defaults.workers) == (False, False, 1)
    assert defaults.admin_token is None
    assert defaults.admin_origin == ()


def test_every_default_is_accepted_by_its_parser() -> None:
    for row in fields(Settings):
        if isinstance(row.default, (int, str)):
            assert row.metadata["parse"](str(row.default)) == row.default


def test_flag_overrides_variable() -> None:
    environ = {"SANDBOX_PORT": "1000", "SANDBOX_SCENARIO": "blank"}
    settings = Settings.read(environ, {"port": "2000"})
    assert (settings.port, settings.scenario) == (2000, "blank")


def test_overridden_variable_is_not_parsed() -> None:
    assert Settings.read({"SANDBOX_PORT": "nonsense"}, {"port": "2000"}).port == 2000


@pytest.mark.parametrize("variable", ["SANDBOX_URL", "SANDBOX_TOKEN"])
def test_variables_for_clients_are_no_settings(variable: str) -> None:
    assert Settings.read({variable: "http://127.0.0.1:1"}) == Settings()


def test_unrelated_variables_are_ignored() -> None:
    assert (
        Settings.read({"PORT": "1", "MY_SANDBOX_PORT": "2", "SANDBOXPORT": "3", "sandbox_port": "4"})
        == Settings()
    )


@pytest.mark.parametrize(
    ("variable", "suggested"),
    [
        ("SANDBOX_PROT", "SANDBOX_PORT"),
        ("SANDBOX_SCENARIOS", "SANDBOX_SCENARIO"),
        ("SANDBOX_MAX_SANDBOX", "SANDBOX_MAX_SANDBOXES"),
        ("SANDBOX_MAX_BODY_SIZE", "SANDBOX_MAX_BODY_BYTES"),
        ("SANDBOX_LENIANT", "SANDBOX_LENIENT"),
        ("SANDBOX_port", "SANDBOX_PORT"),
        ("SANDBOX_MAX-SANDBOXES", "SANDBOX_MAX_SANDBOXES"),
    ],
)
def test_error_for_an_unknown_variable_suggests_the_nearest_name(variable: str, suggested: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({variable: "1"})
    assert caught.value.message.startswith(f"{variable} is not a setting")
    assert suggested in caught.value.message
    assert len(caught.value.message.splitlines()) == 1


def test_error_for_a_variable_without_a_similar_name_lists_all() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read({"SANDBOX_ZZZZZZZZZZZZ": "1"})
    for row in fields(Settings):
        assert variable_of(row.name) in caught.value.message


def test_names_of_flag_and_variable() -> None:
    assert flag_of("max_sandboxes") == "--max-sandboxes"
    assert variable_of("max_sandboxes") == "SANDBOX_MAX_SANDBOXES"


def test_settings_are_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_every_setting_has_a_help_text() -> None:
    for row in fields(Settings):
        assert row.metadata["help"].endswith(".")
