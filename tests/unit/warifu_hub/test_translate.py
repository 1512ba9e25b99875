"""The blind translation: it lands on the right code, stays the same when retried, and lets nothing invalid through."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.curve.group import Group, Point, Scalar
from warifu.curve.scalars import ScalarField
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, encrypt_code, hedged_randomness, open_code, person_point
from warifu.exchange.context import CONTEXT_SIZE
from warifu.exchange.conversion_proof import PROOF_SIZE, Conversion, open_proven
from warifu.exchange.proofs import joint_key_context, verify_joint_key
from warifu.identifiers import InstitutionCode
from warifu.lockstep import Paced, at_once, in_lockstep
from warifu_hub.translate import DerivedRandomisers, HubKeys, Party, Randomiser, Translator

VECTORS = Path(__file__).parents[2] / "vectors"
INVALID = {
    1: json.loads((VECTORS / "rfc9496_ristretto255.json").read_text())["invalid"],
    2: json.loads((VECTORS / "edwards25519_invalid_points.json").read_text())["points"],
}
KEYS = HubKeys(factor_key=b"f" * 32, opening_key=b"o" * 32, rerandomise_key=b"r" * 32)
CONTEXT = bytes(range(CONTEXT_SIZE))

T = TypeVar("T")

invalid_points = pytest.mark.parametrize(
    ("group", "encoded"),
    [
        pytest.param(suite, bytes.fromhex(point["encoded"]), id=f"suite {suite}: {point.get('name', number)}")
        for suite, points in INVALID.items()
        for number, point in enumerate([*points, {"name": "suite 1's identity", "encoded": "00" * 32}])
    ],
    indirect=["group"],
)


@dataclass(frozen=True)
class Agency:
    """One agency with its own key, and what the hub publishes about it."""

    party: Party
    secret: Scalar
    key: Point
    joint_key: Point


class World:
    """A hub and agencies that calculate in one group."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.hub = Translator(group, KEYS)
        self.a, self.b, self.c = (self.agency(number) for number in (1, 2, 3))

    def agency(self, number: int, epoch: int = 1) -> Agency:
        party = Party(InstitutionCode.build(number, None, number), epoch)
        secret = self.group.hash_to_scalar(b"test", b"y", bytes([number, epoch]))
        key = self.group.base_multiply(secret)
        return Agency(party, secret, key, self.hub.directory_points(party, party.code_epoch, key).joint_key)

    def issued(self, person: bytes, to: Agency, context: bytes = CONTEXT) -> Point:
        point = person_point(self.group, b"authority", person)
        encrypted = encrypt_code(self.group, point, to.joint_key, self.group.random_scalar())
        converted = self.hub.convert(context=context, encrypted=encrypted, from_=None, to=to.party, to_key=to.key)
        return open_code(self.group, to.secret, converted)

    def request(self, code: Point, to: Agency) -> EncryptedCode:
        return encrypt_code(self.group, code, to.joint_key, hedged_randomness(self.group, b"own", code, b"request"))

    def converted(self, encrypted: EncryptedCode, from_: Agency, to: Agency, context: bytes = CONTEXT) -> EncryptedCode:
        return self.hub.convert(context=context, encrypted=encrypted, from_=from_.party, to=to.party, to_key=to.key)

    def carried(self, code: Point, from_: Agency, to: Agency) -> Point:
        return open_code(self.group, to.secret, self.converted(self.request(code, to), from_, to))

    def landing(self, changed: bytes, good: EncryptedCode, half: str) -> Point | Reason:
        """Where a request of a to b lands with one half changed, or why it does not."""
        c1, c2 = (changed, good.c2) if half == "c1" else (good.c1, changed)
        try:
            encrypted = EncryptedCode.from_wire(self.group, c1, c2)
            return open_code(self.group, self.b.secret, self.converted(encrypted, self.a, self.b))
        except WarifuError as error:
            return error.reason


