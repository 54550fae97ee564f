"""A server that is running, and the sandboxes on it."""

from collections.abc import Mapping
from typing import Any

from protocol_sandbox.control_client import ControlClient
from protocol_sandbox.sandbox import Sandbox

WORLDS = "/__admin/worlds"


class RunningServer:
    """The server at ``url``, which is running already, for example in a container.

    ``admin_token`` is the token of its control API, if it has one. All methods raise UnreachableError if the server
    does not respond.
    """

    def __init__(self, url: str, admin_token: str | None = None) -> None:
        self.admin_token = admin_token
        self._connect(url)

    def _connect(self, url: str) -> None:
        headers = {} if self.admin_token is None else {"X-Admin-Token": self.admin_token}
        self._control = self._client(url, headers)

    def _client(self, url: str, headers: Mapping[str, str]) -> ControlClient:
        return ControlClient(url, headers)

    @property
    def url(self) -> str:
        """The base URL, without ``/v1``."""
        return self._control.url

    def health(self) -> Mapping[str, Any]:
        """Return the version, the uptime, and what is switched on."""
        health: Mapping[str, Any] = self._control.get("/__admin/health")
        return health

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of the API."""
        document: dict[str, Any] = self._control.get("/openapi.json")
        return document

    def control_openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of the control API."""
        document: dict[str, Any] = self._control.get("/__admin/openapi.json")
        return document

    def world(
        self,
        *,
        name: str | None = None,
        scenario: str | None = None,
        seed: int | None = None,
        ttl_seconds: int | None = None,
    ) -> Sandbox:
        """Declare a world that nobody else uses, and return it. Its name and its token are new, or ``name`` is given.

        It begins with the server's scenario and seed, or with the built-in ``scenario`` and ``seed`` that are given. It
        ends after ``ttl_seconds`` of the machine's clock. Raises ControlError, for example if the name is taken.
        """
        wanted = {"name": name, "scenario": scenario, "seed": seed, "ttl_seconds": ttl_seconds}
        declaration = {key: value for key, value in wanted.items() if value is not None}
        declared = self._control.post(WORLDS, declaration)
        return Sandbox(self._control, declared["token"], declared["name"])
