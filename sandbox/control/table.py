"""The table of the control API: it is what is routed and documented."""

from sandbox.control import (
    clock,
    conversations,
    faults,
    health,
    journal,
    presets,
    reset,
    sandboxes,
    scenarios,
    snapshots,
    state,
)

ENDPOINTS = (
    *health.ENDPOINTS,
    *reset.ENDPOINTS,
    *scenarios.ENDPOINTS,
    *faults.ENDPOINTS,
    *presets.ENDPOINTS,
    *journal.ENDPOINTS,
    *clock.ENDPOINTS,
    *state.ENDPOINTS,
    *snapshots.ENDPOINTS,
    *conversations.ENDPOINTS,
    *sandboxes.ENDPOINTS,
)
