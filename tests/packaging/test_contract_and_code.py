"""What the contract's comments state is what the code does: sizes and limits, what a signature covers, how calls end."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import Message

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry, DirectoryHeader, ProofPolicy
from warifu.api.type.v1 import inquiry_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange import directory_entry, directory_header, provision
from warifu.exchange.code_proof import CODE_PROOF_SIZE
from warifu.exchange.context import CONTEXT_SIZE, KEY_ID_SIZE, REQUEST_ID_SIZE
from warifu.exchange.conversion_proof import IN_A_BATCH, PROOF_SIZE
from warifu.exchange.gossip import GOSSIP_SIZE
from warifu.exchange.proof_policy import MOST_ONE_IN
from warifu.exchange.proofs import JOINT_KEY_PROOF_SIZE
from warifu.exchange.seal import BOX_OVERHEAD, LEAST_ANSWER, PADDING_STEP
from warifu.exchange.signature import SIGNATURE_SIZE, VERIFY_KEY_SIZE, SigningKey
from warifu.exchange.statements import (
    CITIZEN_TAG_SIZE,
    check_answer,
    check_inquiry,
    check_permit,
    inquiry_digest,
    sign_answer,
    sign_inquiry,
    sign_permit,
)
from warifu.rpc.address import check_address
from warifu.rpc.multiplex import MOST_CALLS
from warifu.rpc.status import WHERE_LIMIT
from warifu_hub.drawn_conversions import MOST_PERMITS, DrawnConversions
from warifu_hub.exchange_rules import LARGEST_SEALED_ANSWER, LARGEST_SEALED_QUERY, find_keys
from warifu_hub.issuing import MOST_CODES, CodeConverter
from warifu_hub.ledger import Ledger
from warifu_hub.proving import MOST_EXCHANGES
from warifu_kit.network.members_file import _LONGEST_NAME
from warifu_services.authority.issuing import LARGEST_BATCH
from warifu_services.authority.servicer import ACQUISITION_NUMBER_SIZE
from warifu_services.node import messages, servicer
from warifu_services.node.acquisition import Acquirer
from warifu_services.node.inquirer import LONGEST_WAIT_SECONDS, Inquirer
from warifu_services.node.provider import Provider
from warifu_services.node.registration import Registrar

ROOT = Path(__file__).resolve().parents[2]
_MESSAGES, _FIELDS, _SERVICES, _METHODS = 4, 2, 6, 2  # field numbers of descriptor.proto, as source paths use them


@pytest.fixture(scope="module")
def contract() -> list[FileDescriptorProto]:
    buf = Path(sys.executable).with_name("buf")
    built = subprocess.run(
        [buf, "build", "-o", "-#format=binpb", "--exclude-imports"], cwd=ROOT, check=True, capture_output=True
    )
    return list(FileDescriptorSet.FromString(built.stdout).file)


@pytest.fixture(scope="module")
def told(contract: list[FileDescriptorProto]) -> dict[str, str]:
    """The comment of every field, as ``Message.field``, and of every RPC, as ``Service.Method``."""
    comments = {}
    for file in contract:
        at = {tuple(place.path): " ".join(place.leading_comments.split()) for place in file.source_code_info.location}
        for number, message in enumerate(file.message_type):
            for place, field in enumerate(message.field):
                comments[f"{message.name}.{field.name}"] = at.get((_MESSAGES, number, _FIELDS, place), "")
        for number, service in enumerate(file.service):
            for place, method in enumerate(service.method):
                comments[f"{service.name}.{method.name}"] = at.get((_SERVICES, number, _METHODS, place), "")
    return comments


BOX, LEAST_ANSWER_BOX = BOX_OVERHEAD + PADDING_STEP, BOX_OVERHEAD + LEAST_ANSWER
SIZES: dict[str, list[str]] = {
    "SignedInquiry.context": [f"{CONTEXT_SIZE} bytes"],
    "ConversionReceipt.context": [f"{CONTEXT_SIZE} bytes"],
    "SignedInquiry.sealed_query": [f"{BOX} to {LARGEST_SEALED_QUERY:,} bytes in steps of {PADDING_STEP}"],
    "SignedAnswer.sealed_answer": [f"{LEAST_ANSWER_BOX} to {LARGEST_SEALED_ANSWER:,} bytes in steps of {PADDING_STEP}"],
    "SignedInquiry.inquirer_signature": [f"{SIGNATURE_SIZE} bytes alone, {SIGNATURE_SIZE + 1} + 32n (n from 1 to 8)"],
    "ProvisionPermit.hub_signature": [f"{SIGNATURE_SIZE} bytes alone, {SIGNATURE_SIZE + 1} + 32n (n from 1 to 8)"],
    "SignedAnswer.provider_signature": [f"{SIGNATURE_SIZE} bytes alone, {SIGNATURE_SIZE + 1} + 32n (n from 1 to 8)"],
    "ConversionReceipt.hub_signature": [f"{SIGNATURE_SIZE} bytes"],
    "DirectoryEntry.agency_signature": [f"{SIGNATURE_SIZE} bytes"],
    "DirectoryEntry.key_id": [f"First {KEY_ID_SIZE} bytes"],
    "DirectoryHeader.hub_signing_key": [f"{VERIFY_KEY_SIZE} bytes"],
    "ExchangeStreamRequest.calls": [f"at most {MOST_CALLS}"],
    "ProvideStreamRequest.calls": [f"at most {MOST_CALLS}"],
    "ConvertIssuedCodesRequest.encrypted_codes": [f"1 to {MOST_CODES:,}"],
    "AcquireCodesRequest.people": [f"1 to {servicer._MOST_AT_ONCE:,}"],
    "AcquireCodesRequest.acquisitions": [f"1 to {LARGEST_BATCH:,}"],
    "RegisterReplicasRequest.replicas": [f"1 to {servicer._MOST_AT_ONCE:,}"],
    "DesignateMyNumbersRequest.resident_record_codes": [f"1 to {LARGEST_BATCH:,}"],
    "Acquisition.acquisition_number": [f"{ACQUISITION_NUMBER_SIZE} bytes"],
    "Inquiry.request_id": [f"{REQUEST_ID_SIZE} random bytes"],
    "Inquiry.local_number": [f"1 to {messages._LONGEST_LOCAL_NUMBER} characters"],
    "FetchAnswerRequest.request_id": [f"{REQUEST_ID_SIZE} bytes"],
    "FetchAnswerRequest.wait_ms": [f"at most {int(LONGEST_WAIT_SECONDS * 1000):,}"],
    "AnnounceEndpointRequest.endpoint": ["at most 259 characters"],
    "CallFailure.where": [f"at most {WHERE_LIMIT} characters"],
    "ConversionReceipt.conversion_proofs": [f"one for each {IN_A_BATCH} in order", "96 bytes and 32 for each"],
    "ConvertIssuedCodesResponse.conversion_proofs": [f"one for each {IN_A_BATCH} codes in order"],
    "DirectoryEntry.institution_name": [f"at most {_LONGEST_NAME} characters"],
    "DirectoryEntry.joint_key_proof": [f"{JOINT_KEY_PROOF_SIZE} bytes"],
    "ProofPolicy.one_in": [f"2 to {MOST_ONE_IN:,}"],
    "ProvisionPermit.conversion_proof": [f"{PROOF_SIZE} bytes alone, {PROOF_SIZE + 1} + 32n (n from 1 to 8)"],
    "ProveConversionsRequest.permits": [f"1 to {MOST_PERMITS}"],
    "ProveExchangesRequest.exchanges": [f"1 to {MOST_EXCHANGES}"],
    "SignedAnswer.citizen_tag": [f"{CITIZEN_TAG_SIZE} bytes"],
    "SignedInquiry.citizen_tag": [f"{CITIZEN_TAG_SIZE} bytes"],
    "SignedInquiry.code_proof": [f"{CODE_PROOF_SIZE} bytes"],
}


@pytest.mark.parametrize("field", SIZES)
def test_a_stated_size_or_limit_is_the_one_that_holds(told: dict[str, str], field: str) -> None:
    assert [stated for stated in SIZES[field] if stated not in told[field]] == []


def test_gossip_is_as_long_as_its_message_says() -> None:
    proto = (ROOT / "protos" / "warifu" / "api" / "record" / "v1" / "sealed.proto").read_text("utf-8")
    assert f"All of {GOSSIP_SIZE} bytes, whatever it says" in proto


def test_the_longest_address_that_is_taken_is_as_long_as_the_contract_says() -> None:
    host = ".".join(["a" * 63] * 3 + ["a" * 61])
    check_address(f"{host}:65535", where="endpoint")
    assert len(f"{host}:65535") == 259
    with pytest.raises(WarifuError):
        check_address(f"{host}a:65535", where="endpoint")


# What a signature covers: what its comment names is what cannot be changed under it.

ASKED = bytes(range(32))
NUMBER = "20260601000000000001"
KEY = SigningKey(bytes(range(32)))
Check = Callable[[Any], None]


def an_inquiry() -> inquiry_pb2.SignedInquiry:
    inquiry = inquiry_pb2.SignedInquiry(context=b"c" * CONTEXT_SIZE, sealed_query=b"q" * BOX)
    inquiry.code_proof, inquiry.citizen_tag = b"o" * 64, b"t" * 16
    inquiry.encrypted_code.c1, inquiry.encrypted_code.c2 = b"1" * 32, b"2" * 32
    sign_inquiry(KEY, inquiry)
    return inquiry


def a_permit() -> inquiry_pb2.ProvisionPermit:
    permit = inquiry_pb2.ProvisionPermit(
        inquiry=an_inquiry(), processing_number=NUMBER, permission_row="R01", conversion_proof=b"p" * 128
    )
    permit.converted_code.c1, permit.converted_code.c2 = b"3" * 32, b"4" * 32
    permit.permit_time.seconds = 1
    sign_permit(KEY, permit, inquiry_digest(permit.inquiry))
    return permit


def an_answer() -> inquiry_pb2.SignedAnswer:
    answer = inquiry_pb2.SignedAnswer(
        outcome=inquiry_pb2.PROVISION_OUTCOME_ANSWERED, sealed_answer=b"a" * BOX, citizen_tag=b"t" * 16
    )
    answer.provision_time.seconds = 1
    sign_answer(KEY, answer, asked=ASKED, processing_number=NUMBER)
    return answer


SIGNED: dict[str, tuple[Callable[[], Message], Check]] = {
    "SignedInquiry.inquirer_signature": (an_inquiry, lambda inquiry: check_inquiry(KEY.verify_key, inquiry)),
    "ProvisionPermit.hub_signature": (
        a_permit,
        lambda permit: check_permit(KEY.verify_key, permit, inquiry_digest(permit.inquiry)),
    ),
    "SignedAnswer.provider_signature": (
        an_answer,
        lambda answer: check_answer(KEY.verify_key, answer, asked=ASKED, processing_number=NUMBER),
    ),
}


def changed(message: Message, field: str) -> Any:
    """A copy with another value in one field, its own first field where it is a message."""
    copy: Any = type(message)()
    copy.CopyFrom(message)
    value = getattr(copy, field)
    if isinstance(value, Message):
        inner = value.DESCRIPTOR.fields[0].name
        getattr(copy, field).CopyFrom(changed(value, inner))
    elif isinstance(value, bytes):
        setattr(copy, field, value[:-1] + bytes([value[-1] ^ 1]))
    else:
        setattr(copy, field, value + (type(value)(1) if isinstance(value, int) else "x"))
    return copy


def holds(check: Check, message: Message) -> bool:
    try:
        check(message)
    except WarifuError:
        return False
    return True


@pytest.mark.parametrize("signature", SIGNED)
def test_a_signature_covers_the_fields_that_its_comment_names_and_no_other(
    told: dict[str, str], signature: str
) -> None:
    make, check = SIGNED[signature]
    message, own = make(), signature.partition(".")[2]
    others = [field.name for field in message.DESCRIPTOR.fields if field.name != own]
    assert holds(check, message)
    covered = {field for field in others if not holds(check, changed(message, field))}
    over = told[signature].partition(" over ")[2].partition(":")[0]
    assert {field for field in others if re.search(rf"\b{field}\b", over)} == covered
    assert covered == set(others)


def test_the_digest_of_an_inquiry_covers_its_signature_as_the_comments_say(told: dict[str, str]) -> None:
    inquiry = an_inquiry()
    assert inquiry_digest(inquiry) != inquiry_digest(changed(inquiry, "inquirer_signature"))
    for signature in ("ProvisionPermit.hub_signature", "SignedAnswer.provider_signature"):
        assert "signature included" in told[signature]


STATED: dict[str, tuple[type[Message], Callable[[Any], tuple[bytes, ...]]]] = {
    "DirectoryEntry": (DirectoryEntry, directory_entry._stated),
    "DirectoryHeader": (DirectoryHeader, directory_header._stated),
}
"""What is signed of a message that states itself in full, with the numbers of its fields in the comments."""


@pytest.mark.parametrize("name", STATED)
def test_what_is_signed_of_the_directory_is_the_fields_whose_numbers_the_comments_give(
    told: dict[str, str], name: str
) -> None:
    kind, stated = STATED[name]
    message = kind()
    signed = {
        field.number for field in kind.DESCRIPTOR.fields if stated(_filled(message, field.name)) != stated(message)
    }
    spans = {
        field.name: re.search(r"fields 1 to (\d+)(?: and (\d+))?", told[f"{name}.{field.name}"])
        for field in kind.DESCRIPTOR.fields
        if field.name.endswith(("_signature", "key_id"))
    }
    assert spans
    for span in spans.values():
        assert span is not None
        assert {*range(1, int(span[1]) + 1), *(int(beside) for beside in span.groups()[1:] if beside)} == signed


def test_the_hubs_signature_over_an_entry_covers_the_agencys_too(told: dict[str, str]) -> None:
    entry = DirectoryEntry()
    directory_entry.sign_entry(KEY, entry)
    directory_entry.countersign_entry(KEY, entry)
    once = bytes(entry.hub_signature)
    entry.agency_signature = bytes(64)
    directory_entry.countersign_entry(KEY, entry)
    assert entry.hub_signature != once
    assert "and agency_signature" in told["DirectoryEntry.hub_signature"]


def _filled(message: Message, name: str) -> Any:
    """A copy with something in one field."""
    copy: Any = type(message)()
    copy.CopyFrom(message)
    value = getattr(copy, name)
    if isinstance(value, bytes | str | int):
        setattr(copy, name, {bytes: bytes(32), str: "x", int: 1}[type(value)])
    elif message.DESCRIPTOR.fields_by_name[name].message_type is None:
        value.append("x")
    elif isinstance(value, ProofPolicy):
        value.one_in = 1
    else:
        value.add(public_key=b"x")
    return copy


# How calls end: what the functions behind an RPC say they raise is in the list of the RPC.

ANYWHERE = {
    Reason.CALLER_NOT_IDENTIFIED,
    Reason.CALLER_REVOKED,
    Reason.CALLER_NOT_IN_DATE,
    Reason.CALLER_NOT_ALLOWED,
    Reason.REQUEST_TOO_LARGE,
    Reason.OVERLOADED,
    Reason.INTERNAL,
}
"""What any RPC may end with; the contract's page says so once."""

