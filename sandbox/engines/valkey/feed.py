"""The calls that all workers have recorded, for the listeners of this one."""

import secrets
from typing import Final

from sandbox.engines.valkey.courier import Courier
from sandbox.engines.valkey.journal import numbered
from sandbox.engines.valkey.keys import Keys
from sandbox.engines.valkey.label_codec import label_of
from sandbox.engines.valkey.subscription import Subscription
from sandbox.world.concurrency import Concurrency
from sandbox.world.errors import StoreUnavailable
from sandbox.world.journal_feed import JournalFeed, Update
from sandbox.world.sleepers import Event

_PROBE: Final = b"probe "
_PROBES: Final = 20
_PROBE_SECONDS: Final = 0.05


class SharedFeed:
    """Passes the calls of the channel on to ``feed``. The channel is subscribed while somebody listens."""

    def __init__(
        self,
        feed: JournalFeed,
        keys: Keys,
        courier: Courier,
        subscription: Subscription,
        concurrency: Concurrency,
    ) -> None:
        self._feed = feed
        self._channel = keys.calls
        self._courier = courier
        self._subscription = subscription
        self._concurrency = concurrency
        self._probes: dict[bytes, Event] = {}
        feed.source = self

    def begin(self) -> None:
        """Subscribe, and return when messages arrive. Raises StoreUnavailable."""
        self._subscription.add(self._channel)
        probe = _PROBE + secrets.token_bytes(8)
        signal = self._probes[probe] = self._concurrency.new_signal()
        try:
            for _ in range(_PROBES):
                self._courier.ask(("PUBLISH", self._channel, probe))
                self._concurrency.wait(signal, _PROBE_SECONDS)
                if signal.is_set():
                    return
                # A signal is for one wait.
                signal = self._probes[probe] = self._concurrency.new_signal()
        finally:
            del self._probes[probe]
        raise StoreUnavailable("its channel of calls cannot be subscribed to")

    def end(self) -> None:
        """Unsubscribe: nobody listens any more."""
        if self._feed.listeners:
            # Somebody has begun to listen meanwhile.
            return
        self._subscription.remove(self._channel)
        if self._feed.listeners:
            self._subscription.add(self._channel)

    def miss(self) -> None:
        """Let the listeners know that messages of the channel were missed."""
        self._feed.miss()

    def receive(self, message: bytes) -> None:
        """Pass a message of the channel on: a call, or that a journal was emptied.

        Raises ValueError, or another error, if no worker has published it.
        """
        if message.startswith(_PROBE):
            signal = self._probes.get(message)
            if signal is not None:
                signal.set()
            return
        encoded, newline, text = message.partition(b"\n")
        if not newline:
            raise ValueError("it has no label")
        label = encoded.decode()
        if label:
            # Streams read it later.
            label_of(label)
        if not text:
            self._feed.publish(Update(self._feed.next_number(), label, None))
            return
        number, entry = numbered(text)
        self._feed.publish(Update(number, label, entry))
