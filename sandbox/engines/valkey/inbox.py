"""The messages of other workers, and what a worker does because of them."""

import sys
from collections.abc import Callable
from functools import partial

from sandbox.engines.valkey.failures import one_line
from sandbox.engines.valkey.feed import SharedFeed
from sandbox.engines.valkey.fleet import SharedFleet
from sandbox.engines.valkey.keys import Keys
from sandbox.engines.valkey.server_rules import RULES_ID, SharedServerRules
from sandbox.engines.valkey.subscription import Link, Message, Subscription
from sandbox.world.concurrency import Spawn
from sandbox.world.errors import StoreUnavailable


class Inbox:
    """Lets ``rules``, ``fleet`` and ``feed`` follow the messages of other workers.

    Anybody may publish to the channels of a store. What no worker has published is ignored, and the first message of
    each channel that is gets a line on the standard error stream. What is published while there is no connection is
    missed: worlds and rules are followed then, and the listeners of the journal are told.
    """

    def __init__(
        self, keys: Keys, rules: SharedServerRules, fleet: SharedFleet, feed: SharedFeed, spawn: Spawn
    ) -> None:
        self._keys = keys
        self._rules = rules
        self._fleet = fleet
        self._feed = feed
        self._spawn = spawn
        self._ignored: set[str] = set()
        self._was_lost = False

    def read(self, subscription: Subscription) -> None:
        """Do what other workers ask for, until ``subscription`` is closed."""
        for event in subscription:
            if event is Link.ESTABLISHED:
                self._make_up()
            elif event is Link.LOST:
                self._was_lost = True
            elif isinstance(event, Message):
                self._receive(event)

    def _make_up(self) -> None:
        """Make up for the messages that were missed while there was no connection."""
        if self._was_lost:
            self._feed.miss()
        self._later(self._rules.follow)
        self._later(self._fleet.wake_all)

    def _receive(self, message: Message) -> None:
        try:
            self._act_on(message)
        except Exception as error:  # noqa: BLE001  # or anybody could end the reading for the life of the process
            self._ignore(message.channel, error)

    def _act_on(self, message: Message) -> None:
        if message.channel == self._keys.calls:
            self._feed.receive(message.data)
        elif message.data == RULES_ID.encode():
            self._later(self._rules.follow)
        else:
            self._later(partial(self._fleet.wake, message.data.decode()))

    def _ignore(self, channel: str, error: Exception) -> None:
        if channel not in self._ignored:
            self._ignored.add(channel)
            sys.stderr.write(
                f"protocol-sandbox: --store: a message of the channel {channel} is ignored: {one_line(repr(error))}\n"
            )

    def _later(self, work: Callable[[], object]) -> None:
        """Do ``work`` soon, if the store is available: otherwise the next call finds out by itself."""

        def tried() -> None:
            try:
                work()
            except StoreUnavailable:
                return

        self._spawn(tried)
