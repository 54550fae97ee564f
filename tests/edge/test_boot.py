"""The boot: its id, and the time since it."""

import re

from sandbox.edge.boot import Boot


def test_boot_has_an_id_of_its_own() -> None:
    one, other = Boot(lambda: 0.0), Boot(lambda: 0.0)
    assert re.fullmatch("[0-9a-f]{8}", one.id)
    assert one.id == one.id
    assert one.id != other.id


def test_uptime_counts_from_the_begin_of_the_boot() -> None:
    now = [5.0]
    boot = Boot(lambda: now[0])
    now[0] = 7.5
    assert boot.uptime() == 2.5
    boot.begin()
    assert boot.uptime() == 0
    now[0] = 8.0
    assert boot.uptime() == 0.5


def test_another_begin_is_another_boot() -> None:
    boot = Boot(lambda: 0.0)
    first = boot.id
    boot.begin()
    assert boot.id != first
