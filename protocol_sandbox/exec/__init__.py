"""``protocol-sandbox exec -- COMMAND``: a test command of any language beside a server of its own, and its coverage."""

from protocol_sandbox.exec.execute import Reports, execute

__all__ = ["Reports", "execute"]
