"""The times after which the keys of worlds that nobody uses expire."""

from typing import Final

_LONGEST_REFRESH: Final = 10.0


class Expiry:
    """Worlds that were idle for ``idle_seconds`` are gone; 0: they stay.

    ``refresh`` is the time in seconds after which the keys of a used world are prolonged. ``life`` is that after
    which unused keys expire: never before the idle time, whoever has prolonged them last. It is 0 if they do not.
    """

    __slots__ = ("idle_seconds", "life", "refresh")

    def __init__(self, idle_seconds: float) -> None:
        self.idle_seconds = idle_seconds
        self.refresh = min(idle_seconds / 20 or _LONGEST_REFRESH, _LONGEST_REFRESH)
        self.life = idle_seconds + self.refresh if idle_seconds else 0.0
