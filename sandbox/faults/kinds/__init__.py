"""What goes wrong: one file per kind."""
