"""What authority and hub did not sign, or the hub did not prove, is not believed, and nobody is filed by it."""

from __future__ import annotations

from typing import Any

import pytest

from warifu.api.authority.v1.authority_service_pb2 import (
    AcquireCodesResponse,
)
from warifu.api.type.v1.inquiry_pb2 import CallFailure, EncryptedCode
from warifu.errors import Reason, WarifuError
from warifu.exchange.statements import sign_conversion
from warifu_services.node.acquisition import Acquirer
from warifu_services.node.store_memory import MemoryNodeStore


def _swap(response: AcquireCodesResponse) -> None:
    first, second = response.issued_codes[0].converted_code, response.issued_codes[1].converted_code
    held = EncryptedCode(c1=first.c1, c2=first.c2)
    first.CopyFrom(second)
    second.CopyFrom(held)


def _flip_signature(response: AcquireCodesResponse) -> None:
    signature = response.receipt.hub_signature
    response.receipt.hub_signature = bytes([signature[0] ^ 1]) + signature[1:]


def _flip_code(response: AcquireCodesResponse) -> None:
    code = response.issued_codes[1].converted_code
    code.c2 = bytes([code.c2[0] ^ 1]) + code.c2[1:]


def _renumber(response: AcquireCodesResponse) -> None:
    response.issued_codes[0].acquisition_number = bytes(16)


def _drop(response: AcquireCodesResponse) -> None:
    del response.issued_codes[0]


def _no_receipt(response: AcquireCodesResponse) -> None:
    response.ClearField("receipt")


def _empty(response: AcquireCodesResponse) -> None:
    response.issued_codes[0].ClearField("converted_code")


def _odd_reason(response: AcquireCodesResponse) -> None:
    response.issued_codes[0].failure.CopyFrom(CallFailure(reason="INTERNAL"))


@pytest.mark.parametrize(
    "spoil", [_swap, _flip_signature, _flip_code, _renumber, _drop, _no_receipt, _empty, _odd_reason]
)
async def test_what_the_hub_did_not_sign_for_these_people_is_not_believed(
    people: Any, acquired: Any, acquirer: Acquirer, authority: Any, store: MemoryNodeStore, spoil: Any
) -> None:
    authority.spoil = spoil
    with pytest.raises(WarifuError) as refused:
        await acquired(acquirer, people(3))
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert store.unknown_people(["T-0", "T-1", "T-2"]) == {"T-0", "T-1", "T-2"}
    assert authority.open_sessions == 0


def _resigned(spoil: Any) -> Any:
    """What a hub itself would send: its signature fits."""

    def resign(response: AcquireCodesResponse, pair: Any) -> None:
        spoil(response)
        receipt, codes = response.receipt, [code.converted_code for code in response.issued_codes]
        receipt.hub_signature = sign_conversion(pair.hub_key, receipt.context, codes, receipt.conversion_proofs)

    return resign


def _no_proofs(response: AcquireCodesResponse) -> None:
    response.receipt.ClearField("conversion_proofs")


def _flip_proof(response: AcquireCodesResponse) -> None:
    proof = response.receipt.conversion_proofs[0]
    response.receipt.conversion_proofs[0] = proof[:40] + bytes([proof[40] ^ 1]) + proof[41:]


@pytest.mark.parametrize("spoil", [_swap, _flip_code, _no_proofs, _flip_proof])
async def test_what_the_hub_signed_and_did_not_prove_is_not_believed(
    people: Any, acquired: Any, pair: Any, acquirer: Acquirer, authority: Any, store: MemoryNodeStore, spoil: Any
) -> None:
    authority.spoil = lambda response: _resigned(spoil)(response, pair)
    with pytest.raises(WarifuError) as refused:
        await acquired(acquirer, people(3))
    assert refused.value.reason is Reason.CONVERSION_NOT_PROVEN
    assert store.unknown_people(["T-0", "T-1", "T-2"]) == {"T-0", "T-1", "T-2"}


async def test_codes_that_the_hub_swaps_before_it_converts_and_proves_them_are_not_believed(
    people: Any, acquired: Any, acquirer: Acquirer, authority: Any, store: MemoryNodeStore
) -> None:
    authority.given_to_the_hub = lambda codes: codes[::-1]
    with pytest.raises(WarifuError) as refused:
        await acquired(acquirer, people(3))
    assert refused.value.reason is Reason.CONVERSION_NOT_PROVEN
    assert store.unknown_people(["T-0", "T-1", "T-2"]) == {"T-0", "T-1", "T-2"}


def _other_codes_given(response: AcquireCodesResponse) -> None:
    given = response.receipt.encrypted_codes
    given[0].CopyFrom(given[1])


def _one_given_fewer(response: AcquireCodesResponse) -> None:
    del response.receipt.encrypted_codes[-1]


def _flip_authoritys_signature(response: AcquireCodesResponse) -> None:
    signature = response.receipt.authority_signature
    response.receipt.authority_signature = bytes([signature[0] ^ 1]) + signature[1:]


@pytest.mark.parametrize("spoil", [_other_codes_given, _one_given_fewer, _flip_authoritys_signature])
async def test_what_the_authority_did_not_sign_is_not_believed(
    people: Any, acquired: Any, acquirer: Acquirer, authority: Any, store: MemoryNodeStore, spoil: Any
) -> None:
    authority.spoil = spoil
    with pytest.raises(WarifuError) as refused:
        await acquired(acquirer, people(3))
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert store.unknown_people(["T-0", "T-1", "T-2"]) == {"T-0", "T-1", "T-2"}
