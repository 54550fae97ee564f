"""The protocol ``World`` describes everything that the server uses of a world, and nothing else.

Another engine is an implementation of this protocol. That holds only as long as these tests hold: a public method of
``Sandbox`` that is not in the protocol, or an import of one of its parts, would tie the server to the engine in memory.
A member of the protocol that is not used would be needless work for each engine.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import MemberDescriptorType

import pytest

import sandbox
from sandbox.world.interface import World
from sandbox.world.pulsing_sandbox import PulsingSandbox
from sandbox.world.sandbox import Sandbox

PACKAGE = Path(sandbox.__file__).parent

ENGINE_MODULES = {
    "sandbox.world.sandbox",
    "sandbox.world.pulsing_sandbox",
    "sandbox.world.changes",
    "sandbox.world.contents",
    "sandbox.world.runtime",
    "sandbox.world.store",
    "sandbox.world.sleepers",
    "sandbox.world.ids",
}
"""The modules of the engine in memory."""

VALUES = {"sandbox.world.sleepers.Event", "sandbox.world.sleepers.NewEvent", "sandbox.world.sleepers.Wait"}
"""The types in these modules that are no part of the engine."""

ENGINE_CLASSES = {
    "sandbox.world.journal": "Journal",
    "sandbox.world.rule_book": "RuleBook",
    "sandbox.world.snapshots": "Snapshots",
}
"""The parts of the engine in modules that also hold values of the interface."""

USERS_IN_WORLD = {"fleet.py"}
"""The modules of the domain that use worlds by the interface, as the rest of the server does."""


def public_members(class_: type) -> list[str]:
    return sorted(name for name in dir(class_) if not name.startswith("_"))


def users_of_worlds() -> Iterator[Path]:
    """Yield the modules that are neither of the domain nor of an engine, which makes worlds of the domain's parts."""
    for path in PACKAGE.rglob("*.py"):
        if not {PACKAGE / "world", PACKAGE / "engines"}.intersection(path.parents):
            yield path


def names_imported_by(path: Path) -> Iterator[str]:
    """Yield what a module imports, ``sandbox.world.store.Store`` for ``from sandbox.world.store import Store``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def belongs_to_engine(name: str) -> bool:
    """Return whether an imported name is a part of the engine in memory, or a module that gives access to one."""
    module, _, attribute = name.rpartition(".")
    if name in ENGINE_MODULES or name in ENGINE_CLASSES or name == "sandbox.world":
        return True
    if module in ENGINE_MODULES:
        return name not in VALUES
    return attribute in (ENGINE_CLASSES.get(module), "*")


def attributes_used_in(path: Path) -> set[str]:
    """Return the names of all attributes that the code of a module accesses."""
    return {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}


def parameters_of(method: object) -> list[tuple[str, object]]:
    assert callable(method)
    return [(each.name, each.kind) for each in inspect.signature(method).parameters.values()]


@pytest.mark.parametrize("engine", [Sandbox, PulsingSandbox])
def test_sandbox_has_exactly_the_public_members_of_the_interface(engine: type[Sandbox]) -> None:
    assert public_members(engine) == public_members(World)


@pytest.mark.parametrize("engine", [Sandbox, PulsingSandbox])
@pytest.mark.parametrize("name", public_members(World))
def test_members_of_sandbox_and_interface_have_the_same_kind_and_parameters(
    engine: type[Sandbox], name: str
) -> None:
    expected, actual = inspect.getattr_static(World, name), inspect.getattr_static(engine, name)
    if isinstance(expected, property):
        assert isinstance(actual, property | MemberDescriptorType)
    else:
        assert inspect.isfunction(actual)
        assert parameters_of(actual) == parameters_of(expected)


def test_only_the_wiring_imports_the_engine() -> None:
    importers = {
        str(path.relative_to(PACKAGE))
        for path in users_of_worlds()
        if any(map(belongs_to_engine, names_imported_by(path)))
    }
    assert importers == {"app.py", "wiring.py"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sandbox.world.sandbox.Sandbox", True),
        ("sandbox.world.sandbox", True),
        ("sandbox.world.store.Encode", True),
        ("sandbox.world.sleepers.Sleepers", True),
        ("sandbox.world.sleepers.Wait", False),
        ("sandbox.world.ids.IdSequence", True),
        ("sandbox.world.journal.Journal", True),
        ("sandbox.world.journal", True),
        ("sandbox.world.journal.*", True),
        ("sandbox.world.journal.Key", False),
        ("sandbox.world.rule_book.RuleBook", True),
        ("sandbox.world.rules.Rule", False),
        ("sandbox.world.snapshots.Snapshots", True),
        ("sandbox.world.snapshots.Snapshot", False),
        ("sandbox.world.interface.World", False),
        ("sandbox.world.state.SandboxState", False),
        ("flask.Flask", False),
    ],
)
def test_parts_of_the_engine_are_recognised(name: str, expected: bool) -> None:
    assert belongs_to_engine(name) is expected


def test_every_member_of_the_interface_is_used() -> None:
    users = [*users_of_worlds(), *(PACKAGE / "world" / name for name in USERS_IN_WORLD)]
    used = set[str]().union(*map(attributes_used_in, users))
    assert [name for name in public_members(World) if name not in used] == []
