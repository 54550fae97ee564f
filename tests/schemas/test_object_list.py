"""Lists of objects: counted first, then loaded one by one up to the first mistake."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from sandbox.schemas.error_messages import message_of
from sandbox.schemas.fields import Flag, Id
from sandbox.schemas.object_list import ObjectList, UnreadObjects
from sandbox.world.errors import MissingParticipant


class Item(Schema):
    id = Id(required=True)
    on = Flag()


class Document(Schema):
    items = ObjectList(Item(), "an item")
    few = ObjectList(Item(), "an item", max_items=2)


def unread(*values: Any) -> UnreadObjects:
    objects: UnreadObjects = Document().load({"items": list(values)})["items"]
    return objects


def refused(objects: UnreadObjects) -> str:
    with pytest.raises(ValidationError) as error:
        list(objects.read(lambda _index, values: values))
    return message_of(error.value)


def test_objects_are_made_of_their_index_and_their_attributes() -> None:
    objects = unread({"id": "a"}, {"id": "b", "on": True})
    assert len(objects) == 2
    assert list(objects.read(lambda index, values: (index, values))) == [
        (0, {"id": "a"}),
        (1, {"id": "b", "on": True}),
    ]
    assert list(unread().read(lambda index, values: (index, values))) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "items[1] must be an object, not 5."),
        (None, "items[1] must be an object, not null."),
        ({}, "items[1].id is missing; it must be an id: 1 to 64 letters, digits, _ or -."),
        ({"id": "b", "on": 1}, "items[1].on must be true or false, not 1."),
        ({"id": "b", "onn": 1}, "items[1].onn is not an attribute of an item; did you mean on?"),
        ({"id": "b", "_schema": 1}, "items[1]: _schema is not an attribute of an item; known are id, on."),
        (
            {"on": 1},
            "items[1].id is missing; it must be an id: 1 to 64 letters, digits, _ or -. items[1].on ",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(value: Any, message: str) -> None:
    assert refused(unread({"id": "a"}, value)).startswith(message)


def test_the_errors_are_nested_as_marshmallow_nests_them() -> None:
    with pytest.raises(ValidationError) as error:
        list(unread({"id": "a"}, {"id": "b", "on": 1}).read(lambda index, _values: index))
    assert error.value.messages == {"items": {1: {"on": ["must be true or false, not 1."]}}}


def test_reading_stops_at_the_first_mistake() -> None:
    objects = unread({"id": "a"}, {}, {"id": "c"}, {}).read(lambda index, _values: index)
    assert next(objects) == 0
    with pytest.raises(ValidationError) as error:
        next(objects)
    assert message_of(error.value).startswith("items[1].id is missing; ")
    assert "items[3]" not in message_of(error.value)
    assert list(objects) == []


def test_a_conversation_without_participants_is_refused_by_its_place() -> None:
    def make(_index: int, _values: Any) -> None:
        raise MissingParticipant

    with pytest.raises(ValidationError) as error:
        list(unread({"id": "a"}).read(make))
    assert message_of(error.value) == "items[0] needs a contact_id or a group_id (or both)."


@pytest.mark.parametrize("value", [None, {}, "a", 5, True])
def test_a_list_is_a_list(value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        Document().load({"items": value})
    assert message_of(error.value).startswith("items must be a list, not ")


def test_a_list_may_have_a_limit_and_documents_it() -> None:
    assert len(Document().load({"few": [{"id": "a"}] * 2})["few"]) == 2
    with pytest.raises(ValidationError) as error:
        Document().load({"few": [{}] * 3})
    assert message_of(error.value).startswith("few must be a list of at most 2 objects, not [{}, {}, {}]")
    fields = Document().fields
    assert [dict(field.openapi) for field in fields.values() if isinstance(field, ObjectList)] == [
        {},
        {"maxItems": 2},
    ]


def test_a_list_exposes_the_schema_of_its_objects() -> None:
    field = Document().fields["items"]
    assert isinstance(field, ObjectList)
    assert list(field.schema.fields) == ["id", "on"]
