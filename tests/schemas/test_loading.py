"""Loading an object with a schema: strictly, by name, and without work for what is not shown."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, validates_schema

from sandbox.schemas.arguments import NoArguments
from sandbox.schemas.error_messages import MAX_EXPLAINED, message_of
from sandbox.schemas.fields import Flag, Id, WholeNumber
from sandbox.schemas.loading import load


class Example(Schema):
    contact_id = Id(required=True)
    is_muted = Flag()
    limit = WholeNumber(1, 100)

    @validates_schema(skip_on_field_errors=True)
    def _together(self, data: dict[str, Any], **_: Any) -> None:
        if "limit" in data:
            raise ValidationError("limit and contact_id do not go together.")


class Many(Schema):
    a = Flag(required=True)
    b = Flag(required=True)
    c = Flag(required=True)
    d = Flag(required=True)
    e = Flag(required=True)
    f = Flag(required=True)


def refused(values: Any, schema: Schema | None = None) -> str:
    with pytest.raises(ValidationError) as error:
        load(schema or Example(), values, "this body")
    return message_of(error.value, "this body")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "contact_id is missing; it must be an id: 1 to 64 letters, digits, _ or -."),
        ({"contact_id": 5}, "contact_id must be an id: 1 to 64 letters, digits, _ or -, not 5."),
        ({"contact_id": None}, "contact_id must be an id: 1 to 64 letters, digits, _ or -, not null."),
        ({"contact_id": "a", "is_muted": "yes"}, 'is_muted must be true or false, not "yes".'),
        ({"contact_id": "a", "limit": 5}, "limit and contact_id do not go together."),
        (
            {"contact_id": "a", "is_mutd": True},
            "is_mutd is not an attribute of this body; did you mean is_muted?",
        ),
        (
            {"contact_id": "a", "LIMIT": 1},
            "LIMIT is not an attribute of this body; did you mean limit?",
        ),
        (
            {"contact_id": "a", "zzz": 1},
            "zzz is not an attribute of this body; known are contact_id, is_muted, limit.",
        ),
        (
            {"contact_id": "a", "_schema": 1},
            "_schema is not an attribute of this body; known are contact_id, is_muted, limit.",
        ),
        (
            {"contact_id": "a", "": 1},
            '"" is not an attribute of this body; known are contact_id, is_muted, limit.',
        ),
        (
            {"contact_id": "a", " limit": 1},
            '" limit" is not an attribute of this body; did you mean limit?',
        ),
        ([], "this body must be an object, not []."),
        ("a", 'this body must be an object, not "a".'),
        (None, "this body must be an object, not null."),
    ],
)
def test_a_mistake_is_one_sentence(values: Any, sentence: str) -> None:
    assert refused(values) == sentence


def test_values_that_fit_are_loaded() -> None:
    assert load(Example(), {"contact_id": "a", "is_muted": True}, "this body") == {
        "contact_id": "a",
        "is_muted": True,
    }


def test_an_unknown_attribute_is_ignored_where_loading_is_lenient() -> None:
    assert load(Example(), {"contact_id": "a", "zzz": 1, "_schema": 1}, "this body", lenient=True) == {
        "contact_id": "a"
    }
    with pytest.raises(ValidationError):
        load(Example(), {"contact_id": 5, "zzz": 1}, "this body", lenient=True)


def test_several_mistakes_are_several_sentences_up_to_a_limit() -> None:
    message = refused({"is_muted": 1, "limit": 0})
    assert message.count(" must be ") == 3
    assert refused({}, Many()).count(" is missing; ") == MAX_EXPLAINED == 5


def test_a_schema_without_attributes_says_so() -> None:
    assert refused({"a": 1}, NoArguments()) == "a is not known here: there are no attributes in this body."


def test_a_long_value_or_name_is_not_repeated_whole() -> None:
    assert len(refused({"contact_id": "a" * 10_000})) < 200
    assert len(refused({"contact_id": "a", "b" * 10_000: 1})) < 300
    assert len(refused({"contact_id": ["a"] * 10_000})) < 200


def test_the_first_unknown_attributes_are_named_in_the_order_of_the_document_after_the_known_ones() -> None:
    names = ["zeta", "alpha", "omega", "beta", "eta", "theta"]
    message = refused(dict.fromkeys(names, 1) | {"contact_id": "a"}, Example())
    assert [sentence.split()[0] for sentence in message.split(". ")] == names[:5]
    assert refused(dict.fromkeys(names, 1) | {"limit": 0}).startswith("contact_id is missing")


class Names(dict[str, Any]):
    """A document that counts the names that are asked for."""

    asked = 0

    def __iter__(self) -> Any:
        for name in super().__iter__():
            self.asked += 1
            yield name


def test_unknown_attributes_beyond_those_that_are_explained_cost_nothing() -> None:
    values = Names({f"name{number}": 1 for number in range(10_000)})
    assert refused(values).count("name") >= MAX_EXPLAINED - 1
    assert values.asked <= MAX_EXPLAINED


EXPLAINED_IN_A_PROCESS = """
from pathlib import Path
import json, sys
from marshmallow import ValidationError
from sandbox.control.state_document import StateDocument
from sandbox.faults.rule_document import RuleDocument
from sandbox.schemas.arguments import CreateConversation, ListConversations, UpdateConversation
from sandbox.schemas.control import Arrangement, ClockChange, JournalQuery, Reset
from sandbox.schemas.conversation import ConversationSchema
from sandbox.schemas.error_messages import message_of
from sandbox.schemas.loading import load
from sandbox.seeding.scenario_file import ScenarioError, read

unknown = dict.fromkeys("zyxwvutsrq", 1)
documents = [
    (CreateConversation(), unknown),
    (ListConversations(), unknown),
    (UpdateConversation(), unknown),
    (Arrangement(partial=True), unknown),
    (JournalQuery(), unknown),
    (Reset(), unknown),
    (ClockChange(partial=True), unknown),
    (ConversationSchema(partial=True), unknown),
    (StateDocument(partial=True), unknown),
    (RuleDocument(), unknown),
    (RuleDocument(), {"delay": 1, "match": unknown}),
    (RuleDocument(), {"fault": {"type": "hang"} | unknown}),
    (RuleDocument(), {"fault": {"type": "status", "status": 503} | unknown}),
    (RuleDocument(), {"delay": {"type": "uniform", "lower": 1, "upper": 2} | unknown}),
]
for schema, document in documents:
    try:
        load(schema, document, "this body")
    except ValidationError as error:
        print(message_of(error))
scenario = Path(sys.argv[1])
for document in (unknown, {"conversations": [unknown]}, {"generate": {"count": 1} | unknown}):
    scenario.write_text(json.dumps(document))
    try:
        read(scenario, "it", "it")
    except ScenarioError as error:
        print(str(error).removeprefix("it: "))
"""


@pytest.mark.parametrize("hash_seed", ["0", "1", "2"])
def test_unknown_attributes_are_explained_in_the_order_of_the_document_for_every_hash_seed(
    hash_seed: str, tmp_path: Path
) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", EXPLAINED_IN_A_PROCESS, str(tmp_path / "scenario.json")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": hash_seed},
    )
    explained = answer.stdout.splitlines()
    assert len(explained) == 17
    for message in explained:
        names = [sentence.split()[0].rpartition(".")[2] for sentence in message.split(". ")]
        assert names == [*"zyxwv"], message
