"""How long an answer takes: one file per kind."""
