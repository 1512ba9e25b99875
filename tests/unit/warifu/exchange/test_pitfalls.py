"""The known ways to get this cryptography wrong, each shown to be avoided, and each attack shown to work without it.

An attack that is only said to fail proves little. So where it can be done, the test first builds the weaker scheme by
hand and runs the attack to its end, then runs the same attack against this one.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import nacl.bindings as sodium
import pytest

from warifu.curve.edwards25519 import SUITE_2, Ed25519Subgroup
from warifu.curve.group import Point, Scalar
from warifu.curve.ristretto255 import ristretto255
from warifu.curve.suites import group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import (
    AgencyCode,
    EncryptedCode,
    encrypt_code,
    hedged_randomness,
    open_code,
    person_point,
    row_key,
)
from warifu.exchange.context import CONTEXT_SIZE
from warifu.exchange.conversion_proof import Conversion
from warifu.exchange.proofs import prove_joint_key, verify_joint_key
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey, verify_signature
from warifu.identifiers import InstitutionCode
from warifu.lockstep import at_once
from warifu_hub.translate import HubKeys, Party, Translator

GROUP = SUITE_2
KEYS = HubKeys(factor_key=b"f" * 32, opening_key=b"o" * 32, rerandomise_key=b"r" * 32)
HUB = Translator(GROUP, KEYS)
A = Party(InstitutionCode.build(1, None, 1))
B = Party(InstitutionCode.build(2, None, 2))
CONTEXT = bytes(range(CONTEXT_SIZE))
VECTORS = Path(__file__).parents[3] / "vectors"


def scalar(name: str) -> Scalar:
    return GROUP.hash_to_scalar(b"test", name.encode())


def code_at(party: Party, point: Point) -> Point:
    return GROUP.multiply(HUB.factor(*party[:2]), point)


PERSON = person_point(GROUP, b"authority", b"person")
CODE_A, CODE_B = code_at(A, PERSON), code_at(B, PERSON)
SECRET_B = scalar("y_B")
KEY_B = GROUP.base_multiply(SECRET_B)
POINTS_B = HUB.directory_points(B, B.code_epoch, KEY_B)


# 1. The person point must have a discrete logarithm nobody knows.


def test_1_an_authority_that_knows_the_logarithm_of_a_person_computes_every_code() -> None:
    p = scalar("p known to the authority")
    careless_point = GROUP.base_multiply(p)
    for party in (A, B):
        assert GROUP.multiply(p, HUB.commitment(*party[:2])) == code_at(party, careless_point)


def test_1_a_person_point_is_hashed_to_the_group_so_that_nothing_the_authority_knows_is_its_logarithm() -> None:
    hashed: list[bytes] = []

    class Watched(Ed25519Subgroup):
        def hash_to_point(self, message: bytes) -> Point:
            hashed.append(message)
            return super().hash_to_point(message)

        def base_multiply(self, scalar: Scalar) -> Point:
            raise AssertionError("a person point must not be made from a scalar")

    assert person_point(Watched(), b"authority", b"person") == PERSON
    assert len(hashed) == 1
    for known in (hashed[0], hashed[0][:32]):
        exponent = GROUP.hash_to_scalar(b"guess", known)
        assert GROUP.multiply(exponent, HUB.commitment(*A[:2])) != CODE_A
    reduced = Scalar(sodium.crypto_core_ed25519_scalar_reduce(hashed[0]))
    assert GROUP.multiply(reduced, HUB.commitment(*A[:2])) != CODE_A


# 2. Without a key, all persons can be tried.


def test_2_trying_every_person_works_without_the_authoritys_key_only_when_there_is_none() -> None:
    numbers = [str(number).encode() for number in range(20)]
    unkeyed = GROUP.hash_to_point(numbers[13])
    assert [number for number in numbers if GROUP.hash_to_point(number) == unkeyed] == [numbers[13]]
    keyed = person_point(GROUP, b"K" * 64, numbers[13])
    for guess in (b"", b"k" * 64):
        assert keyed not in [person_point(GROUP, guess, number) for number in numbers]
    assert keyed not in [GROUP.hash_to_point(number) for number in numbers]


# 3. With the provider's key alone, the provider reads the inquirer's code.


def test_3_under_the_providers_own_key_alone_the_provider_reads_the_inquirers_code() -> None:
    textbook = encrypt_code(GROUP, CODE_A, KEY_B, scalar("r"))
    assert open_code(GROUP, SECRET_B, textbook) == CODE_A
    ours = encrypt_code(GROUP, CODE_A, POINTS_B.joint_key, scalar("r"))
    assert open_code(GROUP, SECRET_B, ours) != CODE_A
    assert open_code(GROUP, HUB.opening_share(*B[:2]), ours) != CODE_A  # nor does the hub alone
    both = GROUP.scalar_multiply(SECRET_B, HUB.opening_share(*B[:2]))
    assert open_code(GROUP, both, ours) == CODE_A


# 4. A product key needs its proof.


def test_4_a_joint_key_the_hub_could_open_alone_finds_no_proof() -> None:
    x = scalar("x known to the hub")
    chosen = GROUP.base_multiply(x)
    assert open_code(GROUP, x, encrypt_code(GROUP, CODE_A, chosen, scalar("r"))) == CODE_A
    for proof in (POINTS_B.proof, prove_joint_key(GROUP, x, GROUP.generator, CONTEXT)):
        with pytest.raises(WarifuError) as caught:
            verify_joint_key(
                GROUP,
                agency_key=KEY_B,
                opening_key=POINTS_B.opening_key,
                joint_key=chosen,
                context=CONTEXT,
                proof=proof,
            )
        assert caught.value.reason is Reason.DIRECTORY_INVALID


# 5. Randomness must be fresh for every request, even from a poor source.


def test_5_one_randomness_for_two_codes_links_them_and_hedging_prevents_it() -> None:
    other = code_at(A, person_point(GROUP, b"authority", b"other person"))
    first, second = (encrypt_code(GROUP, code, POINTS_B.joint_key, scalar("r")) for code in (CODE_A, other))
    assert first.c1 == second.c1
    assert GROUP.subtract(first.c2, second.c2) == GROUP.subtract(CODE_A, other)  # readable from the wire alone
    hedged = {
        hedged_randomness(GROUP, b"own", code, request, bytes) for code in (CODE_A, other) for request in (b"1", b"2")
    }
    assert len(hedged) == 4


# 6. A challenge must hash everything.


def test_6_the_challenge_of_a_conversion_proof_hashes_every_public_value_and_the_context() -> None:
    hashed: list[tuple[bytes, ...]] = []

    class Watched(Ed25519Subgroup):
        def hash_to_scalar(self, label: bytes, *items: bytes) -> Scalar:
            hashed.append((label, *items))
            return super().hash_to_scalar(label, *items)

    encrypted = encrypt_code(GROUP, CODE_A, POINTS_B.joint_key, scalar("r"))
    conversion = Translator(Watched(), KEYS).conversion(
        context=CONTEXT, encrypted=encrypted, from_=A, to=B, to_key=KEY_B
    )
    converted, proof = at_once(conversion)
    challenge = [items for items in hashed if items[0] == b"warifu-v1/conversion-proof"]
    assert len(challenge) == 1
    public = (GROUP.generator, HUB.commitment(*A[:2]), HUB.commitment(*B[:2]), POINTS_B.opening_key, KEY_B)
    assert challenge[0][1:6] == public
    assert len(challenge[0]) == 1 + len(public) + 3  # the label before, two commitments and the root after
    assert GROUP.hash_to_scalar(*challenge[0]).value == proof[:32]
    made = Conversion(context=CONTEXT, encrypted=encrypted, converted=converted)
    for field, other in (("context", b"other"), ("encrypted", converted), ("converted", encrypted)):
        changed: dict[str, Any] = {field: other}
        assert dataclasses.replace(made, **changed).leaf((KEY_B, KEY_B)) != made.leaf((KEY_B, KEY_B))
    assert made.leaf((KEY_B, CODE_A)) != made.leaf((KEY_B, KEY_B)) != made.leaf((CODE_A, KEY_B))


def test_6_the_challenge_of_a_joint_key_proof_hashes_every_public_value_and_the_context() -> None:
    hashed: list[tuple[bytes, ...]] = []

    class Watched(Ed25519Subgroup):
        def hash_to_scalar(self, label: bytes, *items: bytes) -> Scalar:
            hashed.append((label, *items))
            return super().hash_to_scalar(label, *items)

    prove_joint_key(Watched(), HUB.opening_share(*B[:2]), KEY_B, CONTEXT)
    challenge = hashed[-1]
    assert challenge[:6] == (
        b"warifu-v1/dleq-keydir",
        CONTEXT,
        GROUP.generator,
        KEY_B,
        POINTS_B.opening_key,
        POINTS_B.joint_key,
    )
    assert len(challenge) == 8


# 7 and 8. Long-lived secrets go through constant-time arithmetic only.


def test_7_scalars_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def watched(left: bytes, right: bytes) -> bool:
        compared.append((left, right))
        return left == right

    monkeypatch.setattr("warifu.curve.scalars.hmac.compare_digest", watched)
    assert scalar("s") == scalar("s")
    assert len(compared) == 1


@pytest.mark.parametrize(
    "primitive",
    [
        "crypto_scalarmult_ed25519_noclamp",
        "crypto_scalarmult_ed25519_base_noclamp",
        "crypto_core_ed25519_scalar_mul",
        "crypto_core_ed25519_scalar_invert",
    ],
)
def test_8_every_use_of_a_long_lived_secret_is_a_call_of_libsodium(
    primitive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Called(Exception):  # noqa: N818 - a signal, not an error
        pass

    def signal(*_: bytes) -> bytes:
        raise Called

    hub = Translator(GROUP, KEYS)
    encrypted = encrypt_code(GROUP, CODE_A, POINTS_B.joint_key, scalar("r"))
    monkeypatch.setattr(sodium, primitive, signal)
    with pytest.raises(Called):
        hub.convert(context=CONTEXT, encrypted=encrypted, from_=A, to=B, to_key=KEY_B)


# 9. The hub's three root keys share nothing.


def test_9_each_root_key_moves_its_own_values_and_no_others() -> None:
    def values(keys: HubKeys) -> tuple[Scalar, Scalar, EncryptedCode]:
        hub = Translator(GROUP, keys)
        encrypted = encrypt_code(GROUP, CODE_A, POINTS_B.joint_key, scalar("r"))
        answer = hub.convert(context=CONTEXT, encrypted=encrypted, from_=A, to=B, to_key=KEY_B)
        return hub.factor(*A[:2]), hub.opening_share(*A[:2]), answer

    factor, opening, answer = values(KEYS)
    other_factor = values(HubKeys(factor_key=b"F" * 32, opening_key=b"o" * 32, rerandomise_key=b"r" * 32))
    other_opening = values(HubKeys(factor_key=b"f" * 32, opening_key=b"O" * 32, rerandomise_key=b"r" * 32))
    other_rerandomise = values(HubKeys(factor_key=b"f" * 32, opening_key=b"o" * 32, rerandomise_key=b"R" * 32))
    assert other_factor[0] != factor
    assert other_factor[1] == opening
    assert other_opening[0] == factor
    assert other_opening[1] != opening
    assert other_rerandomise[:2] == (factor, opening)
    assert other_rerandomise[2] != answer


def test_9_one_key_in_two_places_is_refused_and_labels_keep_the_values_apart_anyway() -> None:
    with pytest.raises(WarifuError) as caught:
        HubKeys(factor_key=b"f" * 32, opening_key=b"f" * 32, rerandomise_key=b"r" * 32)
    assert caught.value.reason is Reason.KEY_INVALID
    swapped = Translator(GROUP, HubKeys(factor_key=b"o" * 32, opening_key=b"f" * 32, rerandomise_key=b"r" * 32))
    assert swapped.opening_share(*A[:2]) != HUB.factor(*A[:2])


# 10. The hub's path holds nothing that opens boxes.


def test_10_the_translation_loads_without_the_code_that_opens_boxes() -> None:
    program = (
        "import sys, warifu_hub.translate; print([name for name in sys.modules if name == 'warifu.exchange.seal'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_paths())
    assert done.stdout.strip() == "[]"


def _paths() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(path for path in sys.path if path)}


# 11. The library must be the right one, and no other suite steps in silently.


def test_11_a_library_that_checks_points_badly_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sodium, "crypto_core_ed25519_is_valid_point", lambda _: True)
    with pytest.raises(WarifuError) as caught:
        Ed25519Subgroup()
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert "PyNaCl" in caught.value.where


def test_11_no_suite_steps_in_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    ristretto255.cache_clear()
    monkeypatch.setattr("warifu.curve.ristretto255.SONAMES", ("libsodium.so.nowhere",))
    assert group_of(2).suite == 2
    with pytest.raises(WarifuError) as caught:
        group_of(1)
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert "libsodium23" in caught.value.where


# 12. Nothing secret is shown or logged.


def test_12_no_secret_shows_itself_in_any_printed_form() -> None:
    sealing, signing = SealingKey.generate(), SigningKey.generate()
    encrypted = encrypt_code(GROUP, CODE_A, POINTS_B.joint_key, scalar("r"))
    secrets = [
        *(getattr(KEYS, name) for name in ("factor_key", "opening_key", "rerandomise_key")),
        SECRET_B.value,
        sealing.to_bytes(),
        signing.to_bytes(),
        CODE_A,
    ]
    code = AgencyCode(institution=A[0], epoch=1, point=CODE_A)
    holders: list[object] = [KEYS, SECRET_B, sealing, signing, code, encrypted, HUB]
    shown = " ".join(f"{holder} {holder!r} {[holder]}" for holder in holders)
    for secret in secrets:
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown


def test_12_errors_and_logs_hold_no_point_and_no_scalar(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    invalid = json.loads((VECTORS / "edwards25519_invalid_points.json").read_text())["points"]
    for point in invalid:
        encoded = bytes.fromhex(point["encoded"])
        with pytest.raises(WarifuError) as caught:
            open_code(GROUP, SECRET_B, EncryptedCode(CODE_A, Point(encoded)), where="answer")
        said = f"{caught.value} {caught.value!r} {caught.value.args} {caught.value.debug}"
        assert encoded.hex() not in said
        assert CODE_A.hex() not in said
        assert caught.value.__cause__ is None
    assert caplog.text == ""


# Two attacks on schemes that look like this one.


def test_without_rerandomising_a_requester_who_overhears_the_answer_reads_the_providers_code() -> None:
    x = scalar("x known to the requester")
    own_key = GROUP.multiply(x, POINTS_B.opening_key)  # from public values; not the joint key
    r = scalar("r")
    crafted = EncryptedCode(GROUP.base_multiply(r), GROUP.add(CODE_A, GROUP.multiply(r, own_key)))

    t = GROUP.scalar_multiply(HUB.factor(*B[:2]), GROUP.scalar_invert(HUB.factor(*A[:2])))
    u = GROUP.scalar_multiply(t, HUB.opening_share(*B[:2]))
    bare = EncryptedCode(GROUP.multiply(u, crafted.c1), GROUP.multiply(t, crafted.c2))
    assert open_code(GROUP, x, bare) == CODE_B  # the requester now holds the provider's code

    answer = HUB.convert(context=CONTEXT, encrypted=crafted, from_=A, to=B, to_key=KEY_B)
    assert open_code(GROUP, x, answer) != CODE_B


def test_a_label_worked_into_the_key_binds_nothing_and_the_signature_does() -> None:
    first, second = GROUP.hash_to_scalar(b"label", b"permit 1"), GROUP.hash_to_scalar(b"label", b"permit 2")
    r = scalar("r")

    added = [GROUP.add(KEY_B, GROUP.base_multiply(label)) for label in (first, second)]
    bound = encrypt_code(GROUP, CODE_A, added[0], r)
    moved = GROUP.subtract(GROUP.add(bound.c2, GROUP.multiply(second, bound.c1)), GROUP.multiply(first, bound.c1))
    assert EncryptedCode(bound.c1, moved) == encrypt_code(GROUP, CODE_A, added[1], r)

    multiplied = [GROUP.multiply(label, KEY_B) for label in (first, second)]
    bound = encrypt_code(GROUP, CODE_A, multiplied[0], r)
    quotient = GROUP.scalar_multiply(first, GROUP.scalar_invert(second))
    retargeted = EncryptedCode(GROUP.multiply(quotient, bound.c1), bound.c2)
    both = GROUP.scalar_multiply(second, SECRET_B)
    assert open_code(GROUP, both, retargeted) == CODE_A  # accepted under the other permit, without knowing r

    ours = encrypt_code(GROUP, CODE_A, POINTS_B.joint_key, r)
    signer = SigningKey(b"a" * 32)
    signature = signer.sign(b"warifu-v1/exchange", b"permit 1", ours.c1, ours.c2)
    with pytest.raises(WarifuError) as caught:
        verify_signature(signer.verify_key, signature, b"warifu-v1/exchange", b"permit 2", ours.c1, ours.c2)
    assert caught.value.reason is Reason.SIGNATURE_INVALID


def test_a_stolen_table_matches_nothing_even_for_the_hub() -> None:
    stolen = {row_key(b"s" * 32, CODE_B)}
    computed_by_hub_and_a = code_at(B, GROUP.multiply(GROUP.scalar_invert(HUB.factor(*A[:2])), CODE_A))
    assert computed_by_hub_and_a == CODE_B
    assert row_key(b"guess" * 6, computed_by_hub_and_a) not in stolen
