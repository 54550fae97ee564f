"""Scenario files of users: valid ones are read, invalid ones are refused with the place."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.seeding.recipe import EVERY_COMBINATION, Recipe
from sandbox.seeding.scenario_file import MAX_AGE, MAX_GENERATED, ScenarioError, ScenarioFile, read
from sandbox.world.clock import LATEST_TIMESTAMP
from sandbox.world.conversation import Conversation

ID = "must be an id: 1 to 64 letters, digits, _ or -"
TIME = "must be Unix seconds, an integer from 0 to 253402300799"
AGE = "must be seconds before the start, an integer from 0 to 1000000000"
FLAG = "must be true or false"
CONTACT = {"contact_id": "c"}


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[str | bytes], ScenarioFile]:
    """``opened('{"seed": 7}')``: the scenario file with this content, called ./my.json."""

    def opened(content: str | bytes) -> ScenarioFile:
        path = tmp_path / "my.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(path, "my", "./my.json")

    return opened


def refused(opened: Callable[[str | bytes], ScenarioFile], content: str | bytes) -> str:
    with pytest.raises(ScenarioError) as caught:
        opened(content)
    message = str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert len(message.splitlines()) == 1
    assert message.startswith("./my.json: ")
    return message.removeprefix("./my.json: ")


def conversation(**given: Any) -> str:
    """A file whose fourth conversation is CONTACT and ``given``."""
    return json.dumps({"conversations": [CONTACT, CONTACT, CONTACT, CONTACT | given]})


def conversation_ids(*ids: str) -> str:
    return json.dumps({"conversations": [CONTACT | {"id": each} for each in ids]})


def test_every_attribute_is_optional(opened: Callable[..., ScenarioFile]) -> None:
    file = opened("{}")
    assert (file.description, file.seed, file.is_relative, file.frozen_at) == ("", 1, False, None)
    assert (file.pinned_ids, file.conversations, file.recipe.count, file.size) == ((), (), 0, 0)


def test_every_attribute_is_read(opened: Callable[..., ScenarioFile]) -> None:
    file = opened(
        json.dumps(
            {
                "description": "Mine.",
                "seed": 7,
                "times": "absolute",
                "clock": {"freeze": 99},
                "ids": ["a", "b"],
                "conversations": [CONTACT],
                "generate": {
                    "count": 3,
                    "variety": "every_combination",
                    "until": 1000,
                    "youngest_seconds": 1,
                    "step_seconds": 2,
                    "growth": 3,
                    "groups": 4,
                },
            }
        )
    )
    assert (file.name, file.description, file.seed, file.frozen_at) == ("my", "Mine.", 7, 99)
    assert file.pinned_ids == ("a", "b")
    assert file.recipe == Recipe(3, EVERY_COMBINATION, 1000, 1, 2, 3, 4)
    assert file.size == 4


def test_a_byte_order_mark_is_ignored(opened: Callable[..., ScenarioFile]) -> None:
    assert opened(b'\xef\xbb\xbf{"seed": 7}').seed == 7


def test_a_conversation_may_have_all_attributes(opened: Callable[..., ScenarioFile]) -> None:
    shape: dict[str, Any] = {
        "id": "i",
        "contact_id": None,
        "group_id": "g",
        "pinned_message_id": "m",
        "is_pinned": True,
        "is_muted": True,
        "last_active_at": 4,
        "last_opened_at": 3,
        "created_at": 2,
        "archived_at": LATEST_TIMESTAMP,
    }
    assert opened(json.dumps({"conversations": [shape]})).conversations == (Conversation(**shape),)


def test_a_conversation_needs_only_a_participant(opened: Callable[..., ScenarioFile]) -> None:
    first, second = opened(json.dumps({"conversations": [CONTACT, {"group_id": "g"}]})).conversations
    assert re.fullmatch("[A-Za-z0-9]{16}", first.id)
    assert first == Conversation.begin(first.id, "c", None, 692233200)
    assert second == Conversation.begin(second.id, None, "g", 692233200 - 3600)
    assert first.id != second.id


def test_a_default_id_depends_on_the_position_and_not_on_the_seed(
    opened: Callable[..., ScenarioFile],
) -> None:
    one = opened(json.dumps({"seed": 1, "conversations": [CONTACT, CONTACT]}))
    two = opened(json.dumps({"seed": 2, "conversations": [CONTACT, {"group_id": "g"}, CONTACT]}))
    assert [each.id for each in one.conversations] == [each.id for each in two.conversations[:2]]


@pytest.mark.parametrize(
    ("given", "created_at"),
    [
        ([{}, {}, {}], [692233200, 692229600, 692226000]),
        ([{"created_at": 10_000}, {}, {}, {}, {}], [10_000, 6_400, 2_800, 0, 0]),
        ([{"last_active_at": 5}], [5]),
        ([{"last_active_at": 800000000, "archived_at": 700}], [700]),
        ([{"created_at": 9, "last_active_at": 5}], [9]),
    ],
)
def test_a_default_created_at_is_an_hour_before_that_of_the_conversation_above(
    opened: Callable[..., ScenarioFile], given: list[dict[str, int]], created_at: list[int]
) -> None:
    file = opened(json.dumps({"conversations": [CONTACT | each for each in given]}))
    assert [each.created_at for each in file.conversations] == created_at


def test_times_may_count_from_the_start_of_a_sandbox(opened: Callable[..., ScenarioFile]) -> None:
    written = [CONTACT | {"created_at": 90, "last_active_at": 5}, CONTACT, CONTACT | {"archived_at": 9000}]
    generate = {"count": 2, "until": 50}
    file = opened(json.dumps({"times": "before_start", "conversations": written, "generate": generate}))
    assert file.is_relative
    assert [each.created_at for each in file.conversations] == [-90, -3690, -9000]
    assert [each.last_active_at for each in file.conversations] == [-5, None, None]
    assert file.recipe.until == -50
    assert opened('{"times": "before_start", "generate": {"count": 2}}').recipe.until == 0


@pytest.mark.parametrize("times", ["absolute", "before_start"])
def test_a_million_conversations_need_only_a_count(opened: Callable[..., ScenarioFile], times: str) -> None:
    file = opened(json.dumps({"times": times, "generate": {"count": MAX_GENERATED}}))
    assert file.size == 1_000_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON at line 1, column 1: Expecting value."),
        ('{\n  "seed": 1,\n}', "not JSON at line "),
        ('{\n  "seed" 1\n}', "not JSON at line 2, column 10: Expecting ':' delimiter."),
        (b'{"seed": "\xff"}', "the file is not UTF-8 text, see its byte 10."),
        ('{"seed": ' + "9" * 5000 + "}", "not JSON that can be read: a number in it is too long."),
        ("[" * 200_000, "not JSON that can be read: it is nested too deeply."),
        ("[]", "a scenario must be an object, not []."),
        ("null", "a scenario must be an object, not null."),
        ('{"a\\nb": 1, "a\\nb": 2}', "a\\nb is given twice; give it once."),
        ('{"seed": 1, "seed": 2}', "seed is given twice; give it once."),
        ('{"a\\nb": 1}', "a\\nb is not an attribute of a scenario; known are "),
        ('{"sead": 1}', "sead is not an attribute of a scenario; did you mean seed?"),
        (
            '{"Conversation": []}',
            "Conversation is not an attribute of a scenario; did you mean conversations?",
        ),
        (
            '{"zzz": 1}',
            "zzz is not an attribute of a scenario; known are description, seed, times, clock, ids, ",
        ),
        ('{"description": 1}', "description must be a text of 1 to 200 characters, not 1."),
        ('{"seed": "1"}', 'seed must be an integer from 0 to 9223372036854775807, not "1".'),
        ('{"seed": -1}', "seed must be an integer from 0 to 9223372036854775807, not -1."),
        ('{"seed": true}', "seed must be an integer from 0 to 9223372036854775807, not true."),
        ('{"seed": NaN}', "seed must be an integer from 0 to 9223372036854775807, not NaN."),
        ('{"times": "relative"}', 'times must be one of absolute, before_start, not "relative".'),
        ('{"clock": 5}', "clock must be an object, not 5."),
        ('{"clock": {}}', f"clock.freeze is missing; it {TIME}."),
        ('{"clock": {"freeze": "now"}}', f'clock.freeze {TIME}, not "now".'),
        ('{"clock": {"freeze": 1, "freeze": 1}}', "clock.freeze is given twice; give it once."),
        (
            '{"clock": {"freeze": 1, "freezes": 1}}',
            "clock.freezes is not an attribute of clock; did you mean freeze?",
        ),
        ('{"ids": "a"}', 'ids must be a list, not "a".'),
        ('{"ids": ["a", "b c"]}', f'ids[1] {ID}, not "b c".'),
        ('{"ids": [null]}', f"ids[0] {ID}, not null."),
        ('{"ids": ["a", "b", "a"]}', 'ids[2] is "a", as is ids[0].'),
        ('{"conversations": {}}', "conversations must be a list, not {}."),
        ('{"conversations": [1]}', "conversations[0] must be an object, not 1."),
        ('{"conversations": [{}]}', "conversations[0] needs a contact_id or a group_id (or both)."),
        (
            '{"conversations": [{"contact_id": "a"}, {"contact_id": null, "group_id": null}]}',
            "conversations[1] needs a contact_id or a group_id (or both).",
        ),
        (
            '{"conversations": [{"contact_id": "a", "contact_id": "a"}]}',
            "conversations[0].contact_id is given twice; give it once.",
        ),
        (
            conversation_ids("a", "b", "a"),
            'conversations[2].id is "a", as is conversations[0].id.',
        ),
        (conversation(id="a b"), f'conversations[3].id {ID}, not "a b".'),
        (conversation(id=None), f"conversations[3].id {ID}, not null."),
        (conversation(contact_id=5), f"conversations[3].contact_id {ID}, not 5."),
        (conversation(group_id=""), f'conversations[3].group_id {ID}, not "".'),
        (conversation(pinned_message_id=["a"]), f'conversations[3].pinned_message_id {ID}, not ["a"].'),
        (conversation(is_pinned=1), f"conversations[3].is_pinned {FLAG}, not 1."),
        (conversation(is_muted="false"), f'conversations[3].is_muted {FLAG}, not "false".'),
        (conversation(last_active_at=-1), f"conversations[3].last_active_at {TIME}, not -1."),
        (conversation(last_opened_at=1.5), f"conversations[3].last_opened_at {TIME}, not 1.5."),
        (conversation(created_at="yesterday"), f'conversations[3].created_at {TIME}, not "yesterday".'),
        (conversation(created_at=None), f"conversations[3].created_at {TIME}, not null."),
        (
            conversation(archived_at=LATEST_TIMESTAMP + 1),
            f"conversations[3].archived_at {TIME}, not 253402300800.",
        ),
        (
            conversation(is_pined=True),
            "conversations[3].is_pined is not an attribute of a conversation; did you mean is_pinned?",
        ),
        (
            '{"times": "before_start", "conversations": [{"contact_id": "a", "archived_at": 1000000001}]}',
            f"conversations[0].archived_at {AGE}, not 1000000001.",
        ),
        ('{"generate": 5}', "generate must be an object, not 5."),
        ('{"generate": {}}', "generate.count is missing; it must be an integer from 0 to 1000000."),
        (
            '{"generate": {"count": 1000001}}',
            "generate.count must be an integer from 0 to 1000000, not 1000001.",
        ),
        (
            '{"generate": {"count": 1, "variety": "some"}}',
            'generate.variety must be one of lifelike, every_combination, not "some".',
        ),
        ('{"generate": {"count": 1, "until": "now"}}', f'generate.until {TIME}, not "now".'),
        (
            '{"times": "before_start", "generate": {"count": 1, "until": -5}}',
            f"generate.until {AGE}, not -5.",
        ),
        (
            '{"generate": {"count": 1, "youngest_seconds": -1}}',
            "generate.youngest_seconds must be an integer from 0 to 1000000000, not -1.",
        ),
        (
            '{"generate": {"count": 1, "step_seconds": 0}}',
            "generate.step_seconds must be an integer from 1 to 1000000000, not 0.",
        ),
        (
            '{"generate": {"count": 1, "growth": 5}}',
            "generate.growth must be an integer from 1 to 4, not 5.",
        ),
        (
            '{"generate": {"count": 1, "groups": 0}}',
            "generate.groups must be an integer from 1 to 1000, not 0.",
        ),
        (
            '{"generate": {"cuont": 1, "count": 1}}',
            "generate.cuont is not an attribute of generate; did you mean count?",
        ),
        (
            '{"generate": {"count": 101, "step_seconds": 10, "until": 1009}}',
            "generate reaches 1010 seconds back, and there is room for 1009; lower its count, step_seconds, ",
        ),
        (
            '{"times": "before_start", "generate": {"count": 1, "until": 1000000000}}',
            "generate reaches 600 seconds back, and there is room for 0; ",
        ),
    ],
)
def test_a_mistake_is_refused_with_its_place(
    opened: Callable[..., ScenarioFile], content: str | bytes, message: str
) -> None:
    said = refused(opened, content)
    assert said == message if message.endswith((".", "?")) else said.startswith(message)


def test_several_mistakes_are_reported_together(opened: Callable[..., ScenarioFile]) -> None:
    said = refused(opened, conversation(is_muted=0, created_at="now"))
    assert "conversations[3].is_muted" in said
    assert "conversations[3].created_at" in said


def test_the_limits_are_inclusive(opened: Callable[..., ScenarioFile]) -> None:
    assert opened('{"generate": {"count": 100, "step_seconds": 10, "until": 1000}}').size == 100
    assert opened(conversation(created_at=0, archived_at=LATEST_TIMESTAMP)).size == 4
    oldest = CONTACT | {"created_at": MAX_AGE}
    aged = opened(json.dumps({"times": "before_start", "conversations": [oldest]}))
    assert aged.conversations[0].created_at == -MAX_AGE


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^\./my\.json: there is no such file\.$"):
        read(tmp_path / "nothing.json", "my", "./my.json")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^\./my: the file cannot be read: .+\.$"):
        read(tmp_path, "my", "./my")