def in_step(calculations: Sequence[Paced[T]]) -> list[T]:
    """What calculations give whose calls took each step together."""

    async def all_of_them() -> list[T]:
        return list(await asyncio.gather(*(in_lockstep(each) for each in calculations)))

    return asyncio.run(all_of_them())


@pytest.fixture(scope="module")
def world(group: Group) -> World:
    return World(group)


def test_an_issued_code_is_the_person_point_times_the_factor(world: World) -> None:
    expected = world.group.multiply(
        world.hub.factor(*world.b.party[:2]), person_point(world.group, b"authority", b"person")
    )
    assert world.issued(b"person", world.b) == expected


def test_issuing_twice_gives_the_same_code(world: World) -> None:
    assert world.issued(b"person", world.a) == world.issued(b"person", world.a, context=b"another issuance")


def test_codes_of_one_person_differ_between_agencies_and_epochs(world: World) -> None:
    assert len({world.issued(b"person", place) for place in (world.a, world.b, world.c, world.agency(1, epoch=2))}) == 4


@settings(max_examples=15)
@given(st.binary(min_size=1, max_size=16))
def test_a_conversion_lands_on_the_code_the_provider_was_issued(world: World, person: bytes) -> None:
    assert world.carried(world.issued(person, world.a), world.a, world.b) == world.issued(person, world.b)


@settings(max_examples=15)
@given(st.binary(min_size=1, max_size=16), st.permutations([0, 1, 2]))
def test_any_round_trip_comes_back_to_where_it_began(world: World, person: bytes, order: list[int]) -> None:
    path = [(world.a, world.b, world.c)[number] for number in order]
    start = code = world.issued(person, path[0])
    for from_, to in zip(path, [*path[1:], path[0]], strict=True):
        code = world.carried(code, from_, to)
        assert code == world.issued(person, to)
    assert code == start


def test_a_request_to_oneself_gives_ones_own_code(world: World) -> None:
    code = world.issued(b"person", world.a)
    assert world.carried(code, world.a, world.a) == code


def test_the_same_request_twice_gives_the_same_answer(world: World) -> None:
    encrypted = world.request(world.issued(b"person", world.a), world.b)
    assert world.converted(encrypted, world.a, world.b) == world.converted(encrypted, world.a, world.b)
    fresh_hub = Translator(world.group, KEYS)
    again = fresh_hub.convert(
        context=CONTEXT, encrypted=encrypted, from_=world.a.party, to=world.b.party, to_key=world.b.key
    )
    assert again == world.converted(encrypted, world.a, world.b)


def test_a_fresh_request_about_the_same_person_shares_no_32_byte_block(world: World) -> None:
    code = world.issued(b"person", world.a)
    first, second = world.request(code, world.b), world.request(code, world.b)
    d_first, d_second = world.converted(first, world.a, world.b), world.converted(second, world.a, world.b)
    blocks = [first.c1, first.c2, second.c1, second.c2, d_first.c1, d_first.c2, d_second.c1, d_second.c2]
    assert len({*blocks, code, world.issued(b"person", world.b)}) == len(blocks) + 2


def test_the_same_ciphertext_in_another_exchange_gives_another_answer_with_the_same_code(world: World) -> None:
    encrypted = world.request(world.issued(b"person", world.a), world.b)
    first, second = (
        world.converted(encrypted, world.a, world.b, context) for context in (b"exchange 1", b"exchange 2")
    )
    assert not {first.c1, first.c2} & {second.c1, second.c2}
    assert open_code(world.group, world.b.secret, first) == open_code(world.group, world.b.secret, second)


