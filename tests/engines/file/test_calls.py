"""The journals of the worlds in a file."""

import pytest

from sandbox.world.errors import StorageFailed
from sandbox.world.journal import Key
from tests.engines.file.harness import Server, failing
from tests.world.test_sandbox import CALL


def test_calls_and_their_exact_count_outlast_the_process(server: Server) -> None:
    for number in range(150):
        server.world().record(1, CALL._replace(id=f"call-{number}", status=201 if number % 3 else None))
    server.restart()
    world = server.world()
    assert [call.id for call in world.entries(Key(), 100)] == [f"call-{149 - number}" for number in range(5)]
    assert (world.count_calls(Key()), world.count_calls(Key(status=201))) == (150, 100)
    assert world.journal_truncated
    assert server.count("calls") < 5 + 64


def test_a_journal_of_which_nothing_was_dropped_is_whole_after_a_restart(server: Server) -> None:
    server.world().record(1, CALL)
    server.restart()
    assert not server.world().journal_truncated


def test_a_cleared_journal_is_empty_after_a_restart(server: Server) -> None:
    server.world("you").record(1, CALL)
    server.world().record(1, CALL)
    server.world().clear_journal(1)
    server.restart()
    assert (server.world().count_calls(Key()), server.world("you").count_calls(Key())) == (0, 1)


def test_calls_of_an_earlier_journal_are_not_kept(server: Server) -> None:
    server.world().record(1, CALL)
    server.world().reset(server.start)
    server.world().record(1, CALL)
    server.restart()
    assert server.world().count_calls(Key()) == 0


def test_a_call_that_cannot_be_stored_is_answered_and_the_reason_is_printed_once(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    world = server.world()
    with failing(server):
        world.record(1, CALL)
        world.record(1, CALL)
    assert world.count_calls(Key()) == 2
    assert capsys.readouterr().err == (
        "protocol-sandbox: --persist: the journal cannot be written: attempt to write a readonly database\n"
    )


def test_a_journal_that_cannot_be_cleared_is_not_cleared(server: Server) -> None:
    server.world().record(1, CALL)
    with failing(server), pytest.raises(StorageFailed):
        server.world().clear_journal(1)
    assert server.world().count_calls(Key()) == 1
