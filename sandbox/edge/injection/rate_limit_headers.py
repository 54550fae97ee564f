"""``RateLimit-*``: the quota that a rate limit leaves a caller, on the response to every call that it looked at.

It counts a call unless ``skip``, ``every`` or ``probability`` lets it pass. A rule that is off, expired or has fired as
often as it may limits nothing any more.

The names are those of the drafts of the IETF up to the sixth one, which most servers send and most clients read.
"""

from collections.abc import Collection, Iterable, Iterator

from sandbox.faults.effect import Effect
from sandbox.faults.fault import Quota
from sandbox.world.interface import World
from sandbox.world.rules import Rule, RuleMatch
from sandbox.world.verdict import Outcome, Verdicts

_PASSED: Collection[Outcome] = ("skip", "every", "probability")


def passing(verdicts: Verdicts, world: World, server_rules: Iterable[Rule]) -> Iterator[RuleMatch]:
    """Yield the rules that let a call pass, each with its window. ``server_rules`` were tried behind the world's."""
    passed = {(each.scope, each.rule_id) for each in verdicts.kept if each.reason.outcome in _PASSED}
    if not passed:
        return
    now = world.time()
    for scope, rules in (("sandbox", world.rules), ("server", server_rules)):
        for rule in rules:
            if (scope, rule.id) in passed:
                counters = world.counters(rule)
                yield RuleMatch(rule, counters.matched, now, counters.window)


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
