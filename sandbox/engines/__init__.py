"""Engines: where worlds live. Nothing outside this package knows which one is in use."""
