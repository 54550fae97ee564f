"""Reading a scenario file. What is wrong with it is refused in one line that names the file and the place."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from marshmallow import Schema, ValidationError, fields

from sandbox.problems import quoted
from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.error_messages import explain
from sandbox.schemas.fields import Attribute, Choice, Id, Name, Timestamp, WholeNumber, is_id
from sandbox.seeding.recipe import EVERY_COMBINATION, LIFELIKE, Recipe
from sandbox.world.conversation import Conversation
from sandbox.world.draws import draw_id
from sandbox.world.errors import MissingParticipant

DEFAULT_SEED = 1
MAX_GENERATED = 1_000_000
MAX_AGE = 1_000_000_000
"""Seconds, about 31 years: times that count from the start of a sandbox reach no further back."""

ABSOLUTE = "absolute"
BEFORE_START = "before_start"

_NEWEST_CREATED_AT = 692233200
_HOUR = 3600
_LEFT_OUT: dict[str, Any] = {
    "contact_id": None,
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": False,
}
_TIMES = ("last_active_at", "last_opened_at", "created_at", "archived_at")


class ScenarioError(ValueError):
    """A scenario is unknown or its file is wrong. The message is one line and says where."""


@dataclass(frozen=True, slots=True, eq=False)
class ScenarioFile:
    """A scenario file, read and found right.

    Where ``is_relative``, times are seconds from the moment at which a sandbox starts, so 0 or negative.
    ``drawn`` is where the generated conversations under the file's own seed are kept as data.
    """

    name: str
    description: str
    seed: int
    is_relative: bool
    frozen_at: int | None
    pinned_ids: tuple[str, ...]
    conversations: tuple[Conversation, ...]
    recipe: Recipe
    drawn: Path | None = None

    @property
    def size(self) -> int:
        """How many conversations a sandbox starts with."""
        return len(self.conversations) + self.recipe.count


class _Object(dict[str, Any]):
    """A JSON object that remembers which key it was given twice."""

    twice: str | None = None


class _Part(Attribute, fields.Raw):
    """A list or an object, whose contents are looked at by whoever takes them."""

    default_error_messages = {"invalid": "Not of this type."}

    def __init__(self, kind: type, expects: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.expects = expects

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, self.kind):
            raise self.make_error("invalid")
        return value


class _Age(Timestamp):
    """A point in time, in seconds before a sandbox starts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.highest = MAX_AGE
        self.expects = f"seconds before the start, an integer from 0 to {MAX_AGE}"


class _FileSchema(Schema):
    description = Name(load_default="")
    seed = WholeNumber(0, 2**63 - 1, load_default=DEFAULT_SEED)
    times = Choice([ABSOLUTE, BEFORE_START], load_default=ABSOLUTE)
    clock = _Part(_Object, "an object", load_default=None)
    ids = _Part(list, "a list", load_default=[])
    conversations = _Part(list, "a list", load_default=[])
    generate = _Part(_Object, "an object", load_default=None)


class _ClockSchema(Schema):
    freeze = Timestamp(required=True)


class _RecipeSchema(Schema):
    count = WholeNumber(0, MAX_GENERATED, required=True)
    variety = Choice([LIFELIKE, EVERY_COMBINATION])
    until = Timestamp()
    youngest_seconds = WholeNumber(0, MAX_AGE)
    step_seconds = WholeNumber(1, MAX_AGE)
    growth = WholeNumber(1, 4)
    groups = WholeNumber(1, 1000)


class _AgedRecipeSchema(_RecipeSchema):
    until = _Age()


class _AgedConversationSchema(ConversationSchema):
    last_active_at = _Age(allow_none=True)
    last_opened_at = _Age(allow_none=True)
    created_at = _Age()
    archived_at = _Age(allow_none=True)


_FILE = _FileSchema()
_CLOCK = _ClockSchema()
_RECIPE = _RecipeSchema(), _AgedRecipeSchema()
_CONVERSATION = ConversationSchema(partial=True), _AgedConversationSchema(partial=True)


def read(path: Path, name: str, shown: str, drawn: Path | None = None) -> ScenarioFile:
    """The scenario file at ``path``, called ``shown`` in messages. Raises ScenarioError."""
    try:
        return _scenario_of(_json_of(path), name, drawn)
    except ScenarioError as error:
        # A key of the user's may hold line breaks, and is repeated.
        raise ScenarioError(f"{shown}: {' '.join(str(error).splitlines())}") from None


def _refuse(message: str) -> NoReturn:
    raise ScenarioError(message)


