"""The limits of a connection: sizes in bytes, times in seconds."""

from dataclasses import dataclass, fields, replace
from typing import Self

from sandbox.settings import Settings

_DEFAULTS = Settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits on the size of a request, on waiting for a client, and on the number of connections.

    Each is the setting of the same name.
    """

    max_request_line_bytes: int = _DEFAULTS.max_request_line_bytes
    max_headers: int = _DEFAULTS.max_headers
    max_header_bytes: int = _DEFAULTS.max_header_bytes
    keep_alive_seconds: float = _DEFAULTS.keep_alive_seconds
    head_seconds: float = _DEFAULTS.head_seconds
    body_seconds: float = _DEFAULTS.body_seconds
    answer_seconds: float = _DEFAULTS.answer_seconds
    max_connections: int = _DEFAULTS.max_connections
    max_connections_per_address: int = _DEFAULTS.max_connections_per_address

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits in ``settings``."""
        return cls(**{row.name: getattr(settings, row.name) for row in fields(cls)})

    @property
    def open_files(self) -> int:
        """The number of open files that a process with these limits needs."""
        return self.max_connections * 10 // 9 + 1_000

    def within(self, files: int) -> Self:
        """Return the limits for a process that may open ``files`` files; a tenth of them is reserved for other uses."""
        return replace(self, max_connections=max(min(self.max_connections, files * 9 // 10), 1))
