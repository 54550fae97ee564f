"""The version, in a module of its own: to read it loads nothing else."""

__version__ = "0.1.0"
