"""Messages of channels of a real server, and word of losses."""

import pytest

from sandbox.engines.valkey.subscription import Event, Link, Message, Subscription
from tests.engines.valkey.conftest import OpenClient
from tests.tcp_proxy import TcpProxy
from tests.valkey_server import ValkeyCluster, ValkeyServer

pytestmark = pytest.mark.needs("valkey-server")


def take(subscription: Subscription, number: int) -> list[Event]:
    """Return the next events."""
    return [next(subscription) for _ in range(number)]


def test_messages_arrive_in_order(valkey: ValkeyServer, open_client: OpenClient) -> None:
    client = open_client(valkey.url)
    subscription = client.subscribe(["resets", "news"])
    assert take(subscription, 1) == [Link.ESTABLISHED]
    client.execute([("PUBLISH", "resets", "1"), ("PUBLISH", "other", "2"), ("PUBLISH", "news", b"\xff")])
    assert take(subscription, 2) == [Message("resets", b"1"), Message("news", b"\xff")]
    subscription.close()
    assert list(subscription) == []


def test_channels_are_added_and_removed(valkey: ValkeyServer, open_client: OpenClient) -> None:
    client = open_client(valkey.url)
    subscription = client.subscribe([])
    subscription.add("early")
    assert take(subscription, 1) == [Link.ESTABLISHED]
    subscription.add("late", "early")
    client.execute([("PUBLISH", "early", 1)])
    assert take(subscription, 1) == [Message("early", b"1")]
    subscription.remove("early")
    while valkey.run("PUBSUB", "NUMSUB", "early") != [b"early", 0]:
        pass  # The server takes commands of other connections in any order.
    client.execute([("PUBLISH", "early", 2), ("PUBLISH", "late", 3)])
    assert take(subscription, 1) == [Message("late", b"3")]
    subscription.remove("late")
    subscription.add("last")
    while valkey.run("PUBSUB", "NUMSUB", "last") != [b"last", 1]:
        pass
    client.execute([("PUBLISH", "late", 4), ("PUBLISH", "last", 5)])
    assert take(subscription, 1) == [Message("last", b"5")]
    subscription.close()
    assert list(subscription) == []


def test_a_lost_connection_is_told_of_and_replaced(valkey: ValkeyServer, open_client: OpenClient) -> None:
    with TcpProxy(valkey.port) as proxy:
        client = open_client(f"valkey://127.0.0.1:{proxy.port}")
        subscription = Subscription(client, ["news"], retry_seconds=0.0)
        assert take(subscription, 1) == [Link.ESTABLISHED]
        proxy.cut()
        assert take(subscription, 2) == [Link.LOST, Link.ESTABLISHED]
        client.execute([("PUBLISH", "news", "again")])
        assert take(subscription, 1) == [Message("news", b"again")]
        subscription.close()
        assert list(subscription) == []


def test_messages_of_all_nodes_of_a_cluster_arrive(
    valkey_cluster: ValkeyCluster, open_client: OpenClient
) -> None:
    client = open_client(valkey_cluster.url)
    subscription = client.subscribe(["news"])
    assert take(subscription, 1) == [Link.ESTABLISHED]
    client.execute_everywhere(("PUBLISH", "news", "x"))
    assert take(subscription, 3) == [Message("news", b"x")] * 3
    subscription.close()
    assert list(subscription) == []


def test_it_stays_while_there_is_no_message(valkey: ValkeyServer, open_client: OpenClient) -> None:
    client = open_client(valkey.url, timeout=0.05)
    subscription = client.subscribe(["news"])
    assert take(subscription, 1) == [Link.ESTABLISHED]
    pings = valkey.run("INFO", "commandstats")["cmdstat_ping"]["calls"]
    # Nothing is published until the server has got pings.
    connection = subscription._connection  # noqa: SLF001
    for _ in range(3):
        assert subscription._read() is None  # noqa: SLF001
    assert valkey.run("INFO", "commandstats")["cmdstat_ping"]["calls"] > pings
    client.execute([("PUBLISH", "news", "x")])
    assert take(subscription, 1) == [Message("news", b"x")]
    assert subscription._connection is connection  # noqa: SLF001
    subscription.close()
    assert list(subscription) == []


def test_a_channel_that_is_added_while_the_connection_is_closed_opens_no_other(
    valkey: ValkeyServer, open_client: OpenClient
) -> None:
    with TcpProxy(valkey.port) as proxy:
        client = open_client(f"valkey://127.0.0.1:{proxy.port}")
        subscription = Subscription(client, ["news"], retry_seconds=0.0)
        assert take(subscription, 1) == [Link.ESTABLISHED]
        accepted = proxy.accepted
        subscription._connection.disconnect()  # noqa: SLF001  # as the reader does at this moment
        subscription.add("late")
        assert proxy.accepted == accepted
        assert take(subscription, 2) == [Link.LOST, Link.ESTABLISHED]
        client.execute([("PUBLISH", "late", "x")])
        assert take(subscription, 1) == [Message("late", b"x")]
        subscription.close()
        assert list(subscription) == []