def test_no_two_kinds_of_conversion_share_a_randomiser(world: World) -> None:
    # Shared, the difference of two answers would cancel it and show the factors at work.
    encrypted = world.request(world.issued(b"person", world.a), world.b)
    group = world.group
    taken = []

    class Watched:
        def take(self, binding: bytes, to_key: Point) -> Randomiser:
            taken.append(DerivedRandomisers(group, KEYS.rerandomise_key).take(binding, to_key))
            return taken[-1]

    hub = Translator(group, KEYS, Watched())
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=world.a.party, to=world.b.party, to_key=world.b.key)
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=world.c.party, to=world.b.party, to_key=world.b.key)
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=world.a.party, to=world.c.party, to_key=world.b.key)
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=world.a.party, to=world.b.party, to_key=world.c.key)
    hub.convert(context=CONTEXT, encrypted=encrypted, from_=None, to=world.b.party, to_key=world.b.key)
    assert len({randomiser.scalar for randomiser in taken}) == 5


def test_a_ciphertext_replayed_by_another_agency_lands_on_no_code(world: World) -> None:
    encrypted = world.request(world.issued(b"person", world.a), world.b)
    assert open_code(world.group, world.b.secret, world.converted(encrypted, world.c, world.b)) != world.issued(
        b"person", world.b
    )


