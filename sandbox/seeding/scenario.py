"""Scenarios: named initial states. Each is one data file, in ``fixtures/`` or anywhere else.

A scenario file is a JSON object. All attributes are optional, and there are no others:

    {
      "description": "Shown in lists of scenarios.",
      "seed": 1,
      "times": "absolute",
      "clock": {"freeze": 692233200},
      "ids": ["xgQQXg3hrtjh7AvZ"],
      "conversations": [{"contact_id": "WAz8eIbvDR60rouK", "is_muted": true}],
      "generate": {"count": 118, "variety": "every_combination", "until": 705103200}
    }

``seed``
    of all generated data: conversations, and the ids of those that clients create. A seed from outside
    (``--seed``) takes precedence.
``times``
    ``absolute``: the times of ``conversations`` and ``until`` are Unix seconds. ``before_start``: they are
    seconds before the start of a sandbox (at most 1000000000), so that "two minutes ago" is always true.
``clock``
    ``freeze``: Unix seconds at which the sandbox's clock is frozen. Without it the clock runs.
``ids``
    of the first conversations that clients create, in this order.
``conversations``
    in any order: lists sort by ``created_at``. Each needs a ``contact_id`` or a ``group_id``. By default ``id``
    depends on the position in the file and not on the seed, flags are false, and the other ids and times are
    null. ``created_at`` is by default one hour before that of the conversation above (for the first: 692233200,
    or the start), and never after the conversation's other times.
``generate``
    conversations from the Faker provider (:mod:`sandbox.seeding.provider`). ``count`` is required, up to
    1000000; ``variety`` is ``lifelike`` or ``every_combination``; ``until``, ``youngest_seconds``,
    ``step_seconds``, ``growth`` and ``groups`` are those of :class:`sandbox.seeding.recipe.Recipe`. One of
    ``conversations`` replaces a generated one with the same id.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

from sandbox.problems import quoted
from sandbox.schemas.conversation import encode
from sandbox.schemas.error_messages import nearest
from sandbox.seeding import generated
from sandbox.seeding.scenario_file import ScenarioError, ScenarioFile, read
from sandbox.seeding.source import AbsoluteSource, RelativeSource
from sandbox.world.conversation import Conversation, Record
from sandbox.world.offload import Offload, run_here
from sandbox.world.pause import Pause, no_pause, with_pauses
from sandbox.world.state import SandboxState
from sandbox.world.table import Table

__all__ = ["Scenario", "ScenarioError", "fixtures", "known", "load", "load_builtin", "summaries"]

_MAX_CACHED = 4
"""The most scenarios that stay built, each with one seed: tests reset to the same few again and again."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """An initial state of sandboxes. ``size`` is its number of conversations."""

    name: str
    description: str
    size: int
    seed: int
    _file: ScenarioFile = field(repr=False)
    _state_at: Callable[[int], SandboxState] = field(repr=False, compare=False)

    def initial_state(self, now: float) -> SandboxState:
        """Return the state of a sandbox that starts at ``now`` (Unix seconds). All share one table.

        If times count from the start of a sandbox, those that start in the same second share one.
        """
        return self._state_at(int(now))

    def with_seed(self, seed: int | None, pause: Pause = no_pause, offload: Offload = run_here) -> "Scenario":
        """Return this scenario with another seed; with its own seed if ``seed`` is None.

        ``pause`` is called again and again while it is built, and ``offload`` imports Faker, if it is needed.
        """
        return _built(self._file, seed, pause, offload)


def load(name_or_path: str | os.PathLike[str], seed: int | None = None) -> Scenario:
    """Return the built-in scenario with this name, or the one in a user's file.

    A text with a path separator or with the suffix ``.json`` is the path of a file. Raises ScenarioError.
    """
    text = os.fspath(name_or_path)
    is_path = not isinstance(name_or_path, str) or os.sep in text or (os.altsep or os.sep) in text
    if not is_path and not text.endswith(".json"):
        if text not in known():
            raise ScenarioError(
                f"{_unknown(text)} A file of your own is given with its path, like ./my.json."
            )
        return load_builtin(text, seed)
    return _built(read(Path(text), text, text), seed)


def load_builtin(
    name: str, seed: int | None = None, pause: Pause = no_pause, offload: Offload = run_here
) -> Scenario:
    """Return the built-in scenario with this name, which is never a path. Raises ScenarioError.

    ``pause`` is called again and again while it is built, and ``offload`` imports Faker, if it is needed.
    """
    if name not in known():
        raise ScenarioError(_unknown(name))
    return _built(_builtin(name), seed, pause, offload)


def _unknown(name: str) -> str:
    near = nearest(name, known())
    hint = f"did you mean {near}? Known" if near else "known"
    return f"There is no scenario {quoted(name)}; {hint} are {', '.join(known())}."


def summaries() -> list[dict[str, Any]]:
    """Return ``name``, ``description`` and ``size`` of the built-in scenarios, without building them."""
    files = [_builtin(name) for name in known()]
    return [{"name": file.name, "description": file.description, "size": file.size} for file in files]


@cache
def known() -> tuple[str, ...]:
    """Return the names of the built-in scenarios, sorted."""
    return tuple(sorted(path.stem for path in fixtures().glob("*.json")))


def fixtures() -> Path:
    """Return the folder of the scenario files: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "fixtures"
    return installed if installed.is_dir() else package.parent / "fixtures"


