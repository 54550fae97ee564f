"""The names of keys: their prefix, and the slots of a cluster."""

import re

from valkey.crc import key_slot

from sandbox.engines.valkey.keys import Keys, WorldKeys


def slot_of(key: str) -> int:
    slot: int = key_slot(key.encode())
    return slot


def names(keys: Keys) -> list[str]:
    return [value for value in vars(keys).values() if isinstance(value, str) and value != keys.prefix]


def test_all_names_begin_with_the_prefix_and_differ() -> None:
    keys = Keys("p:")
    found = [*names(keys), *keys.world("a"), *keys.world("b"), keys.source("d")]
    assert all(name.startswith("p:") for name in found)
    assert len(set(found)) == len(found)


def test_keys_of_a_world_share_a_slot_that_others_do_not() -> None:
    worlds = [Keys("p:").world(f"{number:032x}") for number in range(20)]
    assert all(len({slot_of(key) for key in world}) == 1 for world in worlds)
    assert len({slot_of(world.meta) for world in worlds}) > 10


def test_keys_that_a_function_uses_together_share_a_slot() -> None:
    keys = Keys("p:")
    for together in (
        (keys.used, keys.ending),
        (keys.format, keys.id_key, keys.id_check),
    ):
        assert len({slot_of(key) for key in together}) == 1


def test_each_key_has_one_part_in_braces() -> None:
    keys = Keys("")
    channels = {keys.calls, keys.wakes}
    for key in {*names(keys), *keys.world("a"), keys.source("d")} - channels:
        assert len(re.findall(r"\{[^{}]+\}", key)) == 1


def test_a_world_has_six_keys() -> None:
    assert WorldKeys._fields == ("meta", "log", "checkpoint", "calls", "counts", "alias")
