"""Trips: the commands of several calls, of which those that only read and are the same travel once."""

from sandbox.engines.valkey.trip import Ask, Trip

SEE = ("FCALL", "sandbox1_see", 1, "key", 1)
RULES = ("HGET", "rules", "t")
PUSH = ("RPUSH", "list", "a")


def test_the_commands_of_a_lone_call_travel_as_they_are() -> None:
    trip = Trip.of([Ask((SEE, SEE, PUSH))])
    assert trip.commands == (SEE, SEE, PUSH)


def test_calls_that_ask_for_the_same_share_a_command() -> None:
    asks = [Ask((SEE, RULES)), Ask((RULES,)), Ask((("FCALL", "sandbox1_see", 1, "key", 2), RULES))]
    trip = Trip.of(asks)
    assert trip.commands == [SEE, RULES, ("FCALL", "sandbox1_see", 1, "key", 2)]
    assert [ask.places for ask in asks] == [[0, 1], [1], [2, 1]]


def test_commands_that_write_are_never_shared() -> None:
    asks = [Ask((PUSH, SEE)), Ask((PUSH, SEE))]
    trip = Trip.of(asks)
    assert trip.commands == [PUSH, SEE, PUSH]
    assert [ask.places for ask in asks] == [[0, 1], [2, 1]]
