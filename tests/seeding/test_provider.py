"""The Faker provider: each entity is generated from a key of its own."""

import re
from dataclasses import astuple, replace
from itertools import pairwise

import pytest
from faker import Faker
from faker.generator import Generator

from sandbox.seeding.provider import ConversationProvider, conversations
from sandbox.seeding.recipe import COMBINATIONS, EVERY_COMBINATION, LIFELIKE, Recipe, combination

RECIPE = Recipe(count=118, variety=EVERY_COMBINATION, youngest_seconds=50, step_seconds=86400)
VARIETIES = [LIFELIKE, EVERY_COMBINATION]


@pytest.fixture
def provider() -> ConversationProvider:
    return ConversationProvider(Generator().seed_instance("test"))


def test_an_id_has_the_documented_form(provider: ConversationProvider) -> None:
    ids = [provider.protocol_id() for _ in range(500)]
    assert len(set(ids)) == 500
    assert all(re.fullmatch("[A-Za-z0-9]{16}", each) for each in ids)
    for place in range(16):
        assert len({each[place] for each in ids}) > 50


def test_numbers_stay_below_their_bound(provider: ConversationProvider) -> None:
    assert {provider.below(3) for _ in range(100)} == {0, 1, 2}
    assert {provider.lately(3) for _ in range(100)} == {0, 1, 2}


def test_small_ages_are_likelier(provider: ConversationProvider) -> None:
    drawn = sorted(provider.lately(1000) for _ in range(1001))
    assert drawn[500] < 250


def test_a_chance_has_its_probability(provider: ConversationProvider) -> None:
    assert 150 < sum(provider.chance(0.2) for _ in range(1000)) < 250
    assert not any(provider.chance(0) for _ in range(100))
    assert all(provider.chance(1) for _ in range(100))


def test_faker_accepts_the_provider() -> None:
    fake = Faker()
    fake.add_provider(ConversationProvider)
    assert fake.conversation(1, 7, RECIPE) == list(conversations(1, RECIPE))[7]


@pytest.mark.parametrize("variety", VARIETIES)
def test_one_conversation_alone_is_the_same_as_among_all(
    provider: ConversationProvider, variety: str
) -> None:
    recipe = replace(RECIPE, variety=variety)
    assert provider.conversation(3, 7, recipe) == list(conversations(3, recipe))[7]


def test_the_order_of_generation_does_not_matter(provider: ConversationProvider) -> None:
    backwards = [provider.conversation(1, index, RECIPE) for index in reversed(range(118))]
    assert backwards[::-1] == list(conversations(1, RECIPE))


def test_a_smaller_count_gives_the_first_of_many() -> None:
    assert list(conversations(1, replace(RECIPE, count=50))) == list(conversations(1, RECIPE))[:50]


def test_another_seed_gives_other_ids() -> None:
    one, two = list(conversations(1, RECIPE)), list(conversations(2, RECIPE))
    for attribute in ("id", "contact_id", "group_id", "pinned_message_id"):
        ids_of_one = {getattr(each, attribute) for each in one} - {None}
        ids_of_two = {getattr(each, attribute) for each in two} - {None}
        assert ids_of_one
        assert ids_of_two
        assert ids_of_one.isdisjoint(ids_of_two)
    assert [each.created_at for each in one] != [each.created_at for each in two]


def test_a_group_has_its_own_key(provider: ConversationProvider) -> None:
    before = provider.generator.random.getstate()
    groups = {provider.group_id(1, index) for index in range(6)}
    assert len(groups) == 6
    assert provider.generator.random.getstate() == before
    assert {each.group_id for each in conversations(1, RECIPE)} - {None} == groups


@pytest.mark.parametrize(
    "changes", [{"groups": 1}, {"variety": LIFELIKE}, {"growth": 2}, {"youngest_seconds": 0}, {"count": 120}]
)
def test_a_change_of_the_recipe_changes_no_id(changes: dict[str, int | str]) -> None:
    ids = [each.id for each in conversations(1, RECIPE)]
    changed = replace(RECIPE, **changes)  # type: ignore[arg-type]  # one of each type
    assert [each.id for each in conversations(1, changed)][:118] == ids


def test_all_combinations_occur() -> None:
    drawn = list(conversations(1, replace(RECIPE, count=COMBINATIONS)))
    shown = [
        (
            each.contact_id is not None,
            each.group_id is not None,
            each.is_pinned,
            each.is_muted,
            each.archived_at is not None,
            each.last_opened_at is not None,
        )
        for each in drawn
    ]
    assert shown == [tuple(combination(index)) for index in range(COMBINATIONS)]
    assert len(set(shown)) == 48


def test_a_lifelike_inbox_has_plausible_shares() -> None:
    drawn = list(conversations(1, Recipe(count=2000)))
    assert all(each.contact_id or each.group_id for each in drawn)

    def share(attribute: str) -> float:
        return sum(getattr(each, attribute) not in {None, False} for each in drawn) / len(drawn)

    assert 0.65 < share("contact_id") < 0.85
    assert 0.2 < share("group_id") < 0.4
    assert 0.05 < share("is_pinned") < 0.12
    assert 0.1 < share("is_muted") < 0.2
    assert 0.08 < share("archived_at") < 0.17
    assert 0.85 < share("last_opened_at") < 0.95
    assert 0.85 < share("last_active_at") < 0.95
    assert 0.1 < share("pinned_message_id") < 0.3


@pytest.mark.parametrize("variety", VARIETIES)
@pytest.mark.parametrize("until", [705103200, 0])
def test_times_are_plausible(variety: str, until: int) -> None:
    recipe = replace(RECIPE, count=500, variety=variety, until=until)
    drawn = list(conversations(1, recipe))
    assert all(newer.created_at > older.created_at for newer, older in pairwise(drawn))
    for each in drawn:
        assert all(type(value) in {str, bool, int, type(None)} for value in astuple(each))
        for time in (each.last_active_at, each.last_opened_at, each.archived_at):
            assert time is None or each.created_at <= time <= until
        if each.archived_at is not None and each.last_active_at is not None:
            assert each.archived_at >= each.last_active_at
        if each.pinned_message_id is not None:
            assert each.last_active_at is not None
    assert drawn[0].created_at <= until - 50