OF_SEVERAL_PROCESSES = {Reason.LOG_UNAVAILABLE}
"""What any RPC of a hub that is several processes may end with besides; the page says so beside it."""

BEHIND: dict[str, list[Callable[..., Any]]] = {
    "NodeService.AcquireCodes": [Acquirer.acquire, messages.check_local_number],
    "NodeService.RegisterReplicas": [Registrar.register, messages.check_local_number],
    "NodeService.SetFlags": [Registrar.set_flags, messages.check_local_number],
    "NodeService.Inquire": [Inquirer.inquire, Inquirer.submit, messages.read_inquiry],
    "NodeService.SubmitInquiry": [Inquirer.submit, messages.read_inquiry],
    "NodeService.FetchAnswer": [Inquirer.fetch, messages.read_request_id],
    "NodeService.DecideProvision": [Provider.decide, servicer.NodeServicer.DecideProvision],
    "AgencyService.Provide": [
        Provider.provide,
        provision.check_permit.paced,
        provision.open_query,
        provision.open_row_key,
        provision.open_row_key_unproven,
    ],
    "HubService.ConvertIssuedCodes": [
        CodeConverter._check_issue,
        CodeConverter._check_context,
        CodeConverter._codes,
    ],
    "HubService.RotateCodes": [CodeConverter._check_rotation, CodeConverter._check_context, CodeConverter._codes],
    "HubService.ProveConversions": [DrawnConversions.prove, DrawnConversions._checked, find_keys],
    "LogService.GetInclusionProof": [Ledger.inclusion_proof],
    "LogService.GetConsistencyProof": [Ledger.consistency_proof],
}