def _json_of(path: Path) -> Any:
    try:
        # Some editors on Windows begin a file with a byte order mark.
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object_of)
    except FileNotFoundError:
        _refuse("there is no such file.")
    except OSError as error:
        _refuse(f"the file cannot be read: {error.strerror}.")
    except UnicodeDecodeError as error:
        _refuse(f"the file is not UTF-8 text, see its byte {error.start}.")
    except json.JSONDecodeError as error:
        _refuse(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}.")
    except ValueError:  # what Python says of a number with thousands of digits
        _refuse("not JSON that can be read: a number in it is too long.")
    except RecursionError:
        _refuse("not JSON that can be read: it is nested too deeply.")


def _object_of(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        made.twice = next(key for at, key in enumerate(keys) if key in keys[:at])
    return made


def _load(schema: Schema, values: Any, place: str, prefix: str = "") -> dict[str, Any]:
    """``values`` as ``schema`` understands them. ``place`` is what they are, ``prefix`` where they stand."""
    if not isinstance(values, _Object):
        _refuse(f"{prefix.removesuffix('.') or place} must be an object, not {quoted(values)}.")
    if values.twice is not None:
        _refuse(f"{prefix}{values.twice} is given twice.")
    try:
        loaded: dict[str, Any] = schema.load(values)
    except ValidationError as error:
        _refuse(explain(schema, error, values, place, prefix))
    return loaded


def _scenario_of(values: Any, name: str, drawn: Path | None) -> ScenarioFile:
    given = _load(_FILE, values, "a scenario")
    is_relative = given["times"] == BEFORE_START
    clock, generate = given["clock"], given["generate"]
    return ScenarioFile(
        name=name,
        description=given["description"],
        seed=given["seed"],
        is_relative=is_relative,
        frozen_at=None if clock is None else _load(_CLOCK, clock, "clock", "clock.")["freeze"],
        pinned_ids=_ids(given["ids"]),
        conversations=_conversations(given["conversations"], is_relative=is_relative),
        recipe=Recipe(count=0) if generate is None else _recipe(generate, is_relative=is_relative),
        drawn=drawn,
    )


def _ids(values: list[Any]) -> tuple[str, ...]:
    for at, value in enumerate(values):
        if not isinstance(value, str) or not is_id(value):
            _refuse(f"ids[{at}] must be {Id.expects}, not {quoted(value)}.")
    _refuse_twice(values, "ids[{}]")
    return tuple(values)


def _refuse_twice(ids: Iterable[str], place: str) -> None:
    first: dict[str, int] = {}
    for at, each in enumerate(ids):
        if each in first:
            _refuse(f"{place.format(at)} is {quoted(each)}, as is {place.format(first[each])}.")
        first[each] = at


def _conversations(values: list[Any], *, is_relative: bool) -> tuple[Conversation, ...]:
    made: list[Conversation] = []
    next_created_at = 0 if is_relative else _NEWEST_CREATED_AT
    for at, each in enumerate(values):
        conversation = _conversation(each, at, next_created_at, is_relative=is_relative)
        next_created_at = conversation.created_at - _HOUR
        made.append(conversation)
    _refuse_twice((conversation.id for conversation in made), "conversations[{}].id")
    return tuple(made)


def _conversation(values: Any, at: int, created_at: int, *, is_relative: bool) -> Conversation:
    place = f"conversations[{at}]"
    given = _load(_CONVERSATION[is_relative], values, "a conversation", f"{place}.")
    times = {key: given.get(key) for key in _TIMES}
    if is_relative:
        times = {key: None if age is None else -age for key, age in times.items()}
    if times["created_at"] is None:
        # Nothing happens in a conversation before it is created.
        happened = [time for time in times.values() if time is not None]
        times["created_at"] = min([created_at if is_relative else max(created_at, 0), *happened])
    left_out = _LEFT_OUT | {"id": draw_id(DEFAULT_SEED, "written", at)}
    try:
        return Conversation(**left_out | given | times)
    except MissingParticipant as error:
        _refuse(f"{place} {error}.")


def _recipe(values: Any, *, is_relative: bool) -> Recipe:
    given = _load(_RECIPE[is_relative], values, "generate", "generate.")
    if is_relative:
        given["until"] = -given.get("until", 0)
    recipe = Recipe(**given)
    oldest = recipe.age(recipe.count)
    room = MAX_AGE + recipe.until if is_relative else recipe.until
    if oldest > room:
        _refuse(
            f"generate reaches {oldest} seconds back, and there is room for {room}; lower its count, "
            f"step_seconds, growth or youngest_seconds."
        )
    return recipe
