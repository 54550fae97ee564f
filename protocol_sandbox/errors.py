"""The exceptions of the kit.

SandboxError
├── StartError          the server did not start
├── UnreachableError    the server does not respond
├── ControlError        the control API responded with an error
└── ReportError         a report of ``protocol-sandbox exec`` cannot be written
"""


class SandboxError(Exception):
    """The base of all exceptions of the kit. Failed assertions are AssertionErrors."""


class StartError(SandboxError):
    """The server did not start. The message is the server's own, where there is one."""


class UnreachableError(SandboxError):
    """The server does not respond. The message names its URL and the reason."""


class ControlError(SandboxError):
    """The control API responded with an error, whose message this is.

    ``status`` is the HTTP status, like 400 for an unknown scenario.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ReportError(SandboxError):
    """A report of ``protocol-sandbox exec`` cannot be written. The message names its file and the reason."""
