"""Reading a scenario file. A mistake in it is refused in one line that names the file and the place."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError

from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.error_messages import error_at, message_of
from sandbox.schemas.fields import Choice, IdList, Name, Timestamp, WholeNumber
from sandbox.schemas.json_document import parse, reason_of
from sandbox.schemas.loading import load
from sandbox.schemas.nested_object import NestedObject
from sandbox.schemas.object_list import ObjectList, UnreadObjects
from sandbox.schemas.unique_ids import check_unique
from sandbox.seeding.recipe import EVERY_COMBINATION, LIFELIKE, Recipe
from sandbox.world.conversation import Conversation
from sandbox.world.draws import draw_id

DEFAULT_SEED = 1
MAX_GENERATED = 1_000_000
MAX_AGE = 1_000_000_000
"""Seconds, about 31 years: the longest time before the start of a sandbox."""

ABSOLUTE = "absolute"
BEFORE_START = "before_start"

_NEWEST_CREATED_AT = 692233200
_HOUR = 3600
_DEFAULTS: dict[str, Any] = {
    "contact_id": None,
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": False,
}
_TIMES = ("last_active_at", "last_opened_at", "created_at", "archived_at")


class ScenarioError(ValueError):
    """A scenario is unknown or its file is invalid. The message is one line and names the place."""


@dataclass(frozen=True, slots=True, eq=False)
class ScenarioFile:
    """A valid scenario file.

    If ``is_relative``, times are seconds from the start of a sandbox, so 0 or negative. ``generated`` is the file with
    the conversations that are generated with the scenario's own seed, if there is one.
    """

    name: str
    description: str
    seed: int
    is_relative: bool
    frozen_at: int | None
    pinned_ids: tuple[str, ...]
    conversations: tuple[Conversation, ...]
    recipe: Recipe
    generated: Path | None = None

    @property
    def size(self) -> int:
        """The number of conversations that a sandbox starts with."""
        return len(self.conversations) + self.recipe.count


class Age(Timestamp):
    """A point in time, in seconds before the start of a sandbox."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.maximum = MAX_AGE
        self.expected = f"seconds before the start, an integer from 0 to {MAX_AGE}"


class AgedConversationSchema(ConversationSchema):
    """A conversation whose times are ages."""

    last_active_at = Age(allow_none=True)
    last_opened_at = Age(allow_none=True)
    created_at = Age()
    archived_at = Age(allow_none=True)


class ClockDocument(Schema):
    """The clock of a scenario."""

    freeze = Timestamp(required=True)


class RecipeDocument(Schema):
    """The attributes of a Recipe, its times in Unix seconds."""

    count = WholeNumber(0, MAX_GENERATED, required=True)
    variety = Choice([LIFELIKE, EVERY_COMBINATION])
    until = Timestamp()
    youngest_seconds = WholeNumber(0, MAX_AGE)
    step_seconds = WholeNumber(1, MAX_AGE)
    growth = WholeNumber(1, 4)
    groups = WholeNumber(1, 1000)


class AgedRecipeDocument(RecipeDocument):
    """The attributes of a Recipe, its times in ages."""

    until = Age()


class ScenarioDocument(Schema):
    """A scenario file, its times in Unix seconds."""

    description = Name(load_default="")
    seed = WholeNumber(0, 2**63 - 1, load_default=DEFAULT_SEED)
    times = Choice([ABSOLUTE, BEFORE_START], load_default=ABSOLUTE)
    clock = NestedObject(ClockDocument(), load_default=None)
    ids = IdList(load_default=[])
    conversations = ObjectList(ConversationSchema(partial=True), "a conversation")
    generate = NestedObject(RecipeDocument(), load_default=None)


class AgedScenarioDocument(ScenarioDocument):
    """A scenario file, its times in ages."""

    conversations = ObjectList(AgedConversationSchema(partial=True), "a conversation")
    generate = NestedObject(AgedRecipeDocument(), load_default=None)


_ABSOLUTE, _AGED = ScenarioDocument(), AgedScenarioDocument()


def read(path: Path, name: str, label: str, generated: Path | None = None) -> ScenarioFile:
    """Return the scenario file at ``path``. Raises ScenarioError, whose message begins with ``label``."""
    try:
        return _scenario_of(_json_of(path), name, generated)
    except ValidationError as error:
        raise ScenarioError(f"{label}: {message_of(error, 'a scenario')}") from None
    except ValueError as error:
        raise ScenarioError(f"{label}: {error}") from None


def _json_of(path: Path) -> Any:
    """Return the parsed file. Raises ValidationError, or ValueError with one line that tells what is wrong."""
    try:
        # Some editors on Windows begin a file with a byte order mark.
        return parse(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        message = "there is no such file."
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}."
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text, see its byte {error.start}."
    except json.JSONDecodeError as error:
        message = f"not JSON at line {error.lineno}, column {error.colno}: {reason_of(error)}."
    except ValueError:  # Python's limit on the digits of a number
        message = "not JSON that can be read: a number in it is too long."
    except RecursionError:
        message = "not JSON that can be read: it is nested too deeply."
    raise ValueError(message)


def _scenario_of(values: Any, name: str, generated: Path | None) -> ScenarioFile:
    is_relative = isinstance(values, dict) and values.get("times") == BEFORE_START
    document = load(_AGED if is_relative else _ABSOLUTE, values, "a scenario")
    check_unique(document["ids"], lambda index: ("ids", index))
    clock, generate = document["clock"], document["generate"]
    return ScenarioFile(
        name=name,
        description=document["description"],
        seed=document["seed"],
        is_relative=is_relative,
        frozen_at=None if clock is None else clock["freeze"],
        pinned_ids=tuple(document["ids"]),
        conversations=tuple(_conversations(document.get("conversations"), is_relative=is_relative)),
        recipe=Recipe(count=0) if generate is None else _recipe(generate, is_relative=is_relative),
        generated=generated,
    )


def _conversations(unread: UnreadObjects | None, *, is_relative: bool) -> list[Conversation]:
    next_created_at = 0 if is_relative else _NEWEST_CREATED_AT

    def make(index: int, values: dict[str, Any]) -> Conversation:
        nonlocal next_created_at
        conversation = _conversation(values, index, next_created_at, is_relative=is_relative)
        next_created_at = conversation.created_at - _HOUR
        return conversation

    conversations = [] if unread is None else list(unread.read(make))
    check_unique([each.id for each in conversations], lambda index: ("conversations", index, "id"))
    return conversations


def _conversation(given: dict[str, Any], index: int, created_at: int, *, is_relative: bool) -> Conversation:
    times = {name: given.get(name) for name in _TIMES}
    if is_relative:
        times = {name: None if age is None else -age for name, age in times.items()}
    if times["created_at"] is None:
        # Nothing happens in a conversation before it is created.
        happened = [time for time in times.values() if time is not None]
        times["created_at"] = min([created_at if is_relative else max(created_at, 0), *happened])
    defaults = _DEFAULTS | {"id": draw_id(DEFAULT_SEED, "written", index)}
    return Conversation(**defaults | given | times)


def _recipe(given: dict[str, Any], *, is_relative: bool) -> Recipe:
    recipe = Recipe(**given | {"until": -given.get("until", 0)} if is_relative else given)
    oldest = recipe.age(recipe.count)
    room = MAX_AGE + recipe.until if is_relative else recipe.until
    if oldest > room:
        message = (
            f"reaches {oldest} seconds back, and there is room for {room}; lower its count, step_seconds, growth or "
            "youngest_seconds."
        )
        raise error_at(["generate"], message)
    return recipe
