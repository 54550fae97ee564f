"""The context of the control API's views."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.edge.boot import Boot
from sandbox.seeding.scenario import Scenario
from sandbox.settings import Settings
from sandbox.world.clock import Now
from sandbox.world.interface import Fleet
from sandbox.world.journal_feed import JournalFeed
from sandbox.world.offload import Offload, run_here
from sandbox.world.pause import Pause, no_pause
from sandbox.world.server_rules import ServerRules


@dataclass(frozen=True, slots=True)
class ControlContext:
    """The server as its control API sees it. ``scenario`` is the server's own, ``draw_hex`` returns a random text.

    ``pause`` lets others run during long work, and ``offload`` does work that cannot pause.
    """

    fleet: Fleet
    server_rules: ServerRules
    scenario: Scenario
    settings: Settings
    now: Now
    boot: Boot
    feed: JournalFeed
    draw_hex: Callable[[], str]
    pause: Pause = no_pause
    offload: Offload = run_here
