"""Attributes that are lists of objects, which are loaded one by one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields

from sandbox.schemas.error_messages import error_at
from sandbox.schemas.fields import Attribute
from sandbox.schemas.loading import load
from sandbox.schemas.nested_object import NestedObject
from sandbox.world.errors import MissingParticipant

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UnreadObjects:
    """The JSON objects of a list before they are loaded.

    Their number can be checked before they cost anything, or they arrive one by one.
    """

    name: str
    schema: Schema
    subject: str
    values: Iterable[Any]

    def __len__(self) -> int:
        assert isinstance(self.values, list)
        return len(self.values)

    def read(self, make: Callable[[int, Any], T]) -> Iterator[T]:
        """Load the objects and yield what ``make`` returns for the index and the loaded attributes of each.

        Stops at the first mistake: raises ValidationError, whose messages stand at the name of the list and the index.
        """
        schema, subject = self.schema, self.subject
        for index, values in enumerate(self.values):
            try:
                made = make(index, load(schema, values, subject))
            except ValidationError as error:
                raise ValidationError({self.name: {index: error.messages}}) from None
            except MissingParticipant as error:
                raise error_at((self.name, index), f"{error}.") from None
            yield made


class ObjectList(Attribute, fields.List[Any]):
    """A list of objects, each with the attributes of ``schema``; loaded as UnreadObjects.

    ``subject`` names one of them in messages ("a conversation"). ``max_items`` None sets no limit.
    """

    openapi_text: Mapping[str, Any] = {"type": "array"}

    def __init__(self, schema: Schema, subject: str, max_items: int | None = None, **kwargs: Any) -> None:
        super().__init__(NestedObject(schema), **kwargs)
        self.schema = schema
        self.subject = subject
        self.max_items = max_items
        self.expected = "a list" if max_items is None else f"a list of at most {max_items} objects"
        self.openapi = {} if max_items is None else {"maxItems": max_items}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, list) or (self.max_items is not None and len(value) > self.max_items):
            raise self.make_error("invalid", input=value)
        return UnreadObjects(str(attr), self.schema, self.subject, value)
