"""What the server says when it starts: where it is, what it serves, a call to try, and what is switched on."""

from sandbox.seeding.scenario import Scenario
from sandbox.settings import Settings


def banner(settings: Settings, scenario: Scenario, address: str, version: str) -> str:
    """The lines for a server at ``address`` (``http://127.0.0.1:8000``) whose sandboxes start with ``scenario``."""
    seed = "" if settings.seed is None else f", seed {settings.seed}"
    lines = [
        f"protocol-sandbox {version} is listening on {address}",
        f"  scenario   {scenario.name} ({scenario.size} conversations{seed})",
        f"  try        curl -G {address}/v1/conversations -H 'Authorization: Bearer me' -d limit=1",
        f"  documents  {address}/openapi.json",
    ]
    on = switched_on(settings)
    if on:
        lines.append(f"  on         {', '.join(on)}")
    return "\n".join([*lines, "  Ctrl-C stops it."])


def switched_on(settings: Settings) -> list[str]:
    """What makes this server answer otherwise than a plain one would."""
    return ["lenient: unknown attributes are ignored"] if settings.lenient else []
