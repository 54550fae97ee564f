"""The clock of a sandbox."""

from typing import Any

from protocol_sandbox.control_client import ControlClient

PATH = "/__admin/clock"


class Clock:
    """The clock of one sandbox. Times are Unix seconds."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    @property
    def now(self) -> float:
        """The sandbox's time."""
        now: float = self._control.get(PATH)["now"]
        return now

    def freeze(self, at: float | None = None) -> float:
        """Stop the clock, at ``at`` or where it is. Return the time. Raises ControlError for an invalid ``at``."""
        return self._change(action="freeze", **({} if at is None else {"at": at}))

    def advance(self, seconds: float) -> float:
        """Move the clock forward, frozen or not. Return the time. Raises ControlError for a negative number."""
        return self._change(action="advance", seconds=seconds)

    def resume(self) -> float:
        """Let a frozen clock run on from where it is. Return the time."""
        return self._change(action="resume")

    def _change(self, **change: Any) -> float:
        now: float = self._control.put(PATH, change)["now"]
        return now
