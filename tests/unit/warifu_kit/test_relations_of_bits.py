"""Relations between bits: found where there are any, and none where there is nothing but chance."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from warifu_kit.conformance.relations import enough, fixed_relations

PERSON = bytes.fromhex("93c1e5a7402d18f6")
Draw = Callable[[int], bytes]


def drawn(make: Callable[[Draw], bytes], count: int = enough(128)) -> list[bytes]:
    """So many values, the same in each run."""
    source = random.Random(7)  # protects nothing
    return [make(source.randbytes) for _ in range(count)]


def masked(draw: Draw) -> bytes:
    r = draw(8)
    return r + bytes(a ^ b for a, b in zip(r, PERSON, strict=True))


def added(draw: Draw) -> bytes:
    r = draw(8)
    return r + ((int.from_bytes(r) + int.from_bytes(PERSON)) % 2**64).to_bytes(8)


def shuffled(draw: Draw) -> bytes:
    order, mark = list(draw(16)), PERSON + PERSON[::-1]
    return bytes(mark[place] for place in sorted(range(16), key=order.__getitem__))


def turned(draw: Draw) -> bytes:
    r = int.from_bytes(draw(8))
    low = r ^ int.from_bytes(PERSON)
    return r.to_bytes(8) + ((low << 5 | low >> 59) % 2**64).to_bytes(8)


def checked(draw: Draw) -> bytes:
    r = draw(15)
    last = 0
    for byte in r:
        last ^= byte
    return r + bytes([last ^ PERSON[0]])


@pytest.mark.parametrize("make", [masked, added, shuffled, turned, checked])
def test_what_ties_the_bits_of_a_value_together_is_found(make: Callable[[Draw], bytes]) -> None:
    assert fixed_relations(drawn(make))


def test_random_values_have_no_relation() -> None:
    assert fixed_relations(drawn(lambda draw: draw(16))) == []


def test_a_relation_names_the_bits_that_it_is_between() -> None:
    assert fixed_relations(drawn(masked))[0] == (0, 64), "the first bit of the one half and of the other"


def test_a_bit_that_never_changes_is_a_relation_by_itself() -> None:
    assert fixed_relations(drawn(lambda draw: bytes([draw(1)[0] & 0x7F]) + draw(15))) == [(0,)]


def test_what_is_tied_to_what_stands_beside_it_is_found() -> None:
    beside = drawn(lambda draw: draw(16), enough(256))
    own = [bytes(a ^ b for a, b in zip(each, PERSON * 2, strict=True)) for each in beside]
    assert fixed_relations(own) == []
    assert fixed_relations(own, beside)[0] == (0, 128)


def test_relations_of_what_stands_beside_are_its_own_affair() -> None:
    values = drawn(lambda draw: draw(16), enough(256))
    digits = [f"{place % 10:016d}".encode() for place in range(len(values))]
    assert fixed_relations(values, digits) == []