@cache
def _builtin(name: str) -> ScenarioFile:
    path = fixtures() / f"{name}.json"
    data = fixtures() / "generated" / path.name
    return read(path, name, f"fixtures/{path.name}", data if data.is_file() else None)


def _built(
    file: ScenarioFile, seed: int | None, pause: Pause = no_pause, offload: Offload = run_here
) -> Scenario:
    seed = file.seed if seed is None else seed
    cached = _cached(file, seed)
    if not cached:
        # Others may build the same meanwhile, which costs time and harms nothing.
        cached.append(_build(file, seed, pause, offload))
    return cached[0]


@lru_cache(maxsize=_MAX_CACHED)
def _cached(_file: ScenarioFile, _seed: int) -> list[Scenario]:
    """Return the place of a scenario in the cache: an empty list if it is not built yet."""
    return []


def _build(file: ScenarioFile, seed: int, pause: Pause, offload: Offload) -> Scenario:
    # Of two with the same id the last remains: the one that the file spells out.
    with_duplicates = with_pauses(chain(_generated(file, seed, offload), file.conversations), pause)
    conversations = list({each.id: each for each in with_duplicates}.values())

    if file.is_relative:
        source: AbsoluteSource | RelativeSource = RelativeSource(conversations)
    else:
        source = AbsoluteSource(Table.of((Record(each, encode(each)) for each in conversations), pause=pause))

    def start_at(moment: int, pause: Pause = no_pause) -> SandboxState:
        origin = source.origin(moment, pause)
        return SandboxState(origin.table, seed, file.pinned_ids, file.frozen_at, origin=origin)

    start: Callable[[int], SandboxState]
    if file.is_relative and file.frozen_at is None:
        start = lru_cache(maxsize=1)(start_at)
    else:
        start = partial(_same, start_at(file.frozen_at or 0, pause))
    return Scenario(file.name, file.description, len(conversations), seed, file, start)


def _same(start: SandboxState, _moment: int) -> SandboxState:
    return start


def _generated(file: ScenarioFile, seed: int, offload: Offload) -> Iterable[Conversation]:
    if file.generated and seed == file.seed:
        return generated.read(file.generated)
    if not file.recipe.count:
        return ()
    # It imports Faker, which takes a tenth of a second.
    provider = offload(partial(import_module, "sandbox.seeding.provider"))
    made: Iterable[Conversation] = provider.conversations(seed, file.recipe)
    return made
