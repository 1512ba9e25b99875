"""Proofs of conversions: honest ones open, and whatever a hub does instead is refused before anybody is looked up."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import hypothesis
import nacl.bindings as sodium
import pytest
from hypothesis import strategies as st

from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import ORDER, Group, Point, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, encrypt_code, person_point
from warifu.exchange.context import CONTEXT_SIZE
from warifu.exchange.conversion_proof import (
    PROOF_SIZE,
    Conversion,
    ConversionTerms,
    ConversionWitness,
    Randomised,
    check_proven,
    open_batch,
    open_proven,
    prove_batch,
    prove_together,
)

CONTEXT = bytes(range(CONTEXT_SIZE))
ORDER_TWO = (2**255 - 20).to_bytes(32, "little")  # (0, -1)


class Pair:
    """Two agencies and the hub between them, with all their secrets, in one group."""

    def __init__(self, group: Group) -> None:
        self.group = group
        s_a, s_b, h, self.y, self.k = (self.scalar(name) for name in ("s_A", "s_B", "h", "y", "k"))
        self.s_a, self.s_b = s_a, s_b
        t = group.scalar_multiply(s_b, group.scalar_invert(s_a))
        self.witness = ConversionWitness(t, group.scalar_multiply(t, h))
        key = group.base_multiply(self.y)
        self.joint_key = group.multiply(h, key)
        self.terms = ConversionTerms(group.base_multiply(s_a), group.base_multiply(s_b), group.base_multiply(h), key)

    def scalar(self, name: str) -> Scalar:
        return self.group.hash_to_scalar(b"test", name.encode())

    def code(self, person: str, factor: Scalar) -> Point:
        return self.group.multiply(factor, person_point(self.group, b"authority", person.encode()))

    def asked(self, person: str, once: str = "") -> EncryptedCode:
        return encrypt_code(self.group, self.code(person, self.s_a), self.joint_key, self.scalar(f"r {person} {once}"))

    def converted(self, given: EncryptedCode, witness: ConversionWitness | None = None) -> EncryptedCode:
        group, (t, u), k = self.group, witness or self.witness, self.k
        return EncryptedCode(
            group.add(group.multiply(u, given.c1), group.base_multiply(k)),
            group.add(group.multiply(t, given.c2), group.multiply(k, self.terms.target_key)),
        )

    def conversion(self, person: str, place: int = 0) -> Conversion:
        asked = self.asked(person, str(place))
        return Conversion(context=CONTEXT + place.to_bytes(4, "big"), encrypted=asked, converted=self.converted(asked))

    def nobody(self) -> Conversion:
        """An inquirer's identity in place of a code, honestly converted."""
        masked = self.group.multiply(self.scalar("r"), self.joint_key)
        asked = EncryptedCode(self.group.base_multiply(self.scalar("r")), masked)
        return Conversion(context=CONTEXT, encrypted=asked, converted=self.converted(asked))

    def randomised(self, conversions: Sequence[Conversion]) -> list[Randomised]:
        return [Randomised(each, self.k) for each in conversions]

    def prove(self, conversions: Sequence[Conversion], witness: ConversionWitness | None = None) -> list[bytes]:
        return prove_together(self.group, self.terms, self.randomised(conversions), witness or self.witness)

    def prove_batch(self, conversions: Sequence[Conversion]) -> bytes:
        return prove_batch(self.group, self.terms, self.randomised(conversions), self.witness)

    def opened(self, conversion: Conversion, proof: bytes, terms: ConversionTerms | None = None) -> Point | None:
        return open_proven(self.group, self.y, terms or self.terms, conversion, proof, where="here")

    def refused(self, conversion: Conversion, proof: bytes, terms: ConversionTerms | None = None) -> None:
        with pytest.raises(WarifuError) as caught:
            self.opened(conversion, proof, terms)
        assert (caught.value.reason, caught.value.where) == (Reason.CONVERSION_NOT_PROVEN, "here")


@pytest.fixture(scope="module")
def pair(group: Group) -> Pair:
    return Pair(group)


def flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_code_converted_alone_opens_with_its_proof(pair: Pair) -> None:
    conversion = pair.conversion("somebody")
    (proof,) = pair.prove([conversion])
    assert len(proof) == PROOF_SIZE == 128
    assert pair.opened(conversion, proof) == pair.code("somebody", pair.s_b)


