"""The kinds of faults: one file per kind."""
