"""The place where everything is wired together, and the only one."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from flask import Flask

from sandbox.api import conversations, openapi
from sandbox.api import endpoint as api_endpoint
from sandbox.api.application import Application
from sandbox.control import endpoint as control_endpoint
from sandbox.control import openapi as control_openapi
from sandbox.control.context import ControlContext
from sandbox.control.guard import Guard
from sandbox.control.table import ENDPOINTS as CONTROL_ENDPOINTS
from sandbox.edge.boot import Boot
from sandbox.edge.edge import Edge
from sandbox.edge.injection.injector import FaultInjector
from sandbox.edge.injection.selector import FaultSelector
from sandbox.edge.journal_file import JournalFile
from sandbox.edge.request_id import RequestIds
from sandbox.pages import documentation, errors, home
from sandbox.panel import pages as panel
from sandbox.schemas.conversation import encode
from sandbox.seeding.scenario import Scenario, ScenarioError, load
from sandbox.settings import Settings, SettingsError
from sandbox.version import __version__
from sandbox.wiring import Wiring
from sandbox.world.clock import Now
from sandbox.world.concurrency import THREADS, Concurrency
from sandbox.world.engine import UnusableFile, UnusableStore
from sandbox.world.journal_feed import JournalFeed
from sandbox.world.runtime import Bounds, Runtime
from sandbox.world.sleep_limit import SleepLimit
from sandbox.world.sleepers import RuleSleepers


def create_app(
    settings: Settings | None = None,
    *,
    scenario: Scenario | None = None,
    now: Now = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    concurrency: Concurrency = THREADS,
    boot: Boot | None = None,
    feed: JournalFeed | None = None,
) -> Flask:
    """Return the server as a WSGI application; without ``settings``, the ``SANDBOX_…`` variables configure it.

    ``scenario`` is for a caller that has loaded the scenario of the settings already. ``now`` returns Unix seconds and
    drives the clocks of the sandboxes, ``monotonic`` returns seconds that never go back and drives expiry.
    ``concurrency`` is how calls run side by side. ``boot`` is for a server that starts the process which answers after
    this call, ``feed`` for one that closes the streams of the journal when it ends. Raises SettingsError.
    """
    settings = settings or Settings.read(os.environ)
    scenario = scenario or scenario_of(settings)
    wait, new_event = concurrency.wait, concurrency.new_event
    pause, offload = concurrency.pause, concurrency.offload
    feed = feed or JournalFeed(settings.max_streams, wait, new_event)
    runtime = Runtime(now, encode, _bounds(settings), wait, new_event, feed, RuleSleepers(), offload)
    with _usable(settings):
        server_rules, fleet = Wiring(settings, scenario, runtime, monotonic, concurrency).worlds()

    def begin() -> None:
        with _usable(settings):
            fleet.begin()

    if boot is None:
        boot = Boot(monotonic)
        begin()
    else:
        boot.on_begin(begin)
    context = ControlContext(
        fleet,
        server_rules,
        scenario,
        settings,
        now,
        boot,
        feed,
        partial(secrets.token_hex, 8),
        pause,
        offload,
    )

    app = Application(__name__)
    endpoints = conversations.endpoints(requires_key=settings.require_idempotency_key)
    for endpoint in endpoints:
        api_endpoint.register(app, endpoint, lenient=settings.lenient)
    openapi.register(app, endpoints, __version__, lenient=settings.lenient)
    control_endpoint.register_all(app, CONTROL_ENDPOINTS, context)
    control_openapi.register(app, CONTROL_ENDPOINTS, __version__)
    for pages in (panel, home, documentation, errors):
        pages.register(app)

    app.wsgi_app = Edge(  # type: ignore[method-assign]  # the way that Flask documents for middleware
        app.wsgi_app,
        FaultInjector(app.wsgi_app, FaultSelector(server_rules), SleepLimit(settings.max_sleepers)),
        Guard(app.wsgi_app, settings.admin_token, settings.admin_origin),
        fleet,
        RequestIds(boot),
        settings,
        monotonic,
        None if settings.journal_file is None else _journal_file(settings.journal_file),
        pause,
        offload,
    )
    return app


def scenario_of(settings: Settings) -> Scenario:
    """Return the scenario that the settings name. Raises SettingsError with one line."""
    try:
        return load(settings.scenario, settings.seed)
    except ScenarioError as error:
        raise SettingsError(str(error)) from None


def _journal_file(path: str) -> JournalFile:
    try:
        return JournalFile(path)
    except OSError as error:
        raise SettingsError(f"--journal-file cannot be written: {error.strerror}: {path}") from None


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        conversations=settings.max_conversations,
        snapshots=settings.max_snapshots,
        rules=settings.max_rules,
        journal_entries=settings.journal_entries,
        journal_bytes=settings.journal_bytes,
        snapshot_bytes=settings.max_snapshot_bytes,
        rule_bytes=settings.max_rule_bytes,
        idempotency_keys=settings.max_idempotency_keys,
    )


@contextmanager
def _usable(settings: Settings) -> Iterator[None]:
    """Raise SettingsError with one line if the file or the store of the worlds turns out to be unusable."""
    try:
        yield
    except UnusableFile as error:
        raise SettingsError(f"--persist {settings.persist} {error}.") from None
    except UnusableStore as error:
        raise SettingsError(f"--store {settings.kept_in} {error}.") from None
