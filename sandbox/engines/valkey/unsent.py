"""The calls that could not be added to their journals, since the store was unavailable."""

import sys
from collections import deque
from threading import Lock
from typing import Final, NamedTuple

from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.exchange import Reply
from sandbox.engines.valkey.topology import Command
from sandbox.world.errors import StoreUnavailable

MAX_COMMANDS: Final = 10_000
"""The most commands that wait; what comes on top is dropped, and a line says so."""
_SENT_AT_ONCE: Final = 100


class _Unsent(NamedTuple):
    """A command, and the one that repeats it if it may have been carried out; None if it cannot be repeated."""

    command: Command
    repetition: Command | None


class Unsent:
    """Commands that no answer depends on. Those that cannot be sent wait until the store is available again."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._lock = Lock()
        self._waiting: deque[_Unsent] = deque()
        self._soon: list[_Unsent] = []
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, command: Command) -> None:
        """Let a command travel with the next one that is sent. If its reply is missing, it is not sent again."""
        with self._lock:
            self._soon.append(_Unsent(command, None))

    def send(self, command: Command, repetition: Command) -> None:
        """Send a command, and those that were added before, and wait for the reply.

        If the reply is missing, ``repetition`` is sent later, which does nothing if the command was carried out.
        """
        with self._lock:
            commands, self._soon = [*self._soon, _Unsent(command, repetition)], []
        self._is_sent(commands)

    def ask(self, command: Command, repetition: Command) -> Reply:
        """Send a command, and those that were added before, and return its reply. Raises StoreUnavailable.

        If the reply is missing, ``repetition`` is sent at once, which does nothing if the command was carried out.
        """
        with self._lock:
            added, self._soon = self._soon, []
        try:
            return self._courier.ask(*(each.command for each in added), command)[-1]
        except StoreUnavailable as error:
            if not error.may_be_done:
                self._keep(added)
                raise
        return self._courier.ask_again(repetition)[-1]

    def send_added(self) -> None:
        """Send the commands that were added, if the next one may take its time."""
        with self._lock:
            commands, self._soon = self._soon, []
        if commands:
            self._is_sent(commands)

    def send_waiting(self) -> None:
        """Send what waits. A server calls it again and again, since a store may refuse only some commands."""
        while self._waiting:
            with self._lock:
                commands = [self._waiting.popleft() for _ in range(min(_SENT_AT_ONCE, len(self._waiting)))]
            if not self._is_sent(commands):
                return

    def _is_sent(self, commands: list[_Unsent]) -> bool:
        """Send commands, and return True; or keep those that have to be sent later."""
        try:
            # What fails would fail again, and the courier says so.
            self._courier.ask(*(each.command for each in commands))
        except StoreUnavailable as error:
            if error.may_be_done:
                commands = [
                    _Unsent(each.repetition, each.repetition)
                    for each in commands
                    if each.repetition is not None
                ]
            self._keep(commands)
            return False
        return True

    def _keep(self, commands: list[_Unsent]) -> None:
        with self._lock:
            room = MAX_COMMANDS - len(self._waiting)
            self._waiting.extend(commands[:room])
            had_dropped, self._dropped = self._dropped, self._dropped + len(commands[room:])
        if self._dropped and not had_dropped:
            sys.stderr.write(
                "protocol-sandbox: --store: journals lose calls, as the store is unavailable for long\n"
            )
