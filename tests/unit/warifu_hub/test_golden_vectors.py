"""The frozen files of this protocol's own values: two versions that disagree on one byte cannot talk to each other.

``tests/vectors/warifu-v1-suite1.json`` and ``-suite2.json`` never change by accident. To change them on purpose (and with
them the protocol's version), run this file: ``PYTHONPATH=src:hub python tests/unit/warifu_hub/test_golden_vectors.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from warifu.canonical import digest
from warifu.curve.group import Group, Point, Scalar
from warifu.curve.suites import group_of
from warifu.exchange.code_proof import check_own, prove_own
from warifu.exchange.codes import EncryptedCode, encrypt_code, hedged_randomness, open_code, person_point, row_key
from warifu.exchange.context import CONTEXT_SIZE
from warifu.exchange.conversion_proof import Conversion, open_batch, open_proven
from warifu.exchange.proofs import joint_key_context, verify_joint_key
from warifu.exchange.signature import SigningKey, verify_signature
from warifu.identifiers import InstitutionCode
from warifu.lockstep import at_once
from warifu_hub.translate import HubKeys, Party, Translator

VECTORS = Path(__file__).parents[2] / "vectors"

KEYS = HubKeys(
    factor_key=bytes([1] * 32),
    opening_key=bytes([2] * 32),
    rerandomise_key=bytes([3] * 32),
    later_opening_keys={2: bytes([10] * 32)},
)
AUTHORITY_KEY = bytes([4] * 64)
PERSON_ID = bytes(range(16))
SECRETS = {"a": Scalar((5).to_bytes(32, "little")), "b": Scalar((6).to_bytes(32, "little"))}
R_ISSUE, R_ASK = Scalar((7).to_bytes(32, "little")), Scalar((8).to_bytes(32, "little"))
PARTIES: dict[str, Party] = {
    "a": Party(InstitutionCode("9011310008000001")),
    "b": Party(InstitutionCode("9021310008000002"), code_epoch=3, opening_epoch=2),
}
CONTEXT = bytes(range(CONTEXT_SIZE))
ROW_SECRET = bytes([9] * 32)


def golden_path(group: Group) -> Path:
    return VECTORS / f"warifu-v1-suite{group.suite}.json"


@pytest.fixture
def golden(group: Group) -> dict[str, Any]:
    frozen: dict[str, Any] = json.loads(golden_path(group).read_text())
    return frozen


def built(group: Group) -> dict[str, Any]:
    """Every value of one issuance and one exchange, from the fixed inputs above."""
    hub = Translator(group, KEYS, random_bytes=bytes)
    point = person_point(group, AUTHORITY_KEY, PERSON_ID)
    agencies = {name: _agency(group, hub, name) for name in PARTIES}
    issuance, code = _issuance(group, hub, point)
    exchange = _exchange(group, hub, code)
    return {
        "suite": group.suite,
        "inputs": {
            "factor_key": KEYS.factor_key.hex(),
            "opening_key": KEYS.opening_key.hex(),
            "rerandomise_key": KEYS.rerandomise_key.hex(),
            "authority_key": AUTHORITY_KEY.hex(),
            "person_id": PERSON_ID.hex(),
            "r_issue": R_ISSUE.value.hex(),
            "r_ask": R_ASK.value.hex(),
            "context": CONTEXT.hex(),
            "row_secret": ROW_SECRET.hex(),
        },
        "person_point": point.hex(),
        "agencies": agencies,
        "issuance": issuance,
        "exchange": exchange,
        "other": _other(group, code),
    }


def _key(group: Group, name: str) -> Point:
    return group.base_multiply(SECRETS[name])


def _agency(group: Group, hub: Translator, name: str) -> dict[str, Any]:
    party = PARTIES[name]
    institution, code_epoch, opening_epoch = party
    points = hub.directory_points(party, code_epoch, _key(group, name), bytes)
    return {
        "institution": str(institution),
        "epoch": code_epoch,
        "code_epoch": code_epoch,
        "opening_epoch": opening_epoch,
        "secret": SECRETS[name].value.hex(),
        "key": _key(group, name).hex(),
        "factor": hub.factor(institution, code_epoch).value.hex(),
        "opening": hub.opening_share(institution, opening_epoch).value.hex(),
        "commitment": points.commitment.hex(),
        "opening_key": points.opening_key.hex(),
        "joint_key": points.joint_key.hex(),
        "proof": points.proof.hex(),
    }


def _pair(encrypted: EncryptedCode) -> list[str]:
    return [encrypted.c1.hex(), encrypted.c2.hex()]


def _issuance(group: Group, hub: Translator, point: Point) -> tuple[dict[str, Any], Point]:
    party, key = PARTIES["a"], _key(group, "a")
    encrypted = encrypt_code(group, point, hub.directory_points(party, party.code_epoch, key).joint_key, R_ISSUE)
    converted = hub.convert(from_=None, context=CONTEXT, encrypted=encrypted, to=party, to_key=key)
    code = open_code(group, SECRETS["a"], converted)
    _, proof = hub.convert_batch(context=CONTEXT, encrypted=[encrypted], from_=None, to=party, to_key=key)
    values = {"c": _pair(encrypted), "d": _pair(converted), "code": code.hex(), "proof": proof.hex()}
    return values, code


def _exchange(group: Group, hub: Translator, code: Point) -> dict[str, Any]:
    from_, to, key = PARTIES["a"], PARTIES["b"], _key(group, "b")
    encrypted = encrypt_code(group, code, hub.directory_points(to, to.code_epoch, key).joint_key, R_ASK)
    conversion = hub.conversion(context=CONTEXT, encrypted=encrypted, from_=from_, to=to, to_key=key)
    converted, proof = at_once(conversion)
    opened = open_code(group, SECRETS["b"], converted)
    return {
        "c": _pair(encrypted),
        "d": _pair(converted),
        "code": opened.hex(),
        "row_key": row_key(ROW_SECRET, opened).hex(),
        "code_proof": prove_own(group, R_ASK, encrypted, CONTEXT, bytes).hex(),
        "proof": proof.hex(),
    }


def _other(group: Group, code: Point) -> dict[str, str]:
    signer = SigningKey(bytes([10] * 32))
    return {
        "hedged_randomness": hedged_randomness(group, bytes([11] * 32), code, bytes(16), bytes).value.hex(),
        "digest": digest(b"warifu-v1/exchange", CONTEXT, b"box").hex(),
        "verify_key": signer.verify_key.hex(),
        "signature": signer.sign(b"warifu-v1/exchange", CONTEXT, b"box").hex(),
    }


def test_every_value_is_the_frozen_one(group: Group, golden: dict[str, Any]) -> None:
    assert built(group) == golden


def test_the_frozen_file_is_consistent_by_what_anyone_can_check(group: Group, golden: dict[str, Any]) -> None:
    assert golden["suite"] == group.suite
    for name, entry in golden["agencies"].items():
        assert group.base_multiply(group.decode_scalar(bytes.fromhex(entry["factor"]))).hex() == entry["commitment"]
        verify_joint_key(
            group,
            agency_key=Point(bytes.fromhex(entry["key"])),
            opening_key=Point(bytes.fromhex(entry["opening_key"])),
            joint_key=Point(bytes.fromhex(entry["joint_key"])),
            context=joint_key_context(*PARTIES[name][:2]),
            proof=bytes.fromhex(entry["proof"]),
        )
    other = golden["other"]
    signature, verify_key = bytes.fromhex(other["signature"]), bytes.fromhex(other["verify_key"])
    verify_signature(verify_key, signature, b"warifu-v1/exchange", CONTEXT, b"box")


def test_the_frozen_codes_are_the_person_point_times_the_factors(group: Group, golden: dict[str, Any]) -> None:
    point = Point(bytes.fromhex(golden["person_point"]))
    for name, step in (("a", "issuance"), ("b", "exchange")):
        factor = group.decode_scalar(bytes.fromhex(golden["agencies"][name]["factor"]))
        assert group.multiply(factor, point).hex() == golden[step]["code"]


def test_the_frozen_conversion_proofs_verify(group: Group, golden: dict[str, Any]) -> None:
    hub = Translator(group, KEYS)
    for name, from_ in (("issuance", None), ("exchange", PARTIES["a"])):
        step, to = golden[name], "b" if from_ else "a"
        terms = hub.terms(from_, PARTIES[to], _key(group, to))
        given, made = (EncryptedCode(*(Point(bytes.fromhex(half)) for half in step[each])) for each in "cd")
        conversion, proof = Conversion(context=CONTEXT, encrypted=given, converted=made), bytes.fromhex(step["proof"])
        if from_:
            check_own(group, given, CONTEXT, bytes.fromhex(step["code_proof"]))
            code = open_proven(group, SECRETS[to], terms, conversion, proof)
        else:
            (code,) = open_batch(group, SECRETS[to], terms, [conversion], proof)
        assert code is not None
        assert code.hex() == step["code"]


if __name__ == "__main__":
    for each in (group_of(1), group_of(2)):
        golden_path(each).write_text(json.dumps(built(each), indent=2) + "\n")
