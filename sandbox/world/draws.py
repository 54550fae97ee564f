"""Keyed draws: every random choice is drawn from its own key, never from a shared stream.

The same key gives the same draw on every machine, regardless of earlier draws and of the order of threads.
"""

from hashlib import blake2b

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ID_LENGTH = 16

_PAIRS = [low + high for high in ALPHABET for low in ALPHABET]
"""All pairs of letters, so that one division yields two of them."""


def draw_bits(seed: int, *key: str | int) -> int:
    """Return 256 uniformly distributed bits that belong to ``key`` under ``seed``."""
    # A control character separates the parts, since neither ids nor tokens can contain one.
    text = "\x1f".join((str(seed), *map(str, key)))
    return int.from_bytes(blake2b(text.encode(errors="surrogateescape"), digest_size=32).digest(), "big")


def draw_id(seed: int, *key: str | int) -> str:
    """Return an id in the documented form, 16 of ``A-Za-z0-9``, that belongs to ``key`` under ``seed``."""
    # Sixteen digits are needed, and small numbers are divided faster than large ones.
    bits = draw_bits(seed, *key) % len(ALPHABET) ** ID_LENGTH
    pairs = []
    for _ in range(ID_LENGTH // 2):
        bits, at = divmod(bits, len(_PAIRS))
        pairs.append(_PAIRS[at])
    return "".join(pairs)


def draw_unit(seed: int, *key: str | int) -> float:
    """Return a uniformly distributed number from 0 to below 1 that belongs to ``key`` under ``seed``."""
    return (draw_bits(seed, *key) >> (256 - 53)) / 2**53
