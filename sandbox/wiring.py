"""The wiring of the worlds: the server-wide rules and the fleet that the settings ask for."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sandbox.engines.memory import MemoryEngine
from sandbox.faults.command_line import command_line_rules
from sandbox.seeding.scenario import Scenario
from sandbox.settings import Settings
from sandbox.world.concurrency import Concurrency
from sandbox.world.engine import Engine, UnusableStore
from sandbox.world.fleet import LocalFleet
from sandbox.world.interface import Fleet, World
from sandbox.world.pulsing_sandbox import PulsingSandbox
from sandbox.world.runtime import Runtime
from sandbox.world.sandbox import Sandbox
from sandbox.world.server_rules import ServerRules
from sandbox.world.state import SandboxState
from sandbox.world.world_parts import release_later

Rules = TypeVar("Rules", bound=ServerRules)


@dataclass(frozen=True, slots=True)
class Wiring:
    """The parts of which the worlds of a server are made."""

    settings: Settings
    scenario: Scenario
    runtime: Runtime
    monotonic: Callable[[], float]
    concurrency: Concurrency

    def worlds(self) -> tuple[ServerRules, Fleet]:
        """Return the server-wide rules and the fleet. Raises UnusableFile and UnusableStore."""
        settings = self.settings
        if settings.store is not None:
            return self._shared(settings.store)
        id_key = settings.id_key.encode() if settings.id_key else secrets.token_bytes(16)
        server_rules, engine = self._in_memory() if settings.persist is None else self._kept(settings.persist)
        return server_rules, LocalFleet(
            engine,
            self.monotonic,
            settings.max_sandboxes,
            settings.idle_seconds,
            id_key,
            strict=settings.strict_worlds,
            on_removed=self._release,
        )

    def _in_memory(self) -> tuple[ServerRules, Engine]:
        kind = PulsingSandbox if self.settings.pulse else Sandbox
        launch = partial(_launch, kind, self._initial_state, self.runtime)
        return self._rules(ServerRules), MemoryEngine(launch)

    def _kept(self, path: str) -> tuple[ServerRules, Engine]:
        from sandbox.engines.file import FileEngine, KeptServerRules  # noqa: PLC0415  # it imports SQLite

        rules = self._rules(KeptServerRules)
        return rules, FileEngine(
            path,
            self._initial_state,
            self.runtime,
            rules,
            self.concurrency.pause,
            has_pulse=self.settings.pulse,
        )

    def _shared(self, url: str) -> tuple[ServerRules, Fleet]:
        try:
            from sandbox.engines.valkey import engine as valkey  # noqa: PLC0415  # it imports the store's client
        except ModuleNotFoundError as error:
            raise UnusableStore(
                f"needs the package {error.name}: pip install 'protocol-sandbox[valkey]'"
            ) from None
        settings = self.settings
        engine = valkey.ValkeyEngine(
            url,
            settings.store_prefix,
            settings.id_key.encode() if settings.id_key else None,
            timeout=settings.store_timeout,
            connections=settings.store_connections,
            feed=self.runtime.feed,
        )
        rules = self._rules(valkey.SharedServerRules)
        kind, plain = (
            (valkey.SharedPulsingSandbox, PulsingSandbox)
            if settings.pulse
            else (valkey.SharedSandbox, Sandbox)
        )
        return rules, valkey.SharedFleet(
            kind=kind,
            plain=plain,
            runtime=self.runtime,
            initial_state=self._initial_state,
            connect=lambda fleet: engine.connect(rules, fleet, self.concurrency),
            now=self.monotonic,
            capacity=settings.max_sandboxes,
            idle_seconds=settings.idle_seconds,
            id_key=engine.id_key,
            strict=settings.strict_worlds,
            on_removed=self._release,
        )

    def _rules(self, kind: type[Rules]) -> Rules:
        settings = self.settings
        return kind(
            settings.max_rules,
            self.runtime.rule_sleepers.wake,
            command_line_rules(settings.latency, settings.error_rate, settings.error_status),
            settings.max_rule_bytes,
        )

    def _initial_state(self) -> SandboxState:
        return self.scenario.initial_state(self.runtime.now())

    def _release(self, world: World) -> None:
        """Free what a world that was removed occupied."""
        concurrency = self.concurrency
        # The parts of the scenario are those of many sandboxes, and stay.
        kept = self.scenario.initial_state(self.runtime.now()).large_parts
        release_later(world, spawn=concurrency.spawn, pause=concurrency.pause, kept=kept)


def _launch(
    kind: type[Sandbox], initial_state: Callable[[], SandboxState], runtime: Runtime, key: str
) -> Sandbox:
    return kind(initial_state(), runtime, key)
