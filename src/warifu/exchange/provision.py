"""The provider's side of an exchange, as pure functions: check a permit, open what it carries, seal the answer.

Decides whether a permit is the hub's and the inquirer's word, addressed to this agency and in force; who is meant, as
this agency's own row key; and what an answer looks like to the hub, which is the same whether there was a record or
not. Stores nothing and sends nothing; it must never see a My Number or the inquirer's code.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from google.protobuf.message import DecodeError

from warifu.agency import Absence, Found, ProvidedRecord
from warifu.api.record.v1 import sealed_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.clock import whole_minute
from warifu.curve.group import Point, RandomBytes, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.boxes_together import AnswersTogether, answer_info, between_queries
from warifu.exchange.codes import EncryptedCode, open_code_of_anybody, row_key
from warifu.exchange.context import LONGEST_SKEW, ContextKind, ExchangeContext
from warifu.exchange.conversion_proof import Conversion, open_proven, terms_between
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.seal import LEAST_ANSWER, SealingKey, is_together, open_sealed, seal
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import CITIZEN_TAG_SIZE, answer_digest, check_inquiry, inquiry_digest, sign_answer
from warifu.exchange.statements import check_permit as check_permit_signature
from warifu.lockstep import Lockstep, Paced

__all__ = [
    "PROCESSING_NUMBER",
    "CheckedPermit",
    "MadeAnswer",
    "OpenedQuery",
    "ProviderKeys",
    "check_fresh",
    "check_permit",
    "make_answer",
    "open_query",
    "open_row_key",
    "open_row_key_unproven",
    "seal_found",
]

PROCESSING_NUMBER = re.compile(r"[0-9]{20}", re.ASCII)
"""The shape of a processing number (処理通番)."""

_SKEW_MS = int(LONGEST_SKEW.total_seconds() * 1000)
_ANSWER_KEY_SIZE = 32
_ABSENCES = {
    Absence.NOT_HELD: sealed_pb2.ABSENCE_NOT_HELD,
    Absence.NOT_PUBLISHED: sealed_pb2.ABSENCE_NOT_PUBLISHED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderKeys:
    """What an agency answers with. ``own`` is its own directory entry, ``row_secret`` is 32 bytes.

    ``others`` are its keys of other epochs: what was asked under former ones is still answered.
    """

    own: DirectoryEntry
    agency_secret: Scalar
    sealing_key: SealingKey
    signing_key: SigningKey
    row_secret: bytes = field(repr=False)
    others: Mapping[int, ProviderKeys] = field(default_factory=dict, repr=False)

    def of_epoch(self, epoch: int) -> ProviderKeys:
        """The keys of an epoch; those in force when there are none of it, so that the check of keys refuses."""
        return self.others.get(epoch, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPermit:
    """A permit whose signatures, address and keys were found right. ``asked`` is the digest of the inquiry in it."""

    context: ExchangeContext
    encoded_context: bytes
    asked: bytes
    processing_number: str
    permit_ms: int
    inquirer: DirectoryEntry
    conversion: Conversion
    conversion_proof: bytes
    sealed_query: bytes


@dataclass(frozen=True, slots=True)
class OpenedQuery:
    """What the provider alone may read: where to seal the answer to (32 bytes), and the fiscal year (0 for newest).

    ``gossip`` is what the inquirer tells of the hub, as it came; None where it tells nothing. ``together``: it shared its
    set-up with others, so that its answer may.
    """

    answer_key: bytes
    fiscal_year: int
    gossip: sealed_pb2.Gossip | None = None
    together: bool = False


@dataclass(frozen=True, slots=True)
class MadeAnswer:
    """A signed answer and the 32-byte digest that stands for it in records."""

    answer: SignedAnswer
    digest: bytes


@Lockstep
def check_permit(permit: ProvisionPermit, *, keys: ProviderKeys, directory: Directory) -> Paced[CheckedPermit]:
    """Step 4 of an exchange: everything but time, which :func:`check_fresh` looks at for permits not seen before.

    Raises:
        WarifuError: REQUEST_MALFORMED, SUITE_UNKNOWN, INSTITUTION_UNKNOWN, SIGNATURE_INVALID, EPOCH_STALE,
            POINT_INVALID, each at the field at fault.
    """
    # 4.1 The shape, and that it is addressed to this agency.
    context = ExchangeContext.decode(permit.inquiry.context, where="permit.inquiry.context")
    _check_shape(permit, context, keys.own, directory)
    permit_ms = _permit_ms(permit)
    # 4.2 The hub permitted this very inquiry.
    asked = inquiry_digest(permit.inquiry)
    yield
    directory.check_hub(permit_ms, lambda key: check_permit_signature(key, permit, asked))
    # 4.3 The inquirer asked it.
    inquirer = _inquirer(context, directory)
    yield
    check_inquiry(inquirer.signing_key, permit.inquiry)
    # 4.4 Both sides' keys are such as the context may be made with.
    _check_own_keys(context, keys.own, directory)
    # 4.5 The code before and after is taken as it is: that it is one, the proof shows, before it is opened.
    given, made = permit.inquiry.encrypted_code, permit.converted_code
    return CheckedPermit(
        context=context,
        inquirer=inquirer,
        conversion=Conversion(
            context=permit.inquiry.context,
            encrypted=EncryptedCode(Point(given.c1), Point(given.c2)),
            converted=EncryptedCode(Point(made.c1), Point(made.c2)),
        ),
        conversion_proof=permit.conversion_proof,
        encoded_context=permit.inquiry.context,
        asked=asked,
        processing_number=permit.processing_number,
        permit_ms=permit_ms,
        sealed_query=permit.inquiry.sealed_query,
    )


def _check_shape(permit: ProvisionPermit, context: ExchangeContext, own: DirectoryEntry, directory: Directory) -> None:
    if context.kind is not ContextKind.EXCHANGE:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.inquiry.context.kind")
    if context.suite != directory.suite:
        raise WarifuError(Reason.SUITE_UNKNOWN, where="permit.inquiry.context.suite")
    if context.provider != own.institution:
        raise WarifuError(Reason.INSTITUTION_UNKNOWN, where="permit.inquiry.context.provider")
    if not PROCESSING_NUMBER.fullmatch(permit.processing_number):
        raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.processing_number")


def _permit_ms(permit: ProvisionPermit) -> int:
    try:
        return permit.permit_time.ToMilliseconds()
    except ValueError:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.permit_time") from None


def _inquirer(context: ExchangeContext, directory: Directory) -> DirectoryEntry:
    return directory.entry_for(
        context.inquirer,
        context.epoch_from,
        context.issued_ms,
        where="permit.inquiry.context.inquirer",
        epoch_where="permit.inquiry.context.epoch_from",
    )


def _check_own_keys(context: ExchangeContext, own: DirectoryEntry, directory: Directory) -> None:
    where = "permit.inquiry.context.epoch_to"
    entry = directory.entry_for(own.institution, context.epoch_to, context.issued_ms, where=where, epoch_where=where)
    if context.key_id_to != entry.key_id:
        raise WarifuError(Reason.EPOCH_STALE, where=where)


def check_fresh(permit: CheckedPermit, now: datetime) -> None:
    """Refuse a permit that is new here and was not made just now. Raises: CLOCK_SKEWED."""
    permit.context.check_times(now, where="permit.inquiry.context")
    now_ms = int(now.timestamp() * 1000)
    earliest, latest = permit.context.issued_ms - _SKEW_MS, min(permit.context.expires_ms, now_ms) + _SKEW_MS
    if not earliest <= permit.permit_ms <= latest:
        raise WarifuError(Reason.CLOCK_SKEWED, where="permit.permit_time")


@Lockstep
def open_row_key(permit: CheckedPermit, keys: ProviderKeys, directory: Directory) -> Paced[bytes | None]:
    """Who is meant: this agency's 16-byte row key, once the hub is shown to have converted what the inquirer signed.

    None when it is nobody. The code itself is forgotten here. Raises: CONVERSION_NOT_PROVEN.
    """
    of_epoch = keys.of_epoch(permit.context.epoch_to)
    opening = open_proven.paced(
        directory.group,
        of_epoch.agency_secret,
        terms_between(permit.inquirer, of_epoch.own),
        permit.conversion,
        permit.conversion_proof,
        where="permit.conversion_proof",
    )
    point = yield from opening
    return row_key(keys.row_secret, point) if point is not None else None


@Lockstep
def open_row_key_unproven(permit: CheckedPermit, keys: ProviderKeys, directory: Directory) -> Paced[bytes | None]:
    """As :func:`open_row_key`, for a permit whose proof the network's policy does not ask for.

    Raises: POINT_INVALID when what the hub converted is no code at all.
    """
    where, made = "permit.converted_code", permit.conversion.converted
    for half in (made.c1, made.c2):
        directory.group.decode_unproven(half, where=where)
    yield
    secret = keys.of_epoch(permit.context.epoch_to).agency_secret
    point = open_code_of_anybody(directory.group, secret, made, where)
    return row_key(keys.row_secret, point) if point is not None else None


def open_query(permit: CheckedPermit, keys: ProviderKeys) -> OpenedQuery:
    """What is asked for. Raises: REQUEST_MALFORMED when it does not open in this exchange or makes no sense."""
    where = "permit.inquiry.sealed_query"
    sealing_key = keys.of_epoch(permit.context.epoch_to).sealing_key
    context, box = permit.encoded_context, permit.sealed_query
    opened = open_sealed(sealing_key, context, box, where=where, between=between_queries(context))
    try:
        query = sealed_pb2.SealedQuery.FromString(opened)
    except DecodeError:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where) from None
    if len(query.answer_key) != _ANSWER_KEY_SIZE:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.answer_key")
    gossip = query.gossip if query.HasField("gossip") else None
    return OpenedQuery(query.answer_key, query.fiscal_year, gossip, is_together(box))


@Lockstep
def seal_found(
    found: Found,
    query: OpenedQuery,
    permit: CheckedPermit,
    gossip: sealed_pb2.Gossip | None = None,
    answers: AnswersTogether | None = None,
) -> Paced[bytes]:
    """What was found, or that nothing was, sealed to the inquirer. Records up to 190 bytes look as long as none.

    ``gossip`` is what the inquirer is told of the hub. Answers to queries that came together share a set-up where ``answers``
    gathers them. Raises: REQUEST_MALFORMED when the answer key of the query is one that nothing can be sealed to.
    """
    message = sealed_pb2.SealedAnswer(gossip=gossip)
    if isinstance(found, ProvidedRecord):
        message.record.record_type = found.record_type
        message.record.record = found.record
    else:
        message.absence = _ABSENCES[found]
    plaintext = message.SerializeToString()
    try:
        if not query.together or answers is None:
            return seal(query.answer_key, answer_info(permit.encoded_context), plaintext, least=LEAST_ANSWER)
        return (yield from answers.sealing(query.answer_key, permit.encoded_context, plaintext))
    except WarifuError as error:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.inquiry.sealed_query.answer_key") from error


@Lockstep
def make_answer(
    outcome: inquiry_pb2.ProvisionOutcome,
    permit: CheckedPermit,
    signing_key: SigningKey,
    *,
    now_ms: int,
    sealed_answer: bytes = b"",
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Paced[MadeAnswer]:
    """The signed answer to a permit, dated to the minute; ``sealed_answer`` stays empty unless ``outcome`` is ANSWERED."""
    tag = random_bytes(CITIZEN_TAG_SIZE)
    answer = SignedAnswer(outcome=outcome, sealed_answer=sealed_answer, citizen_tag=tag)
    answer.provision_time.FromMilliseconds(whole_minute(now_ms))
    number = permit.processing_number
    to = permit.context.inquirer
    yield from sign_answer.paced(signing_key, answer, asked=permit.asked, processing_number=number, to=to)
    return MadeAnswer(answer, answer_digest(answer, asked=permit.asked, processing_number=number))
