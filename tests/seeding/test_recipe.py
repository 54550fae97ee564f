"""The ages and the combinations of generated conversations."""

import pytest

from sandbox.seeding.recipe import COMBINATIONS, Recipe, combination


@pytest.mark.parametrize("first", [0, 1, 70])
def test_any_48_consecutive_conversations_have_all_combinations(first: int) -> None:
    found = {combination(index) for index in range(first, first + COMBINATIONS)}
    assert len(found) == COMBINATIONS == 48
    assert all(traits.has_contact or traits.has_group for traits in found)


def test_neighbours_differ_in_more_than_one_trait() -> None:
    for index in range(COMBINATIONS):
        pairs = zip(combination(index), combination(index + 1), strict=True)
        assert sum(left != right for left, right in pairs) > 1


def test_ages_are_in_consecutive_ranges() -> None:
    recipe = Recipe(count=3, youngest_seconds=100, step_seconds=10)
    assert [recipe.age(index) for index in range(3)] == [100, 110, 120]
    assert [recipe.age(index, 1 - 2**-53) for index in range(3)] == [109, 119, 129]


def test_ages_grow() -> None:
    recipe = Recipe(count=4, step_seconds=90, growth=3)
    assert [recipe.age(index) for index in range(4)] == [0, 90, 720, 2430]
