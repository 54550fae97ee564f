"""What the views of the control API work with."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.seeding.scenario import Scenario
from sandbox.settings import Settings
from sandbox.world.clock import Now
from sandbox.world.fleet import Fleet, SandboxSlot
from sandbox.world.server_rules import ServerRules


@dataclass(frozen=True, slots=True)
class ControlContext:
    """The server as its control API sees it.

    ``anonymous`` is the slot of the calls without a token. ``scenario`` is the server's own. ``sandbox_id`` names a
    token's sandbox without telling the token; ``uptime`` answers seconds.
    """

    fleet: Fleet
    rules: ServerRules
    anonymous: SandboxSlot
    scenario: Scenario
    settings: Settings
    now: Now
    uptime: Callable[[], float]
    sandbox_id: Callable[[str], str]
