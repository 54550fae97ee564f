"""``RateLimit-*``: the quota that a rate limit leaves a caller, on the response to every call that it counted.

The names are those of the drafts of the IETF up to the sixth one, which most servers send and most clients read.
"""

from collections.abc import Iterable

from sandbox.faults.effect import Effect
from sandbox.faults.fault import Quota
from sandbox.world.rules import RuleMatch


def rate_limit_headers(counting: Iterable[RuleMatch]) -> list[tuple[str, str]]:
    """Return the headers for a call that these rules counted: those of the limit that has the least left."""
    quotas = [quota for match in counting if (quota := _quota(match)) is not None]
    if not quotas:
        return []
    # The one that refuses the call has nothing left and is the last one.
    quota = min(reversed(quotas), key=lambda each: each.remaining)
    return [
        ("RateLimit-Limit", str(quota.limit)),
        ("RateLimit-Remaining", str(quota.remaining)),
        ("RateLimit-Reset", str(quota.reset)),
    ]


def _quota(match: RuleMatch) -> Quota | None:
    effect, window = match.rule.effect, match.window
    assert isinstance(effect, Effect)
    return None if window is None else effect.quota(window, match.at)
