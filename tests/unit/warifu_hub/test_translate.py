"""The blind translation: it lands on the right code, stays the same when retried, and lets nothing invalid through."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.codes import EncryptedCode, encrypt_code, hedged_randomness, open_code, person_point
from warifu.errors import Reason, WarifuError
from warifu.group import SUITE_2, Ed25519Subgroup, Point, Scalar
from warifu.identifiers import InstitutionCode
from warifu.proofs import joint_key_context, verify_conversion, verify_joint_key
from warifu_hub.translate import DerivedRandomisers, HubKeys, Party, Randomiser, Translator

VECTORS = Path(__file__).parents[2] / "vectors"
INVALID = json.loads((VECTORS / "edwards25519_invalid_points.json").read_text())["points"]
KEYS = HubKeys(factor_key=b"f" * 32, opening_key=b"o" * 32, rerandomise_key=b"r" * 32)
HUB = Translator(SUITE_2, KEYS)
CONTEXT = bytes(range(148))

invalid_points = pytest.mark.parametrize(
    "encoded", [pytest.param(bytes.fromhex(point["encoded"]), id=point["name"]) for point in INVALID]
)


@dataclass(frozen=True)
class Agency:
    """One agency with its own key, and what the hub publishes about it."""

    party: Party
    secret: Scalar

    @property
    def key(self) -> Point:
        return SUITE_2.base_multiply(self.secret)

    @property
    def joint_key(self) -> Point:
        return HUB.directory_points(*self.party, self.key).joint_key


def agency(number: int, epoch: int = 1) -> Agency:
    institution = InstitutionCode.build(number, None, number)
    return Agency((institution, epoch), SUITE_2.hash_to_scalar(b"test", b"y", bytes([number, epoch])))


A, B, C = agency(1), agency(2), agency(3)


def issued(person: bytes, to: Agency, context: bytes = CONTEXT) -> Point:
    point = person_point(SUITE_2, b"authority", person)
    encrypted = encrypt_code(SUITE_2, point, to.joint_key, SUITE_2.random_scalar())
    converted = HUB.convert_issued(context=context, encrypted=encrypted, to=to.party, to_key=to.key)
    return open_code(SUITE_2, to.secret, converted)


def request(code: Point, to: Agency) -> EncryptedCode:
    return encrypt_code(SUITE_2, code, to.joint_key, hedged_randomness(SUITE_2, b"own", code, b"request"))


def converted(encrypted: EncryptedCode, from_: Agency, to: Agency, context: bytes = CONTEXT) -> EncryptedCode:
    return HUB.convert(context=context, encrypted=encrypted, from_=from_.party, to=to.party, to_key=to.key)


def carried(code: Point, from_: Agency, to: Agency) -> Point:
    return open_code(SUITE_2, to.secret, converted(request(code, to), from_, to))


def test_an_issued_code_is_the_person_point_times_the_factor() -> None:
    expected = SUITE_2.multiply(HUB.factor(*B.party), person_point(SUITE_2, b"authority", b"person"))
    assert issued(b"person", B) == expected


def test_issuing_twice_gives_the_same_code() -> None:
    assert issued(b"person", A) == issued(b"person", A, context=b"another issuance")


def test_codes_of_one_person_differ_between_agencies_and_epochs() -> None:
    assert len({issued(b"person", place) for place in (A, B, C, agency(1, epoch=2))}) == 4


@settings(max_examples=15)
@given(st.binary(min_size=1, max_size=16))
def test_a_conversion_lands_on_the_code_the_provider_was_issued(person: bytes) -> None:
    assert carried(issued(person, A), A, B) == issued(person, B)


@settings(max_examples=15)
@given(st.binary(min_size=1, max_size=16), st.permutations([A, B, C]))
def test_any_round_trip_comes_back_to_where_it_began(person: bytes, path: list[Agency]) -> None:
    start = code = issued(person, path[0])
    for from_, to in zip(path, [*path[1:], path[0]], strict=True):
        code = carried(code, from_, to)
        assert code == issued(person, to)
    assert code == start


def test_a_request_to_oneself_gives_ones_own_code() -> None:
    code = issued(b"person", A)
    assert carried(code, A, A) == code


def test_the_same_request_twice_gives_the_same_answer() -> None:
    encrypted = request(issued(b"person", A), B)
    assert converted(encrypted, A, B) == converted(encrypted, A, B)
    fresh_hub = Translator(SUITE_2, KEYS)
    again = fresh_hub.convert(context=CONTEXT, encrypted=encrypted, from_=A.party, to=B.party, to_key=B.key)
    assert again == converted(encrypted, A, B)


def test_a_fresh_request_about_the_same_person_shares_no_32_byte_block() -> None:
    code = issued(b"person", A)
    first, second = request(code, B), request(code, B)
    d_first, d_second = converted(first, A, B), converted(second, A, B)
    blocks = [first.c1, first.c2, second.c1, second.c2, d_first.c1, d_first.c2, d_second.c1, d_second.c2]
    assert len({*blocks, code, issued(b"person", B)}) == len(blocks) + 2


def test_the_same_ciphertext_in_another_exchange_gives_another_answer_with_the_same_code() -> None:
    encrypted = request(issued(b"person", A), B)
    first, second = (converted(encrypted, A, B, context) for context in (b"exchange 1", b"exchange 2"))
    assert not {first.c1, first.c2} & {second.c1, second.c2}
    assert open_code(SUITE_2, B.secret, first) == open_code(SUITE_2, B.secret, second)


def test_no_two_kinds_of_conversion_share_a_randomiser() -> None:
    # Shared, the difference of two answers would cancel it and show the factors at work.
    encrypted = request(issued(b"person", A), B)
    group = SUITE_2
    taken = []

    class Watched:
        def take(self, binding: bytes, to_key: Point) -> Randomiser:
            taken.append(DerivedRandomisers(group, KEYS.rerandomise_key).take(binding, to_key))
            return taken[-1]

    hub = Translator(group, KEYS, Watched())
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=A.party, to=B.party, to_key=B.key)
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=C.party, to=B.party, to_key=B.key)
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=A.party, to=C.party, to_key=B.key)
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=A.party, to=B.party, to_key=C.key)
    hub.convert_issued(context=CONTEXT, encrypted=encrypted, to=B.party, to_key=B.key)
    assert len({randomiser.scalar for randomiser in taken}) == 5


def test_a_ciphertext_replayed_by_another_agency_lands_on_no_code() -> None:
    encrypted = request(issued(b"person", A), B)
    assert open_code(SUITE_2, B.secret, converted(encrypted, C, B)) != issued(b"person", B)


@pytest.mark.parametrize("half", ["c1", "c2"])
def test_a_flipped_bit_anywhere_in_a_request_is_refused_or_gives_another_point(half: str) -> None:
    code, expected = request(issued(b"person", A), B), issued(b"person", B)
    for bit in range(256):
        changed = bytearray(getattr(code, half))
        changed[bit // 8] ^= 1 << bit % 8
        outcome = landing(bytes(changed), code, half)
        assert outcome is Reason.POINT_INVALID if isinstance(outcome, Reason) else outcome != expected


def landing(changed: bytes, good: EncryptedCode, half: str) -> Point | Reason:
    c1, c2 = (changed, good.c2) if half == "c1" else (good.c1, changed)
    try:
        encrypted = EncryptedCode.from_wire(SUITE_2, c1, c2)
        return open_code(SUITE_2, B.secret, converted(encrypted, A, B))
    except WarifuError as error:
        return error.reason


@invalid_points
def test_the_cheap_way_in_and_the_conversion_together_refuse_every_invalid_point(encoded: bytes) -> None:
    good = request(issued(b"person", A), B)
    for half in ("c1", "c2"):
        assert landing(encoded, good, half) is Reason.POINT_INVALID


@invalid_points
def test_issuing_and_publishing_refuse_every_invalid_point(encoded: bytes) -> None:
    good = request(issued(b"person", A), B)
    for encrypted in (EncryptedCode(Point(encoded), good.c2), EncryptedCode(good.c1, Point(encoded))):
        with pytest.raises(WarifuError) as caught:
            HUB.convert_issued(context=CONTEXT, encrypted=encrypted, to=B.party, to_key=B.key)
        assert caught.value.reason is Reason.POINT_INVALID
    with pytest.raises(WarifuError) as caught:
        HUB.directory_points(*B.party, Point(encoded))
    assert caught.value.reason is Reason.POINT_INVALID
    with pytest.raises(WarifuError) as caught:
        HUB.convert(context=CONTEXT, encrypted=good, from_=A.party, to=B.party, to_key=Point(encoded))
    assert caught.value.reason is Reason.POINT_INVALID


def test_what_the_hub_publishes_verifies_for_its_institution_and_epoch_only() -> None:
    points = HUB.directory_points(*A.party, A.key)
    assert points.commitment == SUITE_2.base_multiply(HUB.factor(*A.party))

    def verify(context: bytes) -> None:
        verify_joint_key(
            SUITE_2,
            agency_key=A.key,
            opening_key=points.opening_key,
            joint_key=points.joint_key,
            context=context,
            proof=points.proof,
        )

    verify(joint_key_context(*A.party))
    for other in (joint_key_context(A.party[0], 2), joint_key_context(*B.party)):
        with pytest.raises(WarifuError) as caught:
            verify(other)
        assert caught.value.reason is Reason.DIRECTORY_INVALID


@pytest.mark.parametrize("from_", [A.party, None], ids=["converted", "issued"])
def test_any_conversion_can_be_proven_later_and_by_a_restarted_hub(from_: Party | None) -> None:
    encrypted = request(issued(b"person", A), B)
    if from_:
        answer = HUB.convert(context=CONTEXT, encrypted=encrypted, from_=from_, to=B.party, to_key=B.key)
    else:
        answer = HUB.convert_issued(context=CONTEXT, encrypted=encrypted, to=B.party, to_key=B.key)
    statement, proof = Translator(SUITE_2, KEYS).prove(
        context=CONTEXT, encrypted=encrypted, from_=from_, to=B.party, to_key=B.key
    )
    assert statement.converted == answer
    assert statement.target_commitment == HUB.commitment(*B.party)
    assert statement.source_commitment == (HUB.commitment(*from_) if from_ else SUITE_2.generator)
    verify_conversion(SUITE_2, statement, CONTEXT, proof)


def test_randomisers_made_ahead_can_take_the_place_of_derived_ones() -> None:
    scalar = SUITE_2.random_scalar()
    ready = Randomiser(scalar=scalar, base=SUITE_2.base_multiply(scalar), key=SUITE_2.multiply(scalar, B.key))

    class Pool:
        def take(self, binding: bytes, to_key: Point) -> Randomiser:
            return ready

    answer = Translator(SUITE_2, KEYS, Pool()).convert(
        context=CONTEXT, encrypted=request(issued(b"person", A), B), from_=A.party, to=B.party, to_key=B.key
    )
    assert open_code(SUITE_2, B.secret, answer) == issued(b"person", B)


def test_a_pair_of_institutions_costs_one_inversion_however_often_it_is_used() -> None:
    inverted = []

    class Counting(Ed25519Subgroup):
        def scalar_invert(self, scalar: Scalar) -> Scalar:
            inverted.append(scalar)
            return super().scalar_invert(scalar)

    hub = Translator(Counting(), KEYS)
    encrypted = request(issued(b"person", A), B)
    for number in range(5):
        hub.convert(context=bytes([number]), encrypted=encrypted, from_=A.party, to=B.party, to_key=B.key)
    assert len(inverted) == 1
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=A.party, to=(B.party[0], 2), to_key=B.key)
    assert len(inverted) == 2


@pytest.mark.parametrize(
    ("factor", "opening", "rerandomise"),
    [
        (b"f" * 31, b"o" * 32, b"r" * 32),
        (b"f" * 32, b"", b"r" * 32),
        (b"f" * 32, b"o" * 32, b"r" * 33),
        (b"f" * 32, b"f" * 32, b"r" * 32),
        (b"f" * 32, b"o" * 32, b"f" * 32),
        (b"f" * 32, b"o" * 32, b"o" * 32),
    ],
)
def test_root_keys_of_another_length_or_equal_ones_are_refused(
    factor: bytes, opening: bytes, rerandomise: bytes
) -> None:
    with pytest.raises(WarifuError) as caught:
        HubKeys(factor_key=factor, opening_key=opening, rerandomise_key=rerandomise)
    assert caught.value.reason is Reason.KEY_INVALID


def test_generated_root_keys_differ() -> None:
    first, second = HubKeys.generate(), HubKeys.generate()
    assert len({first.factor_key, first.opening_key, first.rerandomise_key, second.factor_key}) == 4