def reasons_in(text: str) -> set[Reason]:
    return {
        Reason[name]
        for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b|\bINTERNAL\b|\bOVERLOADED\b", text)
        if name in Reason.__members__
    }


def listed(told: dict[str, str], rpc: str) -> set[Reason]:
    """The reasons that an RPC's comment lists, with those of the RPCs that it says it ends as."""
    errors = told[rpc].partition("Errors:")[2]
    reasons = reasons_in(errors)
    for named in re.findall(r"\bas ((?:[A-Z]\w+\.)?[A-Z][a-z]\w+)", errors):
        reasons |= listed(told, named if "." in named else f"{rpc.partition('.')[0]}.{named}")
    return reasons


def raised(functions: Iterable[Callable[..., Any]]) -> set[Reason]:
    """What docstrings say is raised, and what is raised in so many words."""
    texts = [(inspect.getdoc(each) or "").partition("Raises:")[2] for each in functions]
    sources = [" ".join(re.findall(r"raise WarifuError\(Reason\.(\w+)", inspect.getsource(each))) for each in functions]
    return set().union(*(reasons_in(text) for text in (*texts, *sources)))


@pytest.mark.parametrize("rpc", BEHIND)
def test_an_rpc_lists_what_the_functions_behind_it_raise(told: dict[str, str], rpc: str) -> None:
    found = raised(BEHIND[rpc])
    assert found
    assert sorted(reason.name for reason in found - listed(told, rpc) - ANYWHERE) == []


def test_every_rpc_that_may_be_refused_says_how(told: dict[str, str]) -> None:
    rpcs = [name for name in told if re.fullmatch(r"\w+Service\.\w+", name)]
    assert len(rpcs) > 20
    named = {
        name for rpc in rpcs for name in re.findall(r"\b[A-Z]{3,}(?:_[A-Z]+)+\b", told[rpc].partition("Errors:")[2])
    }
    assert named - Reason.__members__.keys() == set()
    for rpc in rpcs:
        listed(told, rpc)  # whatever it refers to exists


def test_the_contracts_page_says_what_any_rpc_may_end_with() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    (sentence,) = re.findall(r"Any RPC may also end with ([^.]*)\.", page)
    assert {Reason[name] for name in re.findall(r"`([A-Z_]+)`", sentence)} == ANYWHERE | OF_SEVERAL_PROCESSES
