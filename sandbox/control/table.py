"""The table of the control API: it is what is routed and documented."""

from sandbox.control import (
    clock,
    conversations,
    faults,
    health,
    journal,
    journal_stream,
    presets,
    reset,
    sandboxes,
    scenarios,
    snapshots,
    state,
    worlds,
)

ENDPOINTS = (
    *health.ENDPOINTS,
    *reset.ENDPOINTS,
    *scenarios.ENDPOINTS,
    *faults.ENDPOINTS,
    *presets.ENDPOINTS,
    *journal.ENDPOINTS,
    *journal_stream.ENDPOINTS,
    *clock.ENDPOINTS,
    *state.ENDPOINTS,
    *snapshots.ENDPOINTS,
    *conversations.ENDPOINTS,
    *sandboxes.ENDPOINTS,
    *worlds.ENDPOINTS,
)
