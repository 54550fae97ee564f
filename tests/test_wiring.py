"""The wiring of the worlds: the engine and the fleet that the settings ask for."""

import sys
from pathlib import Path
from typing import Any

import pytest

import sandbox.engines.valkey as store_engine
from sandbox.engines.file import KeptServerRules
from sandbox.schemas.conversation import encode
from sandbox.settings import Settings
from sandbox.wiring import Wiring
from sandbox.world.concurrency import THREADS
from sandbox.world.engine import UnusableFile, UnusableStore
from sandbox.world.fleet import LocalFleet
from sandbox.world.interface import Fleet, World
from sandbox.world.pulsing_sandbox import PulsingSandbox
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.server_rules import ServerRules
from tests.conftest import cached_scenario
from tests.valkey_server import ValkeyServer
from tests.world.harness import BOUNDS, FakeClock


def wired(**settings: Any) -> tuple[ServerRules, Fleet]:
    wiring = Wiring(
        Settings(**settings),
        cached_scenario("documented"),
        Runtime(FakeClock(), encode, BOUNDS),
        FakeClock(),
        THREADS,
    )
    return wiring.worlds()


def world_of(fleet: Fleet, key: str = "me") -> World:
    fleet.begin()
    with fleet.using(key) as lease:
        return lease.world


@pytest.mark.parametrize(("pulse", "kind"), [(False, Sandbox), (True, PulsingSandbox)])
def test_worlds_are_in_memory_by_default(pulse: bool, kind: type) -> None:
    rules, fleet = wired(pulse=pulse)
    assert type(rules) is ServerRules
    assert isinstance(fleet, LocalFleet)
    assert type(world_of(fleet)) is kind


def test_worlds_are_in_a_file_if_the_settings_say_so(tmp_path: Path) -> None:
    rules, fleet = wired(persist=str(tmp_path / "worlds.db"))
    assert isinstance(rules, KeptServerRules)
    assert world_of(fleet).size == 2


def test_a_file_that_is_unusable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile):
        wired(persist=str(tmp_path))[1].begin()


@pytest.mark.needs("valkey-server")
@pytest.mark.parametrize("pulse", [False, True])
def test_worlds_are_in_a_store_if_the_settings_say_so(valkey: ValkeyServer, pulse: bool) -> None:
    rules, fleet = wired(store=valkey.url, store_prefix="p:", pulse=pulse, error_rate=0.5)
    shared: Any = fleet
    world = world_of(fleet)
    assert isinstance(world, PulsingSandbox) is pulse
    assert len(rules.all) == 1
    assert all(key.startswith(b"p:") for key in valkey.run("KEYS", "*"))
    shared.close()


def test_a_store_that_cannot_be_reached_is_refused() -> None:
    with pytest.raises(UnusableStore):
        wired(store="valkey://127.0.0.1:1")


def test_a_store_needs_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(store_engine, "engine", raising=False)
    monkeypatch.setitem(sys.modules, "valkey", None)
    for name in [name for name in sys.modules if name.startswith("sandbox.engines.valkey.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UnusableStore, match=r"pip install 'protocol-sandbox\[valkey\]'"):
        wired(store="valkey://127.0.0.1:1")


def test_ids_of_sandboxes_depend_on_the_key_of_the_settings() -> None:
    ids = {key: wired(id_key=key)[1] for key in ("a", "b")}
    again = wired(id_key="a")[1]
    listed = {}
    for name, fleet in {**ids, "again": again}.items():
        world_of(fleet)
        listed[name] = [summary.label.id for summary in fleet.summaries()]
    assert listed["a"] == listed["again"] != listed["b"]


def test_rules_of_the_command_line_are_those_of_the_settings() -> None:
    rules, _ = wired(latency="100", error_rate=0.5)
    assert len(rules.all) == 2
    assert rules.rules == ()


def test_the_end_of_a_world_leaves_its_scenario_to_the_others() -> None:
    _, fleet = wired()
    world_of(fleet).create(1, "contact", None)
    (summary,) = fleet.summaries()
    fleet.drop(summary.label.id)
    assert world_of(fleet).size == 2
