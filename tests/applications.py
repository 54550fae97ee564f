"""The applications of tests, whose worlds are in memory or, with ``--engine file``, also in files.

After each test, the files of its applications are opened again, and must hold the very worlds that the applications
have. So every test that writes is also a test of the file.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask

from sandbox.app import create_app
from sandbox.edge.edge import Edge
from sandbox.engines.file import FileEngine
from sandbox.faults.rule_state import exported_rules, exported_server_rules
from sandbox.settings import Settings
from sandbox.world.fleet import LocalFleet
from sandbox.world.interface import SandboxSlot, World
from sandbox.world.journal import Key
from sandbox.world.state import SandboxState

ENGINES = ("memory", "file")


class Applications:
    """The applications of a test run. ``folder`` is where the files of their worlds are; None: worlds are in memory."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._numbers = count(1)
        self._opened: list[tuple[Flask, Settings, dict[str, Any]]] = []

    def open(self, settings: Settings, **given: Any) -> Flask:
        """Return the application of ``settings``, on the engine of this run."""
        if self.folder is None or settings.persist is not None:
            return create_app(settings, **given)
        settings = replace(settings, persist=str(self.folder / f"{next(self._numbers)}.db"))
        app = create_app(settings, **given)
        self._opened.append((app, settings, given))
        return app

    def reopened(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Open all files again, and yield the worlds that were in memory and those that are in the file."""
        while self._opened:
            app, settings, given = self._opened.pop()
            before = picture(app)
            close(app)
            again = create_app(replace(settings, journal_file=None), **given)
            after = picture(again)
            close(again)
            assert settings.persist is not None
            Path(settings.persist).unlink()
            yield before, after


APPLICATIONS = Applications()


def close(app: Flask) -> None:
    """Close the file of an application."""
    engine = fleet_of(app)._engine  # noqa: SLF001  # no caller of the server needs it
    assert isinstance(engine, FileEngine)
    engine.close()


def fleet_of(app: Flask) -> LocalFleet:
    edge = app.wsgi_app
    assert isinstance(edge, Edge)
    fleet = edge._fleet  # noqa: SLF001  # likewise
    assert isinstance(fleet, LocalFleet)
    return fleet


def picture(app: Flask) -> dict[str, Any]:
    """Return all that a restart must not change, as values that can be compared."""
    fleet = fleet_of(app)
    with app.test_client() as client:
        rules = client.get("/__admin/faults", headers={"X-Admin-Token": "secret"}).get_json()
    return {
        "server-wide rules": rules,
        "worlds": {str(slot.key): picture_of(slot) for slot in (fleet.anonymous, *fleet)},
    }


def picture_of(slot: SandboxSlot) -> dict[str, Any]:
    world: World = slot.world
    return {
        "token": slot.token,
        "state": picture_of_state(world.state),
        "snapshots": [(each.id, each.at, picture_of_state(each.state)) for each in world.snapshots],
        "calls": world.entries(Key(), 1_000_000),
        "count": world.count_calls(Key()),
        "errors": world.count_calls(Key(status=404)),
        "truncated": world.journal_truncated,
    }


def picture_of_state(state: SandboxState) -> dict[str, Any]:
    return {
        "conversations": list(state.table),
        "deleted": list(state.table.deletions()),
        "ids": (state.seed, state.pinned_ids, state.id_index),
        "idempotency keys": list(state.idempotency_keys),
        "story": state.story,
        "clock": (state.frozen_at, state.clock_offset),
        "rules": exported_rules(state),
        "server-wide rules": exported_server_rules(state),
    }
