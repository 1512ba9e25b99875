"""The inquirer's side of an exchange, as pure functions: make a signed inquiry, open the answer to it.

Decides what goes into an inquiry and what must verify before an answer is believed. Randomness and time are arguments.
Stores nothing and sends nothing; it must never see a My Number, and what it makes shows the hub neither the person's
code nor the query. Both can be paced (``warifu.lockstep``).

The query is sealed with the context as HPKE ``info``; the answer is sealed to a key made for this inquiry, or for all that are
built in step with it, with the context under the label ``warifu-v1/answer``, so that neither box opens as the other
(:mod:`warifu.exchange.boxes_together`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from warifu.agency import Absence, Found, ProvidedRecord
from warifu.api.record.v1 import sealed_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer, SignedInquiry
from warifu.canonical import digest
from warifu.clock import whole_minute
from warifu.curve.group import RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.boxes_together import QueriesTogether, Query, answer_info, between_answers, seal_queries
from warifu.exchange.code_proof import prove_own
from warifu.exchange.codes import AgencyCode, encrypt_code, hedged_randomness
from warifu.exchange.context import LONGEST_VALIDITY, REQUEST_ID_SIZE, ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.seal import LEAST_ANSWER, SealingKey, open_sealed
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import CITIZEN_TAG_SIZE, answer_digest, check_answer, sign_inquiry
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.lockstep import Lockstep, Paced

__all__ = [
    "REQUEST_ID_SIZE",
    "InquirerKeys",
    "OpenedAnswer",
    "Question",
    "answer_info",
    "build_inquiry",
    "hedge_key_from",
    "open_answer",
]

_VALIDITY_MS = int(LONGEST_VALIDITY.total_seconds() * 1000)
_HEDGE_KEY_LABEL = b"warifu-v1/hedge-key"
_WITHOUT_BODY = frozenset({inquiry_pb2.PROVISION_OUTCOME_PENDING, inquiry_pb2.PROVISION_OUTCOME_REFUSED})


def hedge_key_from(storage_key: bytes) -> bytes:
    """The key that hedges an agency's randomness, 32 bytes, from its storage key."""
    return digest(_HEDGE_KEY_LABEL, storage_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class InquirerKeys:
    """What an agency signs inquiries with. ``own`` is its own directory entry, ``hedge_key`` is 32 bytes.

    ``others`` are its keys for codes of other code epochs, while those may still be used.
    """

    own: DirectoryEntry
    signing_key: SigningKey
    hedge_key: bytes = field(repr=False)
    others: Mapping[int, InquirerKeys] = field(default_factory=dict, repr=False)

    def of_code_epoch(self, code_epoch: int) -> InquirerKeys | None:
        """The keys under which codes of a code epoch are used; None when they no longer are, or not yet."""
        return self if code_epoch == self.own.code_epoch else self.others.get(code_epoch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of whom. ``request_id`` is 16 bytes; ``fiscal_year`` 0 asks for the newest record."""

    request_id: bytes
    provider: InstitutionCode
    procedure_code: ProcedureCode
    item_code: ItemCode
    fiscal_year: int = 0
    flags: ExchangeFlags = ExchangeFlags.NONE


@Lockstep
def build_inquiry(
    question: Question,
    code: AgencyCode,
    *,
    keys: InquirerKeys,
    directory: Directory,
    now_ms: int,
    gossip: sealed_pb2.Gossip | None = None,
    alone: bool = False,
    queries: QueriesTogether | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Paced[tuple[SignedInquiry, SealingKey]]:
    """A signed inquiry about the person with ``code``, and the key that will open its answer; about 0.5 ms.

    It is dated to the minute of ``now_ms`` (Unix milliseconds), and good for ten minutes from its beginning. Two calls give unlinkable inquiries: randomness and
    answer key are fresh, so what was built is kept and sent again, never built again, when a request is retried.
    ``gossip`` is what the provider is told of the hub; with it and without, the inquiry has the same size. One that is to be
    sent at another moment than it is built is signed and sealed ``alone``: what is shared says what was built together. Others share the set-up of
    their sealing where ``queries`` gathers it.

    Raises:
        WarifuError: INSTITUTION_UNKNOWN when the directory has no such provider; CODE_NOT_ACQUIRED when the code is of
            another epoch than the agency's keys.
    """
    provider = directory.entry(question.provider, where="inquiry.provider")
    own_keys = keys.of_code_epoch(code.epoch)
    if own_keys is None:
        raise WarifuError(Reason.CODE_NOT_ACQUIRED, where="inquiry.local_number", debug="code of another epoch")
    group = directory.group
    context = _context(question, own_keys.own, provider, directory.suite, whole_minute(now_ms)).encode()
    r = hedged_randomness(group, keys.hedge_key, code.point, question.request_id, random_bytes)
    yield
    encrypted = encrypt_code(group, code.point, provider.joint_key, r)
    yield
    query = Query(context, sealed_pb2.SealedQuery(fiscal_year=question.fiscal_year, gossip=gossip))
    if alone or queries is None:
        ((sealed_query, answer_key),) = seal_queries(provider.sealing_key, [query], random_bytes)
    else:
        sealed_query, answer_key = yield from queries.sealing(provider.sealing_key, query, random_bytes)
    inquiry = SignedInquiry(
        context=context,
        encrypted_code=inquiry_pb2.EncryptedCode(c1=encrypted.c1, c2=encrypted.c2),
        sealed_query=sealed_query,
        code_proof=prove_own(group, r, encrypted, context, random_bytes),
        citizen_tag=random_bytes(CITIZEN_TAG_SIZE),
    )
    yield
    yield from sign_inquiry.paced(own_keys.signing_key, inquiry, to=None if alone else provider.institution)
    return inquiry, answer_key


def _context(
    question: Question, own: DirectoryEntry, provider: DirectoryEntry, suite: int, dated_ms: int
) -> ExchangeContext:
    return ExchangeContext(
        suite=suite,
        kind=ContextKind.EXCHANGE,
        request_id=question.request_id,
        inquirer=own.institution,
        provider=provider.institution,
        item_code=question.item_code,
        procedure_code=question.procedure_code,
        flags=question.flags,
        issued_ms=dated_ms,
        expires_ms=dated_ms + _VALIDITY_MS,
        epoch_from=own.epoch,
        epoch_to=provider.epoch,
        key_id_to=provider.key_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAnswer:
    """A provider's answer that verified. ``found`` is None unless ``outcome`` is ANSWERED.

    ``gossip`` is what the provider tells of the hub, as it came; None where it tells nothing. ``outcome`` is a value of ``warifu.api.type.v1.ProvisionOutcome``; ``provided_ms`` is the provider's time.
    """

    outcome: int
    found: Found | None
    provided_ms: int
    digest: bytes
    gossip: sealed_pb2.Gossip | None = None


@Lockstep
def open_answer(
    answer: SignedAnswer,
    *,
    context: bytes,
    asked: bytes,
    processing_number: str,
    provider: DirectoryEntry,
    answer_key: SealingKey,
) -> Paced[OpenedAnswer]:
    """Verify and open what came back through the hub for the inquiry with this context and digest (``asked``).

    Raises:
        WarifuError: HUB_ANSWER_INVALID when the provider did not sign it for this exchange, it does not open, or what
            is inside has no sense.
    """
    try:
        provided_ms = _check_shape(answer)
        yield
        check_answer(provider.signing_key, answer, asked=asked, processing_number=processing_number)
        yield
        opened = _open_sealed_answer(answer, context, answer_key)
        found = _read_found(opened) if opened is not None else None
    except WarifuError as error:
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where, debug=error.reason.value) from error
    return OpenedAnswer(
        outcome=answer.outcome,
        found=found,
        provided_ms=provided_ms,
        digest=answer_digest(answer, asked=asked, processing_number=processing_number),
        gossip=opened.gossip if opened is not None and opened.HasField("gossip") else None,
    )


def _check_shape(answer: SignedAnswer) -> int:
    """Refuse an outcome or a time that is none; the time in Unix milliseconds."""
    answered = answer.outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED
    if not answered and (answer.outcome not in _WITHOUT_BODY or answer.sealed_answer):
        raise WarifuError(Reason.REQUEST_MALFORMED, where="answer.outcome")
    if len(answer.citizen_tag) != CITIZEN_TAG_SIZE:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="answer.citizen_tag")
    try:
        return answer.provision_time.ToMilliseconds()
    except ValueError:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="answer.provision_time") from None


def _open_sealed_answer(answer: SignedAnswer, context: bytes, answer_key: SealingKey) -> sealed_pb2.SealedAnswer | None:
    if answer.outcome != inquiry_pb2.PROVISION_OUTCOME_ANSWERED:
        return None
    where = "answer.sealed_answer"
    opened = open_sealed(
        answer_key,
        answer_info(context),
        answer.sealed_answer,
        where=where,
        least=LEAST_ANSWER,
        between=between_answers(context),
    )
    try:
        return sealed_pb2.SealedAnswer.FromString(opened)
    except DecodeError:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where) from None


def _read_found(message: sealed_pb2.SealedAnswer) -> Found:
    result = message.WhichOneof("result")
    if result == "record" and message.record.record_type:
        return ProvidedRecord(message.record.record_type, message.record.record)
    if result == "absence" and message.absence == sealed_pb2.ABSENCE_NOT_HELD:
        return Absence.NOT_HELD
    if result == "absence" and message.absence == sealed_pb2.ABSENCE_NOT_PUBLISHED:
        return Absence.NOT_PUBLISHED
    raise WarifuError(Reason.REQUEST_MALFORMED, where="answer.sealed_answer.result")
