"""The applications of tests, whose worlds are in memory or, with ``--engine``, also in files or in a store.

After each test, another application is opened on the files or the store of each one, and must have the very worlds that
the first one has. So every test that writes is also a test of the engine.
"""

from collections.abc import Callable, Iterator
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
from sandbox.world.interface import Fleet, World
from sandbox.world.journal import Key
from sandbox.world.state import SandboxState

ENGINES = ("memory", "file", "valkey")

Picture = dict[str, Any]


class Applications:
    """The applications of a test run.

    ``kept_in`` returns the settings of where the worlds of the next application are kept; None: they are in memory.
    """

    def __init__(self) -> None:
        self.kept_in: Callable[[int], dict[str, str]] | None = None
        self._numbers = count(1)
        self._opened: list[tuple[Flask, Settings, dict[str, Any]]] = []

    def open(self, settings: Settings, **given: Any) -> Flask:
        """Return the application of ``settings``, on the engine of this run."""
        if self.kept_in is None or settings.kept_in is not None:
            return create_app(settings, **given)
        kept_in: dict[str, Any] = {**self.kept_in(next(self._numbers))}
        settings = replace(settings, **kept_in)
        app = create_app(settings, **given)
        self._opened.append((app, settings, given))
        return app

    def reopened(self) -> Iterator[tuple[Picture, Picture]]:
        """Open another application for each, and yield the worlds of the first and of the second one."""
        while self._opened:
            app, settings, given = self._opened.pop()
            before = picture(app)
            close(app)
            again = create_app(replace(settings, journal_file=None), **given)
            after = picture(again)
            close(again)
            if settings.persist is not None:
                Path(settings.persist).unlink()
            yield before, after


APPLICATIONS = Applications()


def close(app: Flask) -> None:
    """Close the file of an application, or its connections to the store."""
    fleet: Any = fleet_of(app)
    if isinstance(fleet, LocalFleet):
        engine = fleet._engine  # noqa: SLF001  # no caller of the server needs it
        assert isinstance(engine, FileEngine)
        engine.close()
    else:
        fleet.close()


def fleet_of(app: Flask) -> Fleet:
    edge = app.wsgi_app
    assert isinstance(edge, Edge)
    return edge._fleet  # noqa: SLF001  # likewise


def picture(app: Flask) -> Picture:
    """Return all that a restart must not change, as values that can be compared."""
    fleet = fleet_of(app)
    with app.test_client() as client:
        rules = client.get("/__admin/faults", headers={"X-Admin-Token": "secret"}).get_json()
    # Ids of sandboxes in files depend on a key that each server draws.
    labels = [(None, None), *((each.label.name, each.label.token) for each in fleet.summaries())]
    pictures = [picture_of(world) for world in fleet.worlds()]
    named = zip(labels, pictures, strict=True)
    return {"server-wide rules": rules, "worlds": sorted(named, key=repr)}


def picture_of(world: World) -> Picture:
    return {
        "state": picture_of_state(world.state),
        "snapshots": [(each.id, each.at, picture_of_state(each.state)) for each in world.snapshots],
        "calls": world.entries(Key(), 1_000_000),
        "count": world.count_calls(Key()),
        "errors": world.count_calls(Key(status=404)),
        "truncated": world.journal_truncated,
    }


def picture_of_state(state: SandboxState) -> Picture:
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
