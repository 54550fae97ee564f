"""The life of a rule: from when it is added until it is removed or replaced by another one."""


class RuleLife:
    """The life of a rule. Switching and reordering keep it, while every other change of a rule begins a new one.

    It is the key of the rule's counters and of the calls that the rule delays. An id would not do: that of a removed
    rule is given to another one. ``has_ended`` and ``is_suspended`` (the rule is switched off) are set before the
    sleeping calls are woken, so that a call that is about to sleep is not missed.
    """

    __slots__ = ("has_ended", "is_suspended")

    def __init__(self, *, enabled: bool = True) -> None:
        self.has_ended = False
        self.is_suspended = not enabled

    @property
    def delays_calls(self) -> bool:
        """True if calls may sleep because of the rule."""
        return not (self.has_ended or self.is_suspended)
