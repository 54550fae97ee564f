"""Measurements of speed and memory. They are not tests: figures depend on the machine, ratios less so."""