@pytest.mark.parametrize("half", ["c1", "c2"])
def test_a_flipped_bit_anywhere_in_a_request_is_refused_or_gives_another_point(world: World, half: str) -> None:
    code, expected = world.request(world.issued(b"person", world.a), world.b), world.issued(b"person", world.b)
    for bit in range(256):
        changed = bytearray(getattr(code, half))
        changed[bit // 8] ^= 1 << bit % 8
        outcome = world.landing(bytes(changed), code, half)
        assert outcome is Reason.POINT_INVALID if isinstance(outcome, Reason) else outcome != expected


@invalid_points
def test_the_cheap_way_in_and_the_conversion_together_refuse_every_invalid_point(world: World, encoded: bytes) -> None:
    good = world.request(world.issued(b"person", world.a), world.b)
    for half in ("c1", "c2"):
        assert world.landing(encoded, good, half) is Reason.POINT_INVALID


@invalid_points
def test_issuing_and_publishing_refuse_every_invalid_point(world: World, encoded: bytes) -> None:
    good = world.request(world.issued(b"person", world.a), world.b)
    for encrypted in (EncryptedCode(Point(encoded), good.c2), EncryptedCode(good.c1, Point(encoded))):
        with pytest.raises(WarifuError) as caught:
            world.hub.convert(context=CONTEXT, encrypted=encrypted, from_=None, to=world.b.party, to_key=world.b.key)
        assert caught.value.reason is Reason.POINT_INVALID
    with pytest.raises(WarifuError) as caught:
        world.hub.directory_points(world.b.party, world.b.party.code_epoch, Point(encoded))
    assert caught.value.reason is Reason.POINT_INVALID
    with pytest.raises(WarifuError) as caught:
        world.hub.convert(context=CONTEXT, encrypted=good, from_=world.a.party, to=world.b.party, to_key=Point(encoded))
    assert caught.value.reason is Reason.POINT_INVALID


def test_what_the_hub_publishes_verifies_for_its_institution_and_epoch_only(world: World) -> None:
    points = world.hub.directory_points(world.a.party, world.a.party.code_epoch, world.a.key)
    assert points.commitment == world.group.base_multiply(world.hub.factor(*world.a.party[:2]))

    def verify(context: bytes) -> None:
        verify_joint_key(
            world.group,
            agency_key=world.a.key,
            opening_key=points.opening_key,
            joint_key=points.joint_key,
            context=context,
            proof=points.proof,
        )

    verify(joint_key_context(*world.a.party[:2]))
    for other in (joint_key_context(world.a.party[0], 2), joint_key_context(*world.b.party[:2])):
        with pytest.raises(WarifuError) as caught:
            verify(other)
        assert caught.value.reason is Reason.DIRECTORY_INVALID


def test_a_conversion_is_proven_by_whichever_hub_process_makes_it(world: World) -> None:
    encrypted = world.request(world.issued(b"person", world.a), world.b)
    words: dict[str, Any] = {"context": CONTEXT, "encrypted": encrypted, "from_": world.a.party}
    words |= {"to": world.b.party, "to_key": world.b.key}
    (first, proof), (second, other) = (
        at_once(hub.conversion(**words)) for hub in (world.hub, Translator(world.group, KEYS))
    )
    assert first == second == world.hub.convert(**words)
    assert proof != other
    terms = world.hub.terms(world.a.party, world.b.party, world.b.key)
    for each in (proof, other):
        conversion = Conversion(context=CONTEXT, encrypted=encrypted, converted=first)
        code = open_proven(world.group, world.b.secret, terms, conversion, each)
        assert code == world.issued(b"person", world.b)


def test_conversions_of_one_pair_in_step_share_a_tree_and_those_of_others_do_not(world: World) -> None:
    def conversion(to: Any) -> Paced[tuple[EncryptedCode, bytes]]:
        encrypted = world.request(world.issued(b"person", world.a), to)
        return world.hub.conversion(
            context=CONTEXT, encrypted=encrypted, from_=world.a.party, to=to.party, to_key=to.key
        )

    proofs = [proof for _, proof in in_step([conversion(to) for to in (world.b, world.c, world.b, world.b)])]
    assert [len(proof) - PROOF_SIZE for proof in proofs] == [1 + 2 * 32, 0, 1 + 2 * 32, 1 + 32]
    shared = [proof[:96] for proof in proofs]
    assert shared[0] == shared[2] == shared[3] != shared[1]


def test_randomisers_made_ahead_can_take_the_place_of_derived_ones(world: World) -> None:
    scalar = world.group.random_scalar()
    ready = Randomiser(
        scalar=scalar, base=world.group.base_multiply(scalar), key=world.group.multiply(scalar, world.b.key)
    )

    class Pool:
        def take(self, binding: bytes, to_key: Point) -> Randomiser:
            return ready

    answer = Translator(world.group, KEYS, Pool()).convert(
        context=CONTEXT,
        encrypted=world.request(world.issued(b"person", world.a), world.b),
        from_=world.a.party,
        to=world.b.party,
        to_key=world.b.key,
    )
    assert open_code(world.group, world.b.secret, answer) == world.issued(b"person", world.b)


def test_a_pair_of_institutions_costs_one_inversion_however_often_it_is_used(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inverted = []
    invert = ScalarField.scalar_invert

    def counting(field: ScalarField, scalar: Scalar) -> Scalar:
        inverted.append(scalar)
        return invert(field, scalar)

    monkeypatch.setattr(ScalarField, "scalar_invert", counting)
    hub = Translator(world.group, KEYS)
    encrypted = world.request(world.issued(b"person", world.a), world.b)
    for number in range(5):
        hub.convert(
            context=bytes([number]), encrypted=encrypted, from_=world.a.party, to=world.b.party, to_key=world.b.key
        )
    assert len(inverted) == 1
    hub.convert(
        context=CONTEXT, encrypted=encrypted, from_=world.a.party, to=Party(world.b.party[0], 2), to_key=world.b.key
    )
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


def held_after(world: World, codes: int) -> int:
    """Bytes that are held after so many codes of different people were issued, in batches of other contexts."""
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(0, codes, 4):
            people = [b"%d" % (number + place) for place in range(4)]
            points = [person_point(world.group, b"authority", person) for person in people]
            encrypted = [
                encrypt_code(world.group, point, world.a.joint_key, world.group.random_scalar()) for point in points
            ]
            context = number.to_bytes(4, "big") + CONTEXT[4:]
            world.hub.convert_batch(
                context=context, encrypted=encrypted, from_=None, to=world.a.party, to_key=world.a.key
            )
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_nothing_is_held_of_codes_that_were_issued(world: World) -> None:
    held_after(world, 8)  # what is held of the agency, once
    few, many = held_after(world, 20), held_after(world, 200)
    assert many - few < 180, "not a byte a code"
