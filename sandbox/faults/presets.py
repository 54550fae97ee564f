"""The table of presets: rules for what people try first. The README and the control API follow from it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Preset(NamedTuple):
    """A rule with a name. ``rule`` is its document."""

    description: str
    rule: Mapping[str, Any]


PRESETS: dict[str, Preset] = {
    "slow-3g": Preset(
        "Every call takes as long as on a slow mobile network: half of them 400 ms, one in a hundred 2 s.",
        {"name": "slow-3g", "delay": {"type": "lognormal", "median": 400, "p99": 2000}},
    ),
    "flaky": Preset(
        "One call in five fails with 503 and may be repeated after a second.",
        {"name": "flaky", "probability": 0.2, "fault": {"type": "status", "status": 503, "retry_after": 1}},
    ),
    "outage": Preset(
        "Every call fails with 503 until the rule is switched off.",
        {"name": "outage", "fault": {"type": "status", "status": 503, "retry_after": 30}},
    ),
    "rate-limited": Preset(
        "Ten calls a minute are answered, and the others get 429.",
        {"name": "rate-limited", "fault": {"type": "rate_limit", "limit": 10, "window_seconds": 60}},
    ),
    "lost-answers": Preset(
        "Every second call is done, and the connection is reset before its response.",
        {
            "name": "lost-answers",
            "every": 2,
            "fault": {"type": "CONNECTION_RESET_BY_PEER"},
            "phase": "after",
        },
    ),
    "offline": Preset(
        "Every connection is reset, and no call is done.",
        {"name": "offline", "fault": {"type": "CONNECTION_RESET_BY_PEER"}},
    ),
}
