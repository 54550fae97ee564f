"""The calls that could not be added to their journals, since the store was unavailable."""

import sys
from collections import deque
from threading import Lock
from typing import Final

from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.exchange import succeeded
from sandbox.engines.valkey.topology import Command
from sandbox.world.errors import StoreUnavailable

MAX_COMMANDS: Final = 10_000
"""The most commands that wait; what comes on top is dropped, and a line says so."""
_SENT_AT_ONCE: Final = 100


class Unsent:
    """Commands that no answer depends on. Those that cannot be sent wait until the store is available again.

    A command whose reply is missing may have been carried out, and is not sent again.
    """

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._lock = Lock()
        self._waiting: deque[Command] = deque()
        self._soon: list[Command] = []
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, command: Command) -> None:
        """Let a command travel with the next one that is sent."""
        with self._lock:
            self._soon.append(command)

    def send(self, command: Command) -> None:
        """Send a command, and those that were added before, and wait for the reply."""
        with self._lock:
            commands, self._soon = [*self._soon, command], []
        self._send(commands)

    def send_added(self) -> None:
        """Send the commands that were added, if the next one may take its time."""
        with self._lock:
            commands, self._soon = self._soon, []
        if commands:
            self._send(commands)

    def _send(self, commands: list[Command]) -> None:
        try:
            for reply in self._courier.ask(*commands):
                succeeded(reply)
        except StoreUnavailable as error:
            if not error.may_be_done:
                self._keep(commands)

    def send_waiting(self) -> None:
        """Send what waits. A server calls it when the store is available again."""
        while self._waiting:
            with self._lock:
                commands = [self._waiting.popleft() for _ in range(min(_SENT_AT_ONCE, len(self._waiting)))]
            try:
                self._courier.ask(*commands)
            except StoreUnavailable as error:
                if not error.may_be_done:
                    self._keep(commands)
                return

    def _keep(self, commands: list[Command]) -> None:
        with self._lock:
            room = MAX_COMMANDS - len(self._waiting)
            self._waiting.extend(commands[:room])
            had_dropped, self._dropped = self._dropped, self._dropped + len(commands[room:])
        if self._dropped and not had_dropped:
            sys.stderr.write(
                "protocol-sandbox: --store: journals lose calls, as the store is unavailable for long\n"
            )
