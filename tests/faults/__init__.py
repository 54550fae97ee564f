"""Faults and delays; ``harness`` is the test bench for them and for the edge."""
