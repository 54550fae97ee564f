"""Error replies: those that pass by themselves are told from the others."""

import pytest
from valkey.exceptions import ConnectionError as ConnectionFailed
from valkey.exceptions import ResponseError

from sandbox.engines.valkey.failures import CommandFailed, Refused, command_error, one_line, reason_of


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("LOADING Valkey is loading the dataset in memory", "it is loading its data"),
        ("READONLY You can't write against a read only replica.", "it is a read-only replica"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "its memory is full (maxmemory)"),
        ("CLUSTERDOWN Hash slot not served", "its cluster is down"),
        ("MOVED 3999 127.0.0.1:6381", "its cluster has moved the keys"),
        ("ERR max number of clients reached", "it has too many clients (maxclients)"),
    ],
)
def test_a_temporary_error_is_a_refusal(text: str, reason: str) -> None:
    error = command_error(ResponseError(text))
    assert isinstance(error, Refused)
    assert error.reason == reason
    assert str(error) == text
    assert reason_of(ResponseError(text)) == reason


@pytest.mark.parametrize("text", ["ERR unknown command 'X'", "WRONGTYPE Operation against a key", "Stale"])
def test_any_other_error_is_a_failure_of_the_command(text: str) -> None:
    error = command_error(ResponseError(text))
    assert type(error) is CommandFailed
    assert error.code == text.split(" ", maxsplit=1)[0]
    assert reason_of(ResponseError(text)) == str(error).strip()


def test_a_reason_is_one_line_of_limited_length() -> None:
    assert reason_of(ConnectionFailed("Error 111\nconnecting.  Refused.")) == "Error 111 connecting. Refused."
    assert reason_of(ConnectionFailed()) == "ConnectionError"
    assert len(one_line("a" * 1000)) == 200
