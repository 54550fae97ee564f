"""Where everything is wired together, and the only place."""

import os
import secrets
import time
from collections.abc import Callable
from hashlib import blake2b

from flask import Flask

from sandbox.api import conversations, openapi
from sandbox.api import endpoint as api_endpoint
from sandbox.api.application import Application
from sandbox.control import endpoint as control_endpoint
from sandbox.control import openapi as control_openapi
from sandbox.control.context import ControlContext
from sandbox.control.guard import Guard
from sandbox.control.table import ENDPOINTS as CONTROL_ENDPOINTS
from sandbox.edge.edge import Edge
from sandbox.edge.injection.injector import FaultInjector
from sandbox.edge.injection.selector import FaultSelector
from sandbox.edge.request_id import RequestIds
from sandbox.faults.command_line import command_line_rules
from sandbox.schemas.conversation import encode
from sandbox.seeding.scenario import Scenario, ScenarioError, load
from sandbox.settings import Settings, SettingsError
from sandbox.version import __version__
from sandbox.world.clock import Now
from sandbox.world.fleet import Fleet, SandboxSlot
from sandbox.world.sandbox import Bounds, Sandbox
from sandbox.world.server_rules import ServerRules
from sandbox.world.sleep_limit import SleepLimit
from sandbox.world.sleepers import NewEvent, Sleepers, Wait, new_event, wait


def create_app(
    settings: Settings | None = None,
    *,
    scenario: Scenario | None = None,
    now: Now = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    wait: Wait = wait,
    event: NewEvent = new_event,
) -> Flask:
    """The server as a WSGI application; without ``settings``, as the ``SANDBOX_…`` variables say.

    ``scenario`` is for a caller who loaded the one of the settings already. ``now`` answers Unix seconds and drives
    the clocks of the sandboxes, ``monotonic`` answers seconds that never go back and drives expiry,
    ``wait`` is how a delayed call sleeps, and ``event`` makes what may wake it. Raises SettingsError.
    """
    settings = settings or Settings.read(os.environ)
    scenario = scenario or scenario_of(settings)
    launch = _launcher(settings, scenario, now)
    fleet = Fleet(launch, monotonic, settings.max_sandboxes, settings.idle_seconds)
    anonymous = SandboxSlot("", launch(""), monotonic())
    rules = ServerRules(command_line_rules(settings.latency, settings.error_rate, settings.error_status))
    context = ControlContext(
        fleet,
        rules,
        anonymous,
        scenario,
        settings,
        now,
        _since(monotonic),
        _sandbox_ids(secrets.token_bytes(16)),
    )

    def sleep(sleepers: Sleepers, seconds: float, rule_id: str | None) -> bool:
        return sleepers.sleep(seconds, rule_id, wait, event)

    app = Application(__name__)
    for endpoint in conversations.ENDPOINTS:
        api_endpoint.register(app, endpoint, lenient=settings.lenient)
    openapi.register(app, conversations.ENDPOINTS, __version__, lenient=settings.lenient)
    for control in CONTROL_ENDPOINTS:
        control_endpoint.register(app, control, context)
    control_openapi.register(app, CONTROL_ENDPOINTS, __version__)

    app.wsgi_app = Edge(  # type: ignore[method-assign]  # the way that Flask documents for middleware
        app.wsgi_app,
        FaultInjector(app.wsgi_app, FaultSelector(rules), sleep, SleepLimit(settings.max_sleepers)),
        Guard(app.wsgi_app, settings.admin_token, settings.admin_origin),
        fleet,
        anonymous,
        RequestIds(secrets.token_hex(4)),
        settings,
        monotonic,
    )
    return app


def scenario_of(settings: Settings) -> Scenario:
    """The scenario that the settings name. Raises SettingsError in one line."""
    try:
        return load(settings.scenario, settings.seed)
    except ScenarioError as error:
        raise SettingsError(str(error)) from None


def _launcher(settings: Settings, scenario: Scenario, now: Now) -> Callable[[str], Sandbox]:
    bounds = Bounds(
        conversations=settings.max_conversations,
        snapshots=settings.max_snapshots,
        rules=settings.max_rules,
        journal_entries=settings.journal_entries,
        journal_bytes=settings.journal_bytes,
    )

    def launch(token: str) -> Sandbox:
        return Sandbox(scenario.start(now()), now, encode, bounds, token)

    return launch


def _since(monotonic: Callable[[], float]) -> Callable[[], float]:
    started = monotonic()
    return lambda: monotonic() - started


def _sandbox_ids(key: bytes) -> Callable[[str], str]:
    """Names for sandboxes that tell nothing of their tokens: ``key`` is the server's own, and new at each start."""
    return lambda token: blake2b(token.encode(errors="surrogateescape"), key=key, digest_size=8).hexdigest()
