"""A test harness for faults: an application that does not sleep, and sockets that are not real."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, TestResponse

from sandbox.settings import Settings
from sandbox.world.concurrency import Concurrency
from sandbox.world.sleepers import Event
from tests.applications import APPLICATIONS
from tests.conftest import cached_scenario

COLLECTION = "/v1/conversations"
ITEM = COLLECTION + "/xgQQXg3hrtjh7AvZ"
RULES = "/__admin/faults"
CREATE = {"contact_id": "WAz8eIbvDR60rouK"}
ME = "me"


@dataclass
class FakeSocket:
    """A socket that records its calls in ``done`` and the bytes in ``sent``. ``broken``: the client has left."""

    broken: bool = False
    sent: bytes = b""
    done: list[str] = field(default_factory=list)
    options: list[tuple[int, int, bytes]] = field(default_factory=list)

    def sendall(self, data: bytes) -> None:
        if self.broken:
            raise ConnectionResetError(104, "the client left")
        self.sent += data
        self.done.append("send")

    def shutdown(self, _how: int) -> None:
        self.done.append("shutdown")

    def setsockopt(self, level: int, name: int, value: bytes) -> None:
        self.options.append((level, name, value))
        self.done.append("option")

    def close(self) -> None:
        self.done.append("close")


@dataclass
class Outcome:
    """The response to one call as a WSGI server sees it. ``ended`` is the error that ended the body, if any."""

    socket: FakeSocket
    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    ended: OSError | None = None

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)


class Harness:
    """An application on the clock ``now`` that records sleeps instead of sleeping.

    ``slept`` has the seconds of each sleep, and ``woken`` whether the call was woken during it. ``while_asleep`` is
    called in the middle of each sleep.
    """

    def __init__(self, scenario: str = "documented", **settings: Any) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []
        self.while_asleep: Callable[[], object] = lambda: None
        self.woken: list[bool] = []
        seed = settings.get("seed")
        self.app = APPLICATIONS.open(
            Settings(scenario=scenario, **settings),
            scenario=cached_scenario(scenario) if seed is None else cached_scenario(scenario).with_seed(seed),
            now=lambda: self.now,
            monotonic=lambda: 0.0,
            concurrency=Concurrency(wait=self._wait),
        )

    def _wait(self, woken: Event, seconds: float) -> None:
        self.slept.append(seconds)
        self.while_asleep()
        self.woken.append(woken.is_set())

    def client(self, token: str | None = ME) -> FlaskClient:
        client = self.app.test_client()
        if token is not None:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def call(
        self, method: str = "GET", url: str = COLLECTION, token: str | None = ME, **sent: Any
    ) -> TestResponse:
        """Return the response that a client gets to a call."""
        return self.client(token).open(url, method=method, **sent)

    def create(self, token: str | None = ME, **sent: Any) -> TestResponse:
        return self.call("POST", COLLECTION, token, json=CREATE, **sent)

    def served(
        self,
        method: str = "GET",
        url: str = COLLECTION,
        token: str = ME,
        key: str = "gunicorn.socket",
        broken: bool = False,
        **sent: Any,
    ) -> Outcome:
        """Return the outcome of a call on a server that offers its socket."""
        builder = EnvironBuilder(url, method=method, **sent)
        environ = builder.get_environ() | {"HTTP_AUTHORIZATION": f"Bearer {token}"}
        builder.close()
        outcome = Outcome(FakeSocket(broken))
        environ[key] = outcome.socket

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            outcome.status = status
            outcome.headers = headers

        body: Iterable[bytes] = ()
        try:
            body = self.app.wsgi_app(environ, start_response)
            for piece in body:
                outcome.pieces.append(piece)
        except OSError as error:
            outcome.ended = error
        finally:
            if hasattr(body, "close"):
                body.close()
        return outcome

    def rule(self, token: str | None = ME, **document: Any) -> str:
        """Add a rule, and return its id."""
        response = self.call("POST", RULES, token, json=document)
        assert response.status_code == 201, response.text
        rule_id: str = response.get_json()["id"]
        return rule_id

    def fails(self, fault: str, token: str | None = ME, **attributes: Any) -> str:
        """Add a rule that injects this fault into every call, and return its id."""
        return self.rule(token, fault={"type": fault, **attributes})

    def ids(self, token: str = ME) -> list[str]:
        """Return the ids of all conversations, newest first. Rules do not affect it."""
        document = self.call("GET", "/__admin/state", token).get_json()
        return [conversation["id"] for conversation in document["conversations"]]

    def state(self, token: str = ME) -> dict[str, Any]:
        """Return the state of a sandbox without its rules, which count calls."""
        document: dict[str, Any] = self.call("GET", "/__admin/state", token).get_json()
        return {name: value for name, value in document.items() if name not in ("faults", "server_faults")}

    def entry(self, token: str | None = ME) -> dict[str, Any]:
        """Return the newest entry of the journal."""
        entries: list[dict[str, Any]] = self.call("GET", "/__admin/requests", token).get_json()["data"]
        return entries[0]
