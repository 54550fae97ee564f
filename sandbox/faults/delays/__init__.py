"""The kinds of delays: one file per kind."""
