"""Fault injection: which fault or delay a call gets, and how it is applied."""
