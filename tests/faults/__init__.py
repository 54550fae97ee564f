"""Faults and delays; ``bench`` is what their tests, and those of the edge, work with."""
