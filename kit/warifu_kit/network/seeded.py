"""Randomness from a seed, for networks of tests: the same keys and the same My Numbers each time.

Decides what is drawn for whom: a stream of bytes for each name, which shares nothing with that of another name. Whoever
knows the seed knows every key of such a network, so it protects nothing, and says so wherever it is shown. A network that
nobody gave a seed draws everything from the system (``drawn_by_the_system``).
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Final

from warifu.canonical import length_prefixed
from warifu.curve.group import RandomBytes

__all__ = ["LARGEST_SEED", "Draws", "drawn_by_the_system", "numbers_from", "seeded"]

LARGEST_SEED: Final = 10**18 - 1
"""A seed is from 0 to this: it stands in the network's name."""

Draws = Callable[[str], RandomBytes]
"""Gives the source of randomness of one party, by its name."""

_STREAM: Final = b"warifu-kit/seeded-stream"


def drawn_by_the_system(_party: str) -> RandomBytes:
    """The system's randomness, for every party."""
    return secrets.token_bytes


def seeded(seed: int) -> Draws:
    """Streams from ``seed``, one for each party's name, which begins anew each time that it is asked for."""
    return lambda party: _stream(seed, b"party", party.encode())


def numbers_from(seed: int) -> Callable[[bytes], RandomBytes]:
    """Streams from ``seed`` for registry entries, by the key that each is found under.

    Asked again for an entry it gives another stream: what the first one gave was taken.
    """
    asked: Counter[bytes] = Counter()

    def stream_of(entry: bytes) -> RandomBytes:
        asked[entry] += 1
        return _stream(seed, b"number", entry, asked[entry].to_bytes(4, "big"))

    return stream_of


def _stream(seed: int, *names: bytes) -> RandomBytes:
    """SHAKE256 (FIPS 202) over the seed, the names and how often it was drawn from."""
    key, draws = length_prefixed(_STREAM, str(seed).encode(), *names), count()
    return lambda size: hashlib.shake_256(key + next(draws).to_bytes(8, "big")).digest(size)