@pytest.mark.parametrize("count", [2, 3, 7, 16])
def test_codes_converted_together_open_each_by_itself(pair: Pair, count: int) -> None:
    conversions = [pair.conversion(f"person {place}", place) for place in range(count)]
    for place, proof in enumerate(pair.prove(conversions)):
        assert pair.opened(conversions[place], proof) == pair.code(f"person {place}", pair.s_b)


def test_the_identity_honestly_converted_is_nobody(pair: Pair) -> None:
    conversion = pair.nobody()
    (proof,) = pair.prove([conversion])
    assert pair.opened(conversion, proof) is None


# What a dishonest hub would send instead. It knows t, u and k, and every ciphertext it ever carried.


def difference(pair: Pair, first: EncryptedCode, second: EncryptedCode) -> EncryptedCode:
    """Opens to the identity when both are the same person."""
    one = pair.converted(first)
    other = EncryptedCode(
        pair.group.multiply(pair.witness.opened_factor, second.c1), pair.group.multiply(pair.witness.factor, second.c2)
    )
    return EncryptedCode(pair.group.subtract(one.c1, other.c1), pair.group.subtract(one.c2, other.c2))


def sum_of(pair: Pair, first: EncryptedCode, second: EncryptedCode) -> EncryptedCode:
    return sum_of_codes(pair.group, pair.converted(first), pair.converted(second))


def sum_of_codes(group: Group, one: EncryptedCode, other: EncryptedCode) -> EncryptedCode:
    return EncryptedCode(group.add(one.c1, other.c1), group.add(one.c2, other.c2))


def another_persons(pair: Pair, first: EncryptedCode, second: EncryptedCode) -> EncryptedCode:
    return pair.converted(second)


def by_another_factor(pair: Pair, first: EncryptedCode, second: EncryptedCode) -> EncryptedCode:
    return pair.converted(first, ConversionWitness(pair.scalar("t"), pair.witness.opened_factor))


def by_another_opening_key(pair: Pair, first: EncryptedCode, second: EncryptedCode) -> EncryptedCode:
    return pair.converted(first, ConversionWitness(pair.witness.factor, pair.scalar("u")))


def with_a_difference_added(pair: Pair, first: EncryptedCode, second: EncryptedCode) -> EncryptedCode:
    """Opens to the same code as the honest one, if both are the same person: no check by what it opens to would see it."""
    return sum_of_codes(pair.group, pair.converted(first), difference(pair, first, second))


def of_a_chosen_point(pair: Pair, first: EncryptedCode, second: EncryptedCode) -> EncryptedCode:
    group, k = pair.group, pair.k
    chosen = group.multiply(k, pair.terms.target_key)
    return EncryptedCode(group.base_multiply(k), group.add(chosen, group.generator))


CHEATS = [
    difference,
    sum_of,
    another_persons,
    with_a_difference_added,
    by_another_factor,
    by_another_opening_key,
    of_a_chosen_point,
]


@pytest.mark.parametrize("cheat", CHEATS)
@pytest.mark.parametrize("same", [True, False], ids=["the same person", "two people"])
def test_whatever_a_hub_converts_instead_is_refused_alike_for_whoever_it_is(
    pair: Pair, cheat: Callable[[Pair, EncryptedCode, EncryptedCode], EncryptedCode], same: bool
) -> None:
    first, second = pair.asked("A", "first"), pair.asked("A" if same else "B", "second")
    forged = Conversion(context=CONTEXT, encrypted=first, converted=cheat(pair, first, second))
    if cheat is difference and same:
        masked = pair.group.multiply(pair.y, forged.converted.c1)
        assert masked == forged.converted.c2, "it would have opened to the identity"
    for witness in (pair.witness, ConversionWitness(pair.scalar("t"), pair.scalar("u"))):
        pair.refused(forged, pair.prove([forged], witness)[0])


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_at_any_place_of_a_batch_is_refused_and_the_honest_ones_beside_it_open(
    pair: Pair, cheat: Callable[[Pair, EncryptedCode, EncryptedCode], EncryptedCode]
) -> None:
    count = 5
    honest = [pair.conversion(f"person {place}", place) for place in range(count)]
    for planted in range(count):
        made = list(honest)
        instead = cheat(pair, honest[planted].encrypted, honest[planted - 1].encrypted)
        made[planted] = dataclasses.replace(honest[planted], converted=instead)
        for place, proof in enumerate(pair.prove(made)):
            if place == planted:
                pair.refused(made[place], proof)
            else:
                assert pair.opened(made[place], proof) == pair.code(f"person {place}", pair.s_b)
        with pytest.raises(WarifuError) as caught:
            open_batch(pair.group, pair.y, pair.terms, made, pair.prove_batch(made))
        assert caught.value.reason is Reason.CONVERSION_NOT_PROVEN


