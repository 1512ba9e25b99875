"""Which fixed relations there are between the bits of values that should be random, and of what stands beside them.

Decides by linear algebra over bits. Found is whatever sum (exclusive or) of some bits is the same in all of the values, so every
function that such sums make up: a copy, a mask, a shift, a permutation of bits, a sum of bytes, a checksum, and of additions and
multiplications their lowest bit. Values of a good source of randomness have one by chance in one of 2 to the 24 looks, if there are
:func:`enough` of them. What is mixed by a cipher, or under a key that is not known, is no such function.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["enough", "fixed_relations"]

_MORE = 25


def enough(bits: int) -> int:
    """How many values it takes to look at so many bits of each."""
    return bits + _MORE


def fixed_relations(values: Sequence[bytes], beside: Sequence[bytes] = ()) -> list[tuple[int, ...]]:
    """Relations that hold in all ``values``, each by the places of its bits, 0 the first bit of the first byte.

    ``beside`` is what stands beside each of them; its bits go on behind those of the value. Relations of its own do not count.
    All have the length of the first.
    """
    own = _columns(values)
    others = _columns(beside) if beside else []
    found = []
    basis: dict[int, tuple[int, int]] = {}  # by its highest bit: a sum of columns, and which columns
    for place in (*range(len(own), len(own) + len(others)), *range(len(own))):
        column = others[place - len(own)] if place >= len(own) else own[place]
        left, used = _reduced(column, 1 << place, basis)
        if left:
            basis[left.bit_length()] = left, used
        elif place < len(own):
            found.append(_places(used))
    return found


def _columns(values: Sequence[bytes]) -> list[int]:
    """Of each bit, whether it differs from the first value's, in all of the values."""
    size, first = 8 * len(values[0]), int.from_bytes(values[0])
    rows = [int.from_bytes(value) ^ first for value in values]
    return [sum((row >> (size - 1 - place) & 1) << n for n, row in enumerate(rows)) for place in range(size)]


def _reduced(column: int, used: int, basis: dict[int, tuple[int, int]]) -> tuple[int, int]:
    while column and (known := basis.get(column.bit_length())) is not None:
        column, used = column ^ known[0], used ^ known[1]
    return column, used


def _places(used: int) -> tuple[int, ...]:
    return tuple(place for place in range(used.bit_length()) if used >> place & 1)
