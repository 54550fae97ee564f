"""The built-in scenarios, to the byte, and files of users."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from sandbox.schemas.conversation import ConversationSchema, encode
from sandbox.seeding import provider, scenario, scenario_file
from sandbox.seeding.scenario import Scenario, ScenarioError, load, load_builtin, summaries
from sandbox.world.conversation import Conversation
from sandbox.world.paging import Query

T = TypeVar("T")

NOW = 1_800_000_000.75
NAMES = ["blank", "crowd", "default", "demo", "documented"]

GOLDEN_DEFAULT = "2bc4ca1aaf9007b40227e8eb30b562234f45b9f437b32f1a7ed177b309cf8f19"
"""SHA-256 of the JSON of all conversations of default, a line each, in list order."""
GOLDEN_CROWD = "01c7dffe1c68c4f058da03f24f3f1913ed71df3a84485657ce51ec98d8e0e9e3"

DOCUMENTED = {
    "id": "xgQQXg3hrtjh7AvZ",
    "contact_id": "WAz8eIbvDR60rouK",
    "group_id": None,
    "pinned_message_id": None,
    "is_pinned": False,
    "is_muted": False,
    "last_active_at": 705103200,
    "last_opened_at": 705103200,
    "created_at": 692233200,
    "archived_at": None,
}
"""Source: the response of "Retrieve a sound", and the first one of "List all sound effects"."""


def lines(of: Scenario, now: float = NOW) -> bytes:
    return b"\n".join(record.json for record in of.initial_state(now).table)


def listed(of: Scenario, now: float = NOW) -> list[Conversation]:
    return [record.conversation for record in of.initial_state(now).table]


def times(conversation: Conversation) -> Iterator[int]:
    for name in ("created_at", "last_active_at", "last_opened_at", "archived_at"):
        time = getattr(conversation, name)
        if time is not None:
            yield time


def file(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "my.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_scenario_is_valid(name: str) -> None:
    loaded = load(name)
    start = loaded.initial_state(NOW)
    assert (loaded.name, loaded.size, start.seed) == (name, len(start.table), loaded.seed)
    for record in islice(start.table, 200):
        shape = json.loads(record.json)
        assert record.json == encode(record.conversation)
        assert ConversationSchema().load(shape) == shape


def test_default_is_pinned_to_the_byte() -> None:
    assert sha256(lines(load("default"))).hexdigest() == GOLDEN_DEFAULT


def test_crowd_is_pinned_to_the_byte() -> None:
    assert sha256(lines(load("crowd"))).hexdigest() == GOLDEN_CROWD


def test_default_is_the_two_documented_and_118_in_every_combination() -> None:
    conversations = listed(load("default"))
    assert len(conversations) == 120
    assert conversations[:2] == listed(load("documented"))
    assert max(each.created_at for each in conversations[2:]) < conversations[1].created_at
    combinations = {
        (
            each.contact_id is None,
            each.group_id is None,
            each.is_pinned,
            each.is_muted,
            each.archived_at is None,
            each.last_opened_at is None,
        )
        for each in conversations[2:]
    }
    assert len(combinations) == 48
    groups = [each.group_id for each in conversations[2:] if each.group_id]
    assert all(groups.count(each) > 5 for each in groups)


def test_the_data_of_default_is_what_it_would_generate(tmp_path: Path) -> None:
    copy = file(tmp_path, json.loads((scenario.fixtures() / "default.json").read_text()))
    assert lines(load(copy)) == lines(load("default"))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others() -> None:
    assert lines(load("default", 1)) == lines(load("default"))
    assert lines(load("default", 2)) == lines(load("default").with_seed(2))
    one, two = listed(load("default")), listed(load("default", 2))
    assert one[:2] == two[:2]
    assert {each.id for each in one[2:]}.isdisjoint({each.id for each in two[2:]})
    assert load("default", 2).initial_state(NOW).seed == load("default", 2).seed == 2


def test_a_scenario_returns_to_its_own_seed(tmp_path: Path) -> None:
    assert load("default", 2).with_seed(None) == load("default")
    mine = load(file(tmp_path, {"seed": 5, "generate": {"count": 3}}))
    other = mine.with_seed(6)
    assert (mine.seed, other.seed, other.with_seed(None).seed) == (5, 6, 5)
    assert lines(other) == lines(load(tmp_path / "my.json", 6)) != lines(mine)


def test_documented_is_the_list_of_the_page() -> None:
    page = load("documented").initial_state(NOW).table.page(Query(10))
    assert not page.has_more
    first, second = (json.loads(record.json) for record in page.records)
    assert first == DOCUMENTED
    assert list(first) == list(DOCUMENTED)
    assert second["id"] == "hSIhXBhNe8X1d8Et"


def test_blank_is_empty_and_its_clock_is_frozen() -> None:
    start = load("blank").initial_state(NOW)
    assert len(start.table) == 0
    assert start.frozen_at == 692233200
    assert start.pinned_ids == ("xgQQXg3hrtjh7AvZ", "hSIhXBhNe8X1d8Et")


@pytest.mark.parametrize("name", ["crowd", "default", "demo", "documented"])
def test_other_clocks_run(name: str) -> None:
    start = load(name).initial_state(NOW)
    assert (start.frozen_at, start.pinned_ids, start.id_index, start.clock_offset) == (None, (), 0, 0.0)


def test_demo_has_recent_times_and_none_in_the_future() -> None:
    conversations = listed(load("demo"))
    assert 35 <= len(conversations) <= 45
    ages = [int(NOW) - time for each in conversations for time in times(each)]
    assert min(ages) >= 0
    active = [int(NOW) - each.last_active_at for each in conversations if each.last_active_at is not None]
    for shortest, longest in [
        (0, 60),
        (60, 3600),
        (3600, 86400),
        (86400, 7 * 86400),
        (7 * 86400, 90 * 86400),
    ]:
        assert any(shortest <= age < longest for age in active)
    for each in conversations:
        assert min(times(each)) == each.created_at
    assert any(each.is_pinned for each in conversations)
    assert any(each.is_muted for each in conversations)
    assert any(each.archived_at for each in conversations)
    assert any(each.last_opened_at is None for each in conversations)


def test_the_times_of_demo_depend_on_the_start_and_nothing_else_does() -> None:
    demo = load("demo")
    early, late = listed(demo, NOW), listed(demo, NOW + 1000)
    assert [each.id for each in early] == [each.id for each in late]
    for one, two in zip(early, late, strict=True):
        assert [time + 1000 for time in times(one)] == list(times(two))
    assert demo.initial_state(NOW).table is demo.initial_state(NOW + 0.2).table


@pytest.mark.parametrize("name", ["blank", "crowd", "default", "documented"])
def test_all_sandboxes_share_one_table(name: str) -> None:
    loaded = load(name)
    assert (
        loaded.initial_state(NOW).table
        is loaded.initial_state(0).table
        is load(name).initial_state(NOW + 9999).table
    )


def test_crowd_has_ten_thousand() -> None:
    crowd = load("crowd")
    assert crowd.size == len(crowd.initial_state(NOW).table) == 10_000


def test_times_before_a_frozen_start_are_fixed(tmp_path: Path) -> None:
    written = {"contact_id": "c", "created_at": 100, "last_active_at": 40}
    path = file(tmp_path, {"times": "before_start", "clock": {"freeze": 5000}, "conversations": [written]})
    [conversation] = listed(load(path))
    assert (conversation.created_at, conversation.last_active_at, conversation.archived_at) == (
        4900,
        4960,
        None,
    )
    assert load(path).initial_state(NOW).frozen_at == 5000


def test_no_time_is_before_1970(tmp_path: Path) -> None:
    written = {"contact_id": "c", "created_at": 100, "last_active_at": 90, "last_opened_at": 40}
    path = file(tmp_path, {"times": "before_start", "conversations": [written]})
    [conversation] = listed(load(path), now=50)
    assert list(times(conversation)) == [0, 0, 10]


def test_a_conversation_in_the_file_replaces_a_generated_one_with_its_id(tmp_path: Path) -> None:
    taken = listed(load(file(tmp_path, {"generate": {"count": 3}})))[1].id
    content = {"conversations": [{"id": taken, "contact_id": "mine"}], "generate": {"count": 3}}
    loaded = load(file(tmp_path, content))
    assert loaded.size == len(listed(loaded)) == 3
    assert loaded.initial_state(NOW).table.get(taken).conversation.contact_id == "mine"


def test_listing_scenarios_builds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario, "_built", None)
    shown = summaries()
    assert {each["name"]: each["size"] for each in shown} == {
        "blank": 0,
        "crowd": 10_000,
        "default": 120,
        "demo": 40,
        "documented": 2,
    }
    assert all(each.keys() == {"name", "description", "size"} for each in shown)
    assert all(each["description"].endswith(".") for each in shown)


@pytest.mark.parametrize("shown", ["./my.json", "my.json", "folder/my", "./default"])
def test_a_path_names_a_file_of_the_user(shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError, match="there is no such file") as caught:
        load(shown)
    assert str(caught.value).startswith(f"{shown}: ")
    path = Path(shown)
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"description": "Mine.", "conversations": [{"contact_id": "c"}]}')
    loaded = load(shown)
    assert (loaded.name, loaded.description, loaded.size) == (shown, "Mine.", 1)


def test_a_path_object_always_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("default").write_text("{}")
    assert load(Path("default")).size == 0
    assert load("default").size == 120


def test_a_file_is_read_at_each_load(tmp_path: Path) -> None:
    path = file(tmp_path, {"conversations": [{"contact_id": "c"}]})
    assert load(path).size == 1
    file(tmp_path, {})
    assert load(path).size == 0


def test_a_mistake_in_a_file_is_reported_with_the_given_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file(tmp_path, {"conversations": [{"contact_id": "c", "created_at": "yesterday"}]})
    with pytest.raises(ScenarioError) as caught:
        load("./my.json")
    assert str(caught.value) == (
        "./my.json: conversations[0].created_at must be Unix seconds, an integer from 0 to 253402300799, "
        'not "yesterday".'
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("defualt", "did you mean default? Known"),
        ("Demo", "did you mean demo? Known"),
        ("xyz", "known"),
        ("", "known"),
        ("a\nb", "known"),
    ],
)
@pytest.mark.parametrize(
    ("loader", "advice"),
    [(load, " A file of your own is given with its path, like ./my.json."), (load_builtin, "")],
)
def test_an_unknown_name_is_refused_with_a_list_of_the_known_ones(
    loader: Any, advice: str, name: str, hint: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        loader(name)
    assert str(caught.value) == (
        f"There is no scenario {json.dumps(name)}; {hint} are blank, crowd, default, demo, documented.{advice}"
    )


@pytest.mark.parametrize("name", ["../pyproject", "drawn/default", "default.json", "/etc/passwd", "."])
def test_a_built_in_name_never_opens_another_file(name: str) -> None:
    with pytest.raises(ScenarioError, match="There is no scenario"):
        load_builtin(name)


def test_the_error_is_the_same_in_both_modules() -> None:
    assert scenario.ScenarioError is scenario_file.ScenarioError
    assert issubclass(ScenarioError, ValueError)


def test_the_fixtures_are_in_an_installed_package_or_beside_the_package_in_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario, "__file__", str(tmp_path / "sandbox" / "seeding" / "scenario.py"))
    assert scenario.fixtures() == tmp_path / "fixtures"
    (tmp_path / "sandbox" / "fixtures").mkdir(parents=True)
    assert scenario.fixtures() == tmp_path / "sandbox" / "fixtures"


@pytest.mark.parametrize(
    ("name", "seed", "draws"),
    [
        ("default", None, False),
        ("documented", None, False),
        ("documented", 9, False),
        ("blank", None, False),
        ("default", 2, True),
        ("demo", None, True),
    ],
)
def test_faker_is_imported_only_to_generate(name: str, seed: int | None, draws: bool) -> None:
    program = (
        "import sys; from sandbox.seeding.scenario import load, summaries; summaries(); "
        f"load({name!r}, {seed!r}).initial_state(0.0); print('faker' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == str(draws)


@pytest.mark.parametrize(
    ("name", "seed", "imported"),
    [("default", 54_321, True), ("default", None, False), ("documented", 54_321, False)],
)
def test_others_run_while_faker_is_imported(name: str, seed: int | None, imported: bool) -> None:
    offloaded: list[object] = []

    def offload(work: Callable[[], T]) -> T:
        offloaded.append(work())
        return cast("T", offloaded[-1])

    made = load_builtin(name, seed, offload=offload)
    assert len(made.initial_state(0.0).table) == made.size > 0
    assert offloaded == ([provider] if imported else [])


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_another_process_generates_the_same(hash_seed: str) -> None:
    program = (
        "import hashlib; from sandbox.seeding.scenario import load; "
        "lines = b'\\n'.join(record.json for record in load('default', 77).initial_state(0.0).table); "
        "print(hashlib.sha256(lines).hexdigest())"
    )
    root = Path(__file__).parents[2]
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": hash_seed},
    )
    assert answer.stdout.strip() == sha256(lines(load("default", 77))).hexdigest()
