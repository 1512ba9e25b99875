"""What convicts the hub, and what does not: only its own signature under a proof that does not hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.evidence import Evidence, convicts
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import inquiry_digest, sign_inquiry, sign_permit
from warifu.party.directory_file import read_directory_file

PERSON = b"somebody"


@pytest.fixture
def evidence(pair: Any) -> Evidence:
    """A permit as it should be."""
    inquiry, _ = pair.inquiry(PERSON)
    directory = read_directory_file(pair.path / "hub" / "directory.json")
    return Evidence(permit=pair.permit(inquiry), directory=directory)


def _judged(pair: Any, evidence: Evidence) -> bool:
    return convicts(Evidence.from_json(evidence.to_json()), pair.hub_folder.root_pem())


def test_a_permit_with_its_proof_shows_nothing(pair: Any, evidence: Evidence) -> None:
    assert not _judged(pair, evidence)


def _without_proof(permit: ProvisionPermit, other: ProvisionPermit) -> None:
    permit.conversion_proof = b""


def _with_the_proof_of_another(permit: ProvisionPermit, other: ProvisionPermit) -> None:
    permit.conversion_proof = other.conversion_proof


def _with_the_code_of_another(permit: ProvisionPermit, other: ProvisionPermit) -> None:
    permit.converted_code.CopyFrom(other.converted_code)


def _with_no_point(permit: ProvisionPermit, other: ProvisionPermit) -> None:
    permit.converted_code.c1 = bytes(31)


FORGED = [_without_proof, _with_the_proof_of_another, _with_the_code_of_another, _with_no_point]


@pytest.mark.parametrize("forge", FORGED)
def test_a_permit_that_the_hub_signed_without_a_proof_that_holds_convicts_it(
    pair: Any, evidence: Evidence, forge: Callable[[ProvisionPermit, ProvisionPermit], None]
) -> None:
    other, _ = pair.inquiry(PERSON)
    forge(evidence.permit, pair.permit(other))
    pair.sign(evidence.permit)
    assert _judged(pair, evidence)


@pytest.mark.parametrize("forge", FORGED)
def test_nobody_else_can_make_evidence_against_the_hub(
    pair: Any, evidence: Evidence, forge: Callable[[ProvisionPermit, ProvisionPermit], None]
) -> None:
    other, _ = pair.inquiry(PERSON)
    forge(evidence.permit, pair.permit(other))
    for sign in (None, SigningKey.generate(), pair.keys["tax"].inquirer.signing_key):
        if sign is not None:
            sign_permit(sign, evidence.permit, inquiry_digest(evidence.permit.inquiry))
        with pytest.raises(WarifuError) as refused:
            _judged(pair, evidence)
        assert refused.value.reason is Reason.SIGNATURE_INVALID


def test_an_inquiry_that_its_inquirer_did_not_sign_shows_nothing_of_the_hub(pair: Any, evidence: Evidence) -> None:
    sign_inquiry(SigningKey.generate(), evidence.permit.inquiry)
    pair.sign(evidence.permit)
    with pytest.raises(WarifuError) as refused:
        _judged(pair, evidence)
    assert refused.value.reason is Reason.SIGNATURE_INVALID


def test_a_directory_that_the_root_did_not_sign_shows_nothing(pair: Any, evidence: Evidence) -> None:
    evidence.directory.header.version += 1
    with pytest.raises(WarifuError) as refused:
        _judged(pair, evidence)
    assert refused.value.reason is Reason.DIRECTORY_INVALID


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"kind": "another"}',
        json.dumps({"kind": "conversion not proven", "permit": "%", "directory": ""}).encode(),
        json.dumps({"kind": "conversion not proven", "permit": 7, "directory": ""}).encode(),
        json.dumps({"kind": "conversion not proven", "permit": "//8=", "directory": ""}).encode(),
        b"[" * 100_000,
    ],
)
def test_a_file_that_is_no_evidence_is_refused_at_the_field(content: bytes) -> None:
    with pytest.raises(WarifuError) as refused:
        Evidence.from_json(content, where="file")
    assert refused.value.reason is Reason.FILE_INVALID
    assert refused.value.where.startswith("file")
