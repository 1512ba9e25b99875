"""The pure decisions of an exchange, at their edges: what is just right, and what is one off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode, SignedAnswer, SignedInquiry
from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.pki import Identity, Role
from warifu_hub.exchange_rules import (
    LARGEST_SEALED_ANSWER,
    LARGEST_SEALED_QUERY,
    answered_state,
    check_identity,
    check_shape,
    find_keys,
)
from warifu_hub.store import ExchangeState

TAX, CHILDCARE = InstitutionCode("9020110020000001"), InstitutionCode("9030110020000001")
LOCAL_TAX = ItemCode("TM00000000000002")
POINTS = [SUITE_2.base_multiply(SUITE_2.random_scalar()) for _ in range(2)]


def entry(institution: InstitutionCode, kind: str, **changes: Any) -> DirectoryEntry:
    point = Point(POINTS[0])
    made = DirectoryEntry(
        institution=institution,
        kind=kind,
        name=kind,
        epoch=3,
        agency_key=point,
        opening_key=point,
        joint_key=point,
        factor_commitment=point,
        sealing_key=bytes(32),
        signing_key=bytes(32),
        key_id=b"k" * 8,
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def context() -> ExchangeContext:
    return ExchangeContext(
        suite=2,
        kind=ContextKind.EXCHANGE,
        request_id=bytes(16),
        inquirer=CHILDCARE,
        provider=TAX,
        item_code=LOCAL_TAX,
        procedure_code=ProcedureCode("JT99000000000001"),
        flags=ExchangeFlags.NONE,
        issued_ms=1,
        expires_ms=2,
        epoch_from=3,
        epoch_to=3,
        key_id_to=b"k" * 8,
    )


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory(
        network="sim-test",
        suite=2,
        hub=InstitutionCode("9900000000000001"),
        hub_signing_key=bytes(32),
        authority=InstitutionCode("9910000000000001"),
        authority_signing_key=bytes(32),
        log_verifier_key="",
        entries={TAX: entry(TAX, "tax"), CHILDCARE: entry(CHILDCARE, "childcare")},
    )


def inquiry(size: int = 304) -> SignedInquiry:
    code = EncryptedCode(c1=POINTS[0], c2=POINTS[1])
    return SignedInquiry(encrypted_code=code, sealed_query=bytes(size), citizen_tag=bytes(16))


def refusal(act: Any, *arguments: Any) -> WarifuError:
    with pytest.raises(WarifuError) as refused:
        act(*arguments)
    return refused.value


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("institution", [CHILDCARE, TAX])
def test_only_the_agency_itself_asks_in_its_name(
    context: ExchangeContext, role: Role, institution: InstitutionCode
) -> None:
    caller = Identity(network="sim-test", role=role, institution=institution)
    if role is Role.AGENCY and institution == CHILDCARE:
        check_identity(caller, context)
    else:
        assert refusal(check_identity, caller, context).reason is Reason.CALLER_NOT_IDENTIFIED


@pytest.mark.parametrize("size", [304, 306, 560, 562, LARGEST_SEALED_QUERY, LARGEST_SEALED_QUERY + 2])
def test_sealed_bodies_of_every_size_class_pass(context: ExchangeContext, directory: Directory, size: int) -> None:
    encrypted = check_shape(inquiry(size), context, directory)
    assert (encrypted.c1, encrypted.c2) == tuple(POINTS)


@pytest.mark.parametrize(
    "size", [0, 1, 47, 48, 50, 303, 305, 307, 559, LARGEST_SEALED_QUERY + 256, LARGEST_SEALED_ANSWER]
)
def test_sealed_bodies_of_no_size_class_are_refused(context: ExchangeContext, directory: Directory, size: int) -> None:
    error = refusal(check_shape, inquiry(size), context, directory)
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "inquiry.sealed_query")


@pytest.mark.parametrize(
    ("changes", "reason", "where"),
    [
        ({"kind": ContextKind.ISSUE}, Reason.REQUEST_MALFORMED, "inquiry.context.kind"),
        ({"suite": 1}, Reason.SUITE_UNKNOWN, "inquiry.context.suite"),
        ({"provider": CHILDCARE}, Reason.REQUEST_MALFORMED, "inquiry.context.provider"),
    ],
)
def test_a_context_of_another_shape_is_refused_by_field(
    context: ExchangeContext, directory: Directory, changes: dict[str, Any], reason: Reason, where: str
) -> None:
    error = refusal(check_shape, inquiry(), replace(context, **changes), directory)
    assert (error.reason, error.where) == (reason, where)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"epoch_from": 2}, "inquiry.context.epoch_from"),
        ({"epoch_from": 4}, "inquiry.context.epoch_from"),
        ({"epoch_to": 2}, "inquiry.context.epoch_to"),
        ({"epoch_to": 4}, "inquiry.context.epoch_to"),
        ({"key_id_to": b"K" * 8}, "inquiry.context.epoch_to"),
    ],
)
def test_keys_of_another_epoch_are_refused_by_field(
    context: ExchangeContext, directory: Directory, changes: dict[str, Any], where: str
) -> None:
    assert find_keys(context, directory) == (directory.entry(CHILDCARE), directory.entry(TAX))
    error = refusal(find_keys, replace(context, **changes), directory)
    assert (error.reason, error.where) == (Reason.EPOCH_STALE, where)


ANSWERED, PENDING, REFUSED = (
    inquiry_pb2.PROVISION_OUTCOME_ANSWERED,
    inquiry_pb2.PROVISION_OUTCOME_PENDING,
    inquiry_pb2.PROVISION_OUTCOME_REFUSED,
)


@pytest.mark.parametrize(
    ("outcome", "size", "state"),
    [
        (ANSWERED, 304, ExchangeState.ANSWERED),
        (ANSWERED, LARGEST_SEALED_ANSWER, ExchangeState.ANSWERED),
        (PENDING, 0, ExchangeState.PENDING),
        (REFUSED, 0, ExchangeState.REFUSED),
    ],
)
def test_an_answers_outcome_is_the_exchanges_state(outcome: Any, size: int, state: ExchangeState) -> None:
    answer = SignedAnswer(outcome=outcome, sealed_answer=bytes(size), citizen_tag=bytes(16))
    assert answered_state(answer) is state
    for other in (0, 15, 17, 32):
        answer.citizen_tag = bytes(other)
        error = refusal(answered_state, answer)
        assert (error.reason, error.where) == (Reason.PROVIDER_ANSWER_INVALID, "answer.citizen_tag")


@pytest.mark.parametrize(
    ("outcome", "size"), [(ANSWERED, 0), (ANSWERED, 305), (PENDING, 304), (REFUSED, 304), (0, 0), (0, 304), (9, 304)]
)
def test_an_answer_that_contradicts_itself_is_the_providers_fault(outcome: Any, size: int) -> None:
    answer = SignedAnswer(outcome=outcome, sealed_answer=bytes(size), citizen_tag=bytes(16))
    error = refusal(answered_state, answer)
    assert error.reason is Reason.PROVIDER_ANSWER_INVALID
