"""The banner that the server prints when it starts: its address, its scenario, a call to try, what is switched on."""

from collections.abc import Iterator

from sandbox.control.guard import TOKEN_HEADER, is_loopback
from sandbox.seeding.scenario import Scenario
from sandbox.settings import Settings, variable_of


def banner(settings: Settings, scenario: Scenario, address: str, version: str) -> str:
    """Return the lines for a server at ``address``, like ``http://127.0.0.1:8000``, and its starting ``scenario``."""
    seed = "" if settings.seed is None else f", seed {settings.seed}"
    return "\n".join(
        [
            f"protocol-sandbox {version} is listening on {address}",
            f"  scenario   {scenario.name} ({scenario.size} conversations{seed})",
            *_example(settings, address),
            f"  docs       {address}/docs",
            f"  control    {_control(settings, address)}",
            *([] if settings.kept_in is None else [f"  sandboxes  kept in {settings.kept_in}"]),
            f"  on         {', '.join(settings.switched_on()) or 'nothing (no faults, no delays)'}",
            "  Ctrl-C stops it.",
        ]
    )


def _example(settings: Settings, address: str) -> Iterator[str]:
    base = address
    if settings.strict_worlds:
        # The call would be refused unless its world is declared first.
        base += "/t/me"
        header = (
            "" if settings.admin_token is None else f' -H "{TOKEN_HEADER}: ${variable_of("admin_token")}"'
        )
        yield (
            f"  declare    curl {address}/__admin/worlds{header} -H 'Content-Type: application/json' "
            """-d '{"name": "me"}'"""
        )
    yield f"  try        curl -G {base}/v1/conversations -H 'Authorization: Bearer me' -d limit=1"


def _control(settings: Settings, address: str) -> str:
    if settings.admin_token is not None:
        return f"{address}/__admin/ (panel and control API), for callers that send the admin token as {TOKEN_HEADER}"
    if not is_loopback(settings.host):
        return "closed: this server listens beyond loopback and has no --admin-token"
    return f"{address}/__admin/ (panel and control API), for programs on this machine"
