"""The server of one test run, which is started when the first test asks for it, in whichever process that is."""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property

from protocol_sandbox.errors import StartError
from protocol_sandbox.running_server import RunningServer
from protocol_sandbox.server import Server
from protocol_sandbox.shared_server import Ticket, ask_for_server

URL = "SANDBOX_URL"
ADMIN_TOKEN = "SANDBOX_ADMIN_TOKEN"  # noqa: S105  # the name of a variable, not a secret


class TestRun:
    """A test run in one of its processes.

    ``options`` are ``scenario``, ``seed`` and ``url`` as texts, empty if they are not given, ``settings`` are texts
    like ``max_body_bytes=100``. A worker of pytest-xdist has a ``ticket`` of its controller.

    A server that is running already is used if ``url`` or the variable SANDBOX_URL names one, as in
    ``protocol-sandbox exec -- pytest``.
    """

    __test__ = False  # Its name looks like that of a class of tests.

    def __init__(
        self, options: Mapping[str, str], settings: Sequence[str], ticket: Ticket | None = None
    ) -> None:
        self._scenario = options["scenario"] or None
        self._seed = options["seed"] or None
        self._url = options["url"] or os.environ.get(URL, "")
        self._settings = settings
        self._ticket = ticket
        self._own: Server | None = None

    @property
    def scenario(self) -> str | None:
        """The scenario that sandboxes must be reset to: None if it is the server's own."""
        return self._scenario if self._url else None

    @property
    def seed(self) -> int | None:
        """The seed that sandboxes must be reset with: None if it is the server's own. Raises StartError."""
        if not self._url or not self._seed:
            return None
        try:
            return int(self._seed)
        except ValueError:
            raise StartError(f'The seed must be an integer, not "{self._seed}".') from None

    @cached_property
    def server(self) -> RunningServer:
        """The server. The first use starts it. Raises StartError and UnreachableError."""
        if self._url:
            return self._running_already()
        return self._start() if self._ticket is None else RunningServer(*ask_for_server(self._ticket))

    def end(self) -> None:
        """Stop the server if this process has started it."""
        if self._own is not None:
            self._own.stop()

    def _running_already(self) -> RunningServer:
        if self._settings:
            raise StartError(
                f"The server at {self._url} is running already, and takes no settings from a test run: "
                f"{', '.join(self._settings)}"
            )
        server = RunningServer(self._url, os.environ.get(ADMIN_TOKEN))
        server.health()
        return server

    def _start(self) -> RunningServer:
        settings: dict[str, str] = {}
        for setting in self._settings:
            name, equals, value = setting.partition("=")
            if not equals:
                raise StartError(f'A setting must be like max_body_bytes=100, not "{setting}".')
            settings[name.strip().replace("-", "_")] = value.strip()
        given = {"scenario": self._scenario, "seed": self._seed}
        self._own = Server(**settings | {name: text for name, text in given.items() if text is not None})
        return self._own.start()
