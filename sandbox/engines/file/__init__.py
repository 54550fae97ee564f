"""The engine of ``--persist``: worlds in memory, each change of which is in an SQLite file before it is answered."""

from sandbox.engines.file.engine import FileEngine
from sandbox.engines.file.server_rules import KeptServerRules

__all__ = ["FileEngine", "KeptServerRules"]
