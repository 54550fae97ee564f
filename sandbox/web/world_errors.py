"""The HTTP errors that stand for the errors of the domain."""

from collections.abc import Callable
from typing import Any

from sandbox import problems
from sandbox.problems import Problem
from sandbox.world.errors import (
    FleetFull,
    KeyInUse,
    KeyReused,
    KeysFull,
    ListenersFull,
    MissingParticipant,
    NameTaken,
    RulesFull,
    RulesTooLarge,
    SandboxReset,
    SleepersFull,
    SnapshotsFull,
    SnapshotsTooLarge,
    StorageFailed,
    StoreFull,
    StoreUnavailable,
    UndeclaredWorld,
    UnknownConversation,
    UnknownCursor,
    UnknownRule,
    UnknownSandbox,
    UnknownSnapshot,
    WorldError,
    WrongOrder,
)

PROBLEM_OF: dict[type[WorldError], Callable[[Any], Problem]] = {
    MissingParticipant: lambda error: problems.invalid(f"A conversation {error}."),
    UnknownConversation: lambda error: problems.unknown_conversation(error.conversation_id),
    UnknownCursor: lambda error: problems.invalid(
        f"{error.cursor} must be the id of a conversation that this sandbox has or had, "
        f"not {problems.quoted(error.conversation_id)}."
    ),
    StoreFull: lambda error: problems.store_full(error.capacity),
    KeyReused: lambda error: problems.key_reused(error.key, error.contact_id, error.group_id),
    KeyInUse: lambda error: problems.key_in_use(error.key),
    KeysFull: lambda error: problems.keys_full(error.capacity),
    FleetFull: lambda error: problems.fleet_full(error.capacity),
    UnknownSandbox: lambda error: problems.unknown_sandbox(error.sandbox_id),
    NameTaken: lambda error: problems.name_taken(error.name),
    UndeclaredWorld: lambda error: problems.undeclared_world(error.name),
    UnknownSnapshot: lambda error: problems.unknown_snapshot(error.snapshot_id),
    SnapshotsFull: lambda error: problems.snapshots_full(error.capacity),
    SnapshotsTooLarge: lambda error: problems.snapshots_too_large(error.max_bytes),
    UnknownRule: lambda error: problems.unknown_rule(error.rule_id),
    RulesFull: lambda error: problems.rules_full(error.capacity),
    WrongOrder: lambda error: problems.wrong_order(error.missing, error.unknown, error.repeated),
    RulesTooLarge: lambda error: problems.rules_too_large(error.max_bytes),
    SleepersFull: lambda error: problems.too_many_sleepers(error.capacity),
    ListenersFull: lambda error: problems.too_many_streams(error.capacity),
    StorageFailed: lambda _: problems.storage_failed(),
    StoreUnavailable: lambda _: problems.store_unavailable(),
    SandboxReset: lambda _: problems.reset_meanwhile(),
}
"""The problem for each error of the domain."""


def problem_of(error: WorldError) -> Problem:
    """Return the problem that tells a client of ``error``."""
    return PROBLEM_OF[type(error)](error)
