"""Keyed draws: the same on every machine, and different for different keys."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.world.draws import ALPHABET, draw_bits, draw_id, draw_unit

SEPARATOR = "\x1f"
words = st.text(st.characters(exclude_characters=SEPARATOR, exclude_categories=["Cs"]), max_size=6)
keys = st.lists(words, max_size=4).map(tuple)
seeds = st.integers(-(2**63), 2**63)


@pytest.mark.parametrize(
    ("seed", "key", "drawn"),
    [
        (0, ("conversation", 0), "NDrWhJHTMnA3HFmH"),
        (0, ("conversation", 1), "9808WbjYceqvyiRj"),
        (1, ("conversation", 0), "81IcWedtFgQUpNdd"),
        (2026, ("contact", 41), "a1m6oNX7y6Tcw23V"),
        (0, (), "gm1o1Kr8DjZyVmpz"),
    ],
)
def test_draw_id_returns_fixed_values(seed: int, key: tuple[str | int, ...], drawn: str) -> None:
    """A change of these values changes the data of every scenario, on which the tests of users depend."""
    assert draw_id(seed, *key) == drawn


def test_draw_bits_returns_a_fixed_value() -> None:
    assert draw_bits(0, "conversation", 0) == (
        0x3AB1EE9B47F5AE033344FFA2CAA4172930DD1E99856C99E5A600A1CA817E42F3
    )


@settings(deadline=None)
@given(seeds, keys)
def test_draw_id_returns_sixteen_letters_and_digits(seed: int, key: tuple[str, ...]) -> None:
    drawn = draw_id(seed, *key)
    assert len(drawn) == 16
    assert drawn.isascii()
    assert drawn.isalnum()


@settings(deadline=None)
@given(seeds, keys)
def test_draw_bits_returns_256_bits_that_do_not_depend_on_earlier_draws(
    seed: int, key: tuple[str, ...]
) -> None:
    bits = draw_bits(seed, *key)
    draw_bits(seed, "something else")
    assert draw_bits(seed, *key) == bits
    assert 0 <= bits < 2**256


@settings(deadline=None, max_examples=300)
@given(st.tuples(seeds, keys), st.tuples(seeds, keys))
def test_draws_are_equal_only_for_equal_seeds_and_keys(
    one: tuple[int, tuple[str, ...]], other: tuple[int, tuple[str, ...]]
) -> None:
    same = draw_bits(one[0], *one[1]) == draw_bits(other[0], *other[1])
    assert same == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, "ab", "c"), (0, "a", "bc")),
        ((0, "ab"), (0, "a", "b")),
        ((0, 1, 23), (0, 12, 3)),
        ((1, 23), (12, 3)),
        ((12,), (1, 2)),
        ((0, "a"), (0, "a", "")),
        ((0, "", "a"), (0, "a", "")),
        ((0,), (0, "")),
    ],
)
def test_keys_with_the_same_concatenation_do_not_collide(
    one: tuple[int, ...], other: tuple[int, ...]
) -> None:
    assert draw_bits(*one) != draw_bits(*other)


def test_characters_of_ids_are_evenly_distributed() -> None:
    counts = Counter(letter for index in range(3000) for letter in draw_id(0, "letters", index))
    assert set(counts) == set(ALPHABET)
    even = 3000 * 16 / 62
    assert all(0.8 * even < count < 1.2 * even for count in counts.values())


def test_ids_of_ten_thousand_indexes_are_different() -> None:
    assert len({draw_id(0, "conversation", index) for index in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("seed", "key", "drawn"),
    [(0, ("a", 1), 0.3942170657674906), (7, ("fires", "me", "r1", 3), 0.6541335953235714)],
)
def test_draw_unit_returns_fixed_values(seed: int, key: tuple[str | int, ...], drawn: float) -> None:
    assert draw_unit(seed, *key) == drawn


@settings(deadline=None)
@given(seeds, keys)
def test_draw_unit_is_from_zero_to_below_one(seed: int, key: tuple[str, ...]) -> None:
    assert 0 <= draw_unit(seed, *key) < 1


def test_draw_unit_is_evenly_distributed() -> None:
    """A rule with probability 0.1 fires on about every tenth call."""
    tenths = Counter(int(draw_unit(0, "numbers", index) * 10) for index in range(10_000))
    assert sorted(tenths) == list(range(10))
    assert all(850 < count < 1150 for count in tenths.values())
