"""Pauses of long work."""

from sandbox.world.pause import no_pause, with_pauses


def test_items_are_the_same_with_pauses() -> None:
    assert list(with_pauses(range(1000), no_pause)) == list(range(1000))


def test_there_is_a_pause_before_the_first_item_and_after_every_few() -> None:
    seen: list[object] = []
    seen.extend(with_pauses(range(200), lambda: seen.append("pause")))
    assert seen[:2] == ["pause", 0]
    assert seen.count("pause") == 4
    assert list(with_pauses([], no_pause)) == []