def test_codes_exchanged_within_a_batch_are_refused(pair: Pair) -> None:
    honest = [pair.conversion(f"person {place}", place) for place in range(4)]
    proof = pair.prove_batch(honest)
    codes = [pair.code(f"person {place}", pair.s_b) for place in range(4)]
    assert open_batch(pair.group, pair.y, pair.terms, honest, proof) == codes
    first, second, *rest = honest
    swapped = [
        dataclasses.replace(first, converted=second.converted),
        dataclasses.replace(second, converted=first.converted),
        *rest,
    ]
    for forged in (proof, pair.prove_batch(swapped)):
        with pytest.raises(WarifuError):
            open_batch(pair.group, pair.y, pair.terms, swapped, forged)


def test_an_agency_believes_what_anybody_would_believe_and_nothing_else(pair: Pair) -> None:
    """So the hub, which can tell beforehand, learns nothing from being refused. A wrong secret opens nothing at all."""
    honest = pair.conversion("A")
    cheats = [
        dataclasses.replace(honest, converted=pair.asked("A")),
        dataclasses.replace(honest, converted=pair.converted(pair.asked("A", "older"))),
        dataclasses.replace(honest, converted=pair.converted(pair.asked("B", "older"))),
    ]
    for conversion in (honest, *cheats):
        (proof,) = pair.prove([conversion])
        ends = [
            _reason(lambda: open_proven(pair.group, pair.y, pair.terms, conversion, proof)),  # noqa: B023
            _reason(lambda: check_proven(pair.group, pair.terms, conversion, proof)),  # noqa: B023
        ]
        assert ends == [None if conversion is honest else Reason.CONVERSION_NOT_PROVEN] * 2
        assert _reason(lambda: open_proven(pair.group, pair.scalar("another"), pair.terms, conversion, proof))  # noqa: B023


def _reason(check: Callable[[], object]) -> Reason | None:
    try:
        check()
    except WarifuError as error:
        return error.reason
    return None


def test_a_check_by_what_opens_would_tell_the_hub_which_requests_are_about_one_person(pair: Pair) -> None:
    """The cheaper check, which needs no word about k: is what opened the code in the ciphertext that was signed?"""
    group, asked, (t, u) = pair.group, pair.asked("A", "asked"), pair.witness

    def believed(converted: EncryptedCode) -> bool:
        masked = group.multiply(pair.y, group.multiply(u, asked.c1))
        opened = group.subtract(converted.c2, group.multiply(pair.y, converted.c1))
        return opened == group.subtract(group.multiply(t, asked.c2), masked)

    swapped = [pair.converted(pair.asked(person, "older")) for person in ("A", "B")]
    assert [believed(each) for each in swapped] == [True, False], "the hub has its answer"
    for converted in swapped:
        forged = Conversion(context=CONTEXT, encrypted=asked, converted=converted)
        pair.refused(forged, pair.prove([forged])[0])


@pytest.mark.parametrize("field", ConversionTerms._fields)
def test_a_proof_does_not_pass_under_other_keys(pair: Pair, field: str) -> None:
    conversion = pair.conversion("A")
    (proof,) = pair.prove([conversion])
    other: dict[str, Any] = {field: pair.group.base_multiply(pair.scalar("other"))}
    pair.refused(conversion, proof, pair.terms._replace(**other))


@pytest.mark.parametrize("at", ["c1", "c2"])
def test_a_point_outside_the_group_is_refused_though_everything_else_of_its_proof_fits(at: str) -> None:
    """Opening looks at no point again: the check has multiplied each, and only an odd challenge shows a point of order two."""
    pair, honest = Pair(SUITE_2), Pair(SUITE_2).conversion("somebody")
    outside = sodium.crypto_core_ed25519_add(getattr(honest.converted, at), ORDER_TWO)
    spoilt = dataclasses.replace(honest, converted=dataclasses.replace(honest.converted, **{at: Point(outside)}))
    proof = b"\1"
    while proof[0] & 1:
        (proof,) = pair.prove([spoilt])
    with pytest.raises(WarifuError) as caught:
        pair.opened(spoilt, proof)
    assert (caught.value.reason, caught.value.debug) == (Reason.CONVERSION_NOT_PROVEN, Reason.POINT_INVALID.value)


