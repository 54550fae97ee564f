"""A server of one's own: a child process on a free port."""

from typing import IO, Self

from protocol_sandbox.errors import StartError
from protocol_sandbox.process import ServerProcess
from protocol_sandbox.running_server import RunningServer

Setting = str | int | float | bool | None
RESERVED = ("parent_pipe", "ready_file", "workers")


class Server(RunningServer):
    """A server that runs from :meth:`start` to :meth:`stop`, or as long as a ``with`` block.

    Every setting of the server may be given by its name: ``Server(scenario="blank", max_body_bytes=100)``; None is the
    default. No environment variable configures it. The port is a free one, unless ``port`` is given. Raises TypeError
    for a setting that the kit sets itself; :meth:`start` raises StartError for an unknown or invalid one.
    """

    def __init__(self, **settings: Setting) -> None:
        for name in RESERVED:
            if name in settings:
                raise TypeError(f"{name} cannot be given: the test kit sets it")
        given = {name: _text(value) for name, value in settings.items() if value is not None}
        self._settings = {"port": "0"} | given
        self._process: ServerProcess | None = None
        # Its address is known when it has started.
        super().__init__("", self._settings.get("admin_token"))

    @property
    def url(self) -> str:
        """The base URL, without ``/v1``. Raises StartError before the start."""
        if self._process is None:
            raise StartError("The server is not running: use it in a with block, or call start().")
        return super().url

    @property
    def log(self) -> str:
        """The text that the server has printed on standard error. It prints nothing there but defects."""
        return "" if self._process is None else self._process.log

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs."""
        return None if self._process is None else self._process.pid

    def start(self, journal: IO[bytes] | None = None) -> Self:
        """Start the server and return it when it responds. Raises StartError with the server's own message.

        ``journal`` is an open file that gets every call as a line of JSON.
        """
        if self._process is None:
            self._process = ServerProcess(self._settings, journal)
            self._connect(self._process.url)
        return self

    def stop(self) -> None:
        """Stop the server and wait for its end. Its sandboxes are gone."""
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _text(value: Setting) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
