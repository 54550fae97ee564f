"""``RateLimit-*``: the quota that a rate limit leaves a caller, on the response to every call that it looked at.

It counts a call unless ``skip``, ``every`` or ``probability`` lets it pass. A rule that is off, expired or has fired as
often as it may limits nothing any more.

The names are those of the drafts of the IETF up to the sixth one, which most servers send and most clients read.
"""

from collections.abc import Iterable

from sandbox.faults.effect import Effect
from sandbox.faults.fault import Quota
from sandbox.world.rules import RuleMatch


def rate_limit_headers(looking: Iterable[RuleMatch]) -> list[tuple[str, str]]:
    """Return the headers for a call that these rules looked at: those of the limit that has the least left."""
    quotas = [quota for match in looking if (quota := _quota(match)) is not None]
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
    effect = match.rule.effect
    assert isinstance(effect, Effect)
    return effect.quota(match.window, match.at)
