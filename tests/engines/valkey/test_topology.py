"""The server of a command: the one that has its key."""

import pytest
from valkey.crc import key_slot

from sandbox.engines.valkey.connection import Node
from sandbox.engines.valkey.topology import Command, Topology, cluster, first_key

A, B = Node("10.0.0.1", 1), Node("10.0.0.2", 2)
LOW, HIGH = "{b}", "{a}"
"""Keys of the lower and the upper half of the slots."""


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("GET", "a"), b"a"),
        (("GET", b"a"), b"a"),
        (("FCALL", "f", 2, "a", "b", "c"), b"a"),
        (("FCALL", "f", 0, "a"), None),
        (("FCALL", "f", 0), None),
        (("PUBLISH", "channel", "message"), None),
        (("PING",), None),
        (("FUNCTION", "LIST"), None),
    ],
)
def test_first_key_of_a_command(command: Command, key: bytes | None) -> None:
    assert first_key(command) == key


@pytest.fixture
def two() -> Topology:
    """Return a cluster of two servers, with half of the slots each."""
    return cluster([[8192, 16383, [b"10.0.0.2", 2]], [0, 8191, [b"10.0.0.1", 1], [b"10.0.0.9", 9]]], A)


def test_a_key_has_a_server(two: Topology) -> None:
    assert key_slot(LOW.encode()) < 8192 <= key_slot(HIGH.encode())
    assert two.is_cluster
    assert two.nodes == (A, B)
    assert two.node_of(("GET", LOW)) == A
    assert two.node_of(("FCALL", "f", 1, f"x{HIGH}y")) == B


def test_a_command_without_a_key_follows_the_one_before(two: Topology) -> None:
    commands: list[Command] = [("PING",), ("SET", HIGH, 1), ("WAIT", 1, 10), ("SET", LOW, 1), ("WAIT", 1, 10)]
    assert two.split(commands) == {A: [0, 3, 4], B: [1, 2]}


def test_a_server_without_a_name_is_the_one_that_was_asked() -> None:
    assert cluster([[0, 16383, [b"", 7]]], A).nodes == (Node("10.0.0.1", 7),)
    assert cluster([[0, 16383, [None, 7]]], A).nodes == (Node("10.0.0.1", 7),)


def test_a_cluster_may_have_slots_without_a_server() -> None:
    part = cluster([[0, 8191, [b"10.0.0.1", 1]]], A)
    assert part.node_of(("GET", HIGH)) == A
    assert cluster([], A).nodes == (A,)


def test_a_server_that_is_no_cluster_has_all_keys() -> None:
    plain = Topology([A])
    assert not plain.is_cluster
    assert plain.split([("GET", LOW), ("GET", HIGH), ("PING",)]) == {A: [0, 1, 2]}
