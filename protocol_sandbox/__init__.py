"""The test kit of protocol-sandbox: a server for a test run, a sandbox for each test, and assertions on its calls.

    from protocol_sandbox import Server

    with Server(scenario="blank") as server:
        sandbox = server.world()
        sandbox.fail("createConversation", status=503, times=2)
        ...  # the client under test, with sandbox.url and sandbox.token
        sandbox.received("createConversation", times=3)

pytest has the fixture ``sandbox`` without any import. The kit imports nothing of the server's package ``sandbox``: many
repositories have a folder of that name.

All names are imported when they are first used, because pytest imports this package in every run.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protocol_sandbox.call import Call
    from protocol_sandbox.clock import Clock
    from protocol_sandbox.conversations import Conversations
    from protocol_sandbox.errors import ControlError, SandboxError, StartError, UnreachableError
    from protocol_sandbox.fault_rule import FaultRule
    from protocol_sandbox.in_process import InProcess
    from protocol_sandbox.running_server import RunningServer
    from protocol_sandbox.sandbox import Sandbox
    from protocol_sandbox.server import Server

__all__ = [
    "Call",
    "Clock",
    "ControlError",
    "Conversations",
    "FaultRule",
    "InProcess",
    "RunningServer",
    "Sandbox",
    "SandboxError",
    "Server",
    "StartError",
    "UnreachableError",
]

_MODULES = {
    "Call": "call",
    "Clock": "clock",
    "ControlError": "errors",
    "Conversations": "conversations",
    "FaultRule": "fault_rule",
    "InProcess": "in_process",
    "RunningServer": "running_server",
    "Sandbox": "sandbox",
    "SandboxError": "errors",
    "Server": "server",
    "StartError": "errors",
    "UnreachableError": "errors",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