def test_a_proof_does_not_pass_in_another_context_or_for_another_ciphertext(pair: Pair) -> None:
    conversion, other = pair.conversion("A"), pair.conversion("A", 1)
    for proof in (pair.prove([conversion])[0], pair.prove([conversion, other])[0]):
        assert pair.opened(conversion, proof) is not None
        for field in ("context", "encrypted", "converted"):
            changed: dict[str, Any] = {field: getattr(other, field)}
            pair.refused(dataclasses.replace(conversion, **changed), proof)


@hypothesis.settings(max_examples=60)
@hypothesis.given(chance=st.integers(min_value=0, max_value=2**30))
def test_a_flipped_bit_anywhere_is_refused(pair: Pair, chance: int) -> None:
    conversion, other = pair.conversion("A"), pair.conversion("B", 1)
    together = pair.prove([conversion, other])[0]
    for proof in (pair.prove([conversion])[0], together):
        pair.refused(conversion, flipped(proof, chance % (8 * len(proof))))
    for field in ("encrypted", "converted"):
        code: EncryptedCode = getattr(conversion, field)
        for half in ("c1", "c2"):
            changed = dataclasses.replace(code, **{half: Point(flipped(getattr(code, half), chance % 256))})
            changes: dict[str, Any] = {field: changed}
            pair.refused(dataclasses.replace(conversion, **changes), together)


@pytest.mark.parametrize("length", [0, 1, 96, 127, 129, 160, 161, 129 + 32 * 9])
def test_a_proof_of_another_length_is_refused(pair: Pair, length: int) -> None:
    conversion = pair.conversion("A")
    (proof,) = pair.prove([conversion])
    pair.refused(conversion, (proof + bytes(512))[:length])


@pytest.mark.parametrize("at", [0, 32, 64, 96])
@pytest.mark.parametrize("form", ["zero", "plus the order"])
def test_scalars_out_of_range_are_refused(pair: Pair, at: int, form: str) -> None:
    conversion = pair.conversion("A")
    (proof,) = pair.prove([conversion])
    value = int.from_bytes(proof[at : at + 32], "little") + ORDER if form == "plus the order" else 0
    pair.refused(conversion, proof[:at] + value.to_bytes(32, "little") + proof[at + 32 :])


def test_a_batch_needs_a_proof_of_its_size_and_holds_nobody(pair: Pair) -> None:
    honest = [pair.conversion(f"person {place}", place) for place in range(3)]
    proof = pair.prove_batch(honest)
    refusals = [
        (honest[:2], proof),
        (honest, proof[:-32]),
        (honest, proof + bytes(32)),
        (honest, b""),
        ([], proof[:96]),
        ([pair.nobody()], pair.prove_batch([pair.nobody()])),
    ]
    for conversions, each in refusals:
        with pytest.raises(WarifuError) as caught:
            open_batch(pair.group, pair.y, pair.terms, conversions, each)
        assert caught.value.reason is Reason.CONVERSION_NOT_PROVEN


def test_a_repeating_source_of_randomness_does_not_repeat_a_nonce_for_other_conversions(pair: Pair) -> None:
    # Equal nonces under two challenges would give the secrets away: (z1 - z2) / (e1 - e2).
    proofs = [
        prove_together(pair.group, pair.terms, pair.randomised([pair.conversion("A", place)]), pair.witness, bytes)[0]
        for place in range(2)
    ]
    for at, secret in ((32, pair.witness.factor), (64, pair.witness.opened_factor), (96, pair.k)):
        (e1, z1), (e2, z2) = (
            tuple(int.from_bytes(proof[start : start + 32], "little") for start in (0, at)) for proof in proofs
        )
        leaked = (z1 - z2) * pow(e1 - e2, -1, ORDER) % ORDER
        assert leaked != int.from_bytes(secret.value, "little")


def test_a_proof_with_fixed_randomness_is_always_the_same_and_shows_no_secret(pair: Pair) -> None:
    conversion = pair.conversion("A")
    proofs = {
        prove_together(pair.group, pair.terms, pair.randomised([conversion]), pair.witness, bytes)[0] for _ in range(2)
    }
    assert len(proofs) == 1
    assert not any(secret.value.hex() in repr(pair.witness) for secret in pair.witness)
