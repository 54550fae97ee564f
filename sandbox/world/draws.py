"""Keyed draws: every random choice comes from its own key, never from a shared stream.

The same key gives the same draw on every machine, whatever was drawn before, whatever the threads do.
"""

from hashlib import blake2b

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ID_LENGTH = 16


def draw_bits(seed: int, *key: str | int) -> int:
    """256 evenly distributed bits that belong to ``key`` under ``seed``."""
    # A control character keeps the parts apart: neither ids nor tokens can hold one.
    text = "\x1f".join((str(seed), *map(str, key)))
    return int.from_bytes(blake2b(text.encode(), digest_size=32).digest(), "big")


def draw_id(seed: int, *key: str | int) -> str:
    """An id in the documented form, 16 of ``A-Za-z0-9``, that belongs to ``key`` under ``seed``."""
    # Only so many digits are wanted, and small numbers are divided faster than large ones.
    bits = draw_bits(seed, *key) % len(ALPHABET) ** ID_LENGTH
    letters = []
    for _ in range(ID_LENGTH):
        bits, at = divmod(bits, len(ALPHABET))
        letters.append(ALPHABET[at])
    return "".join(letters)


def draw_unit(seed: int, *key: str | int) -> float:
    """A number from 0 to below 1, evenly distributed, that belongs to ``key`` under ``seed``."""
    return (draw_bits(seed, *key) >> (256 - 53)) / 2**53
