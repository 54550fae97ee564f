"""The inbox: messages of other workers, and messages that no worker has published."""

from queue import SimpleQueue

import pytest

from sandbox.world.journal_feed import Batch
from tests.engines.valkey.workers import OpenWorker, call, feed_of, taken
from tests.tcp_proxy import TcpProxy
from tests.valkey_server import ValkeyServer, free_port

pytestmark = pytest.mark.needs("valkey-server")

FOREIGN_CALLS = [
    b"",
    b"hello",
    b"\xff\n",
    b"no label\n",
    b"id\x1fname\x1ftoken\nno number",
    b"id\x1fname\x1ftoken\n1 nonce\n[]",
    b"id\x1fname\x1ftoken\n1 nonce\n{",
    b"id\x1fname\x1ftoken\n1 nonce\n" + b"[" * 100_000,
    b'id\x1fname\x1ftoken\n1 nonce\n["id", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]',
]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_foreign_messages_on_the_channel_of_calls_are_ignored(
    open_worker: OpenWorker, valkey: ValkeyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    worker = open_worker()
    listener = feed_of(worker).listen(lambda _: True)
    for message in FOREIGN_CALLS:
        valkey.run("PUBLISH", worker.keys.calls, message)
    with worker.using() as world:
        world.record(1, call(1))
    assert [update.entry for update in taken(listener, 1)] == [call(1)]
    assert lines(capsys) == [
        "protocol-sandbox: --store: a message of the channel test:calls is ignored: ValueError('it has no label')"
    ]


def test_foreign_messages_on_the_channel_of_wakes_are_ignored(
    open_worker: OpenWorker,
    valkey: ValkeyServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    worker = open_worker()
    woken: SimpleQueue[str] = SimpleQueue()
    while valkey.run("PUBLISH", worker.keys.wakes, "nobody's") == 0:
        pass  # The worker subscribes in the background.
    monkeypatch.setattr(worker.fleet, "wake", woken.put)
    for message in (b"\xff", b"\xff\xfe", b"", "mine"):
        valkey.run("PUBLISH", worker.keys.wakes, message)
    while (world_id := woken.get(timeout=60)) != "mine":
        assert world_id in {"", "nobody's"}
    (line,) = lines(capsys)
    assert line.startswith("protocol-sandbox: --store: a message of the channel test:wakes is ignored: ")


def test_an_unforeseen_error_does_not_end_the_reading(
    open_worker: OpenWorker,
    valkey: ValkeyServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    worker = open_worker()
    listener = feed_of(worker).listen(lambda _: True)

    def fail(_: str) -> None:
        raise KeyError("unforeseen")

    monkeypatch.setattr(worker.fleet, "wake", fail)
    valkey.run("PUBLISH", worker.keys.wakes, "an id")
    with worker.using() as world:
        world.record(1, call(1))
    assert [update.entry for update in taken(listener, 1)] == [call(1)]
    (line,) = lines(capsys)
    assert line.endswith("KeyError('unforeseen')")


def test_listeners_are_told_that_calls_are_missing_after_the_connection_was_lost(
    open_worker: OpenWorker, valkey: ValkeyServer
) -> None:
    with TcpProxy(valkey.port) as proxy:
        worker, other = open_worker(f"valkey://127.0.0.1:{proxy.port}"), open_worker()
        listeners = [feed_of(worker).listen(lambda _: True) for _ in range(2)]
        with other.using() as world:
            world.record(1, call(1))
            for listener in listeners:
                assert [update.entry for update in taken(listener, 1)] == [call(1)]
            proxy.target = free_port()
            proxy.cut()
            world.record(1, call(2))
            proxy.target = valkey.port
            for listener in listeners:
                assert listener.take(60.0, 100) == Batch((), None)
            world.record(1, call(3))
        for listener in listeners:
            assert [update.entry for update in taken(listener, 1)] == [call(3)]


def test_listeners_are_told_of_no_loss_while_there_was_none(open_worker: OpenWorker) -> None:
    worker = open_worker()
    listener = feed_of(worker).listen(lambda _: True)
    with worker.using() as world:
        world.record(1, call(1))
    batch = listener.take(60.0, 100)
    assert [update.entry for update in batch.updates] == [call(1)]
    assert batch.dropped == 0
