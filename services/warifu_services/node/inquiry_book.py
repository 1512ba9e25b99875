"""The book of one agency's inquiries: taking one down, finding it again, opening what came back for it.

Decides when two requests are the same inquiry, and what is kept of one, sealed, until it has ended: the signed bytes
and the key to the answer. Sends nothing. It never sees a My Number; a code is opened only to build an inquiry.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from warifu.agency import Found, ProvidedRecord
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.record.v1 import sealed_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.clock import Clock, whole_minute
from warifu.errors import Reason, WarifuError
from warifu.exchange.boxes_together import QueriesTogether
from warifu.exchange.codes import AgencyCode
from warifu.exchange.context import ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.inquiry import OpenedAnswer, Question, build_inquiry, open_answer
from warifu.exchange.provision import PROCESSING_NUMBER
from warifu.exchange.seal import SealingKey
from warifu.exchange.statements import inquiry_digest
from warifu.lockstep import in_lockstep, pause
from warifu_services.node.filing import code_of
from warifu_services.node.gossip import SILENT, Gossip
from warifu_services.node.keys import KeysSource, NodeKeys
from warifu_services.node.store import ExchangeRecord, ExchangeSide, KeptInquiry, NodeStore, Person

__all__ = ["InquiryBook", "InquiryRequest", "InquiryResult", "InquirySecrets", "OpenInquiry"]

_SECRETS = b"inquiry.secrets"
_RESULT = b"inquiry.result"
_ANSWER_KEY_SIZE = 32
_LAST_POSITION = 2**63 - 1  # what a store can hold; no log is longer


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryRequest:
    """What the business system asks: about whom, by its own local number, and what."""

    local_number: str = field(repr=False)
    question: Question


@dataclass(frozen=True, slots=True)
class InquirySecrets:
    """What sending an inquiry, and opening its answer, needs."""

    inquiry: SignedInquiry = field(repr=False)
    answer_key: SealingKey


@dataclass(frozen=True, slots=True)
class OpenInquiry:
    """An inquiry as stored, with its secrets at hand if it was built just now."""

    kept: KeptInquiry
    secrets: InquirySecrets | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryResult:
    """An inquiry as far as it has come, and what it found."""

    kept: KeptInquiry
    found: Found | None


class InquiryBook:
    """The inquiries of one agency."""

    def __init__(
        self,
        *,
        keys: KeysSource,
        directory: DirectorySource,
        store: NodeStore,
        clock: Clock,
        gossip: Gossip = SILENT,
    ) -> None:
        self._gossip = gossip
        self._queries = QueriesTogether()
        self._keys_source = keys
        self._directories = directory
        self._store = store
        self._clock = clock

    @property
    def _keys(self) -> NodeKeys:
        return self._keys_source.current()

    @property
    def _directory(self) -> Directory:
        return self._directories.current()

    async def begin(self, asked: InquiryRequest, send_ms: int | None = None) -> OpenInquiry:
        """The inquiry with this request_id, built and stored if it is new; dated to the minute of ``send_ms``.

        That is when it is going to be sent, in Unix milliseconds; now, if left out.

        Raises:
            WarifuError: REQUEST_REUSED when the request_id names another inquiry; ASKED_BEFORE when it named one of
                which only the record is left; CODE_NOT_ACQUIRED, INSTITUTION_UNKNOWN, REQUEST_MALFORMED,
                STORE_UNAVAILABLE, and then nothing was stored.
        """
        content = self._content(asked)
        known = self._known(asked.question.request_id, content)
        if known is not None:
            return OpenInquiry(known)
        await pause()
        dated_ms = whole_minute(self._clock.unix_ms() if send_ms is None else send_ms)
        secrets = await self._build(asked, dated_ms, is_sent_later=send_ms is not None)
        await pause()
        kept = self._new(asked, content, secrets, dated_ms)
        if await self._store.begin_inquiry(kept):
            return OpenInquiry(kept, secrets)
        known = self._known(asked.question.request_id, content)  # another call was faster
        if known is None:
            raise WarifuError(Reason.ASKED_BEFORE, where="inquiry.request_id: no longer kept")
        return OpenInquiry(known)

    def find(self, request_id: bytes) -> OpenInquiry:
        """The inquiry with this request_id. Raises: INQUIRY_UNKNOWN."""
        kept = self._store.inquiry(request_id)
        if kept is None:
            raise WarifuError(Reason.INQUIRY_UNKNOWN, where="request_id")
        return OpenInquiry(kept)

    def secrets(self, opened: OpenInquiry) -> InquirySecrets:
        """What sending an inquiry that has not ended needs."""
        if opened.secrets is not None:
            return opened.secrets
        kept = opened.kept
        plain = self._keys.at_rest.open(_SECRETS, kept.record.request_id, kept.sealed_secrets)
        answer_key = SealingKey.from_bytes(plain[:_ANSWER_KEY_SIZE])
        return InquirySecrets(SignedInquiry.FromString(plain[_ANSWER_KEY_SIZE:]), answer_key)

    async def open(self, kept: KeptInquiry, secrets: InquirySecrets, response: ExchangeResponse) -> OpenedAnswer:
        """What the hub brought back, verified and opened. Raises: HUB_ANSWER_INVALID."""
        if not PROCESSING_NUMBER.fullmatch(response.processing_number):
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="processing_number")
        if response.permitted_position > _LAST_POSITION:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="permitted_position")
        try:
            provider = self._provider(secrets.inquiry.context)
        except WarifuError as error:  # no refusal: whatever came back, only its signature cannot be held against a key
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where, debug=error.reason.value) from error
        paced = open_answer.paced(
            response.answer,
            context=secrets.inquiry.context,
            asked=kept.record.inquiry_digest,
            processing_number=response.processing_number,
            provider=provider,
            answer_key=secrets.answer_key,
        )
        opened = await in_lockstep(paced)
        self._gossip.heard(provider.institution, opened.gossip)
        return opened

    def _provider(self, encoded_context: bytes) -> DirectoryEntry:
        """The provider, under the keys that the inquiry was made to."""
        context = ExchangeContext.decode(encoded_context)
        where = "inquiry.provider"
        return self._directory.entry_for(
            context.provider, context.epoch_to, context.issued_ms, where=where, epoch_where=where
        )

    def seal_result(self, kept: KeptInquiry, found: Found | None) -> bytes:
        """A record as it is kept for whoever asks again; empty when none was found."""
        if not isinstance(found, ProvidedRecord):
            return b""
        message = sealed_pb2.ProvidedRecord(record_type=found.record_type, record=found.record)
        return self._keys.at_rest.seal(_RESULT, kept.record.request_id, message.SerializeToString())

    def result(self, kept: KeptInquiry) -> InquiryResult:
        """What an inquiry that has ended brought."""
        if not kept.sealed_result:
            return InquiryResult(kept=kept, found=None)
        plain = self._keys.at_rest.open(_RESULT, kept.record.request_id, kept.sealed_result)
        message = sealed_pb2.ProvidedRecord.FromString(plain)
        return InquiryResult(kept=kept, found=ProvidedRecord(message.record_type, message.record))

    def _known(self, request_id: bytes, content: bytes) -> KeptInquiry | None:
        kept = self._store.inquiry(request_id)
        if kept is not None and kept.content != content:
            raise WarifuError(Reason.REQUEST_REUSED, where="inquiry.request_id")
        return kept

    def _content(self, asked: InquiryRequest) -> bytes:
        question = asked.question
        return self._keys.at_rest.content_digest(
            asked.local_number.encode(),
            str(question.provider).encode(),
            str(question.procedure_code).encode(),
            str(question.item_code).encode(),
            question.fiscal_year.to_bytes(4, "big"),
            bytes([question.flags]),
        )

    async def _build(self, asked: InquiryRequest, dated_ms: int, *, is_sent_later: bool) -> InquirySecrets:
        """What is sent later says nothing of now: no checkpoint of the hub's beat, and nothing shared with others."""
        own = self._keys.own
        if asked.question.provider == own.institution:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="inquiry.provider")
        person = self._person(asked.local_number)
        await pause()
        point = code_of(person, self._keys.at_rest)
        code = AgencyCode(institution=own.institution, epoch=person.code_epoch, point=point)
        building = build_inquiry.paced(
            asked.question,
            code,
            keys=self._keys.inquirer,
            directory=self._directory,
            now_ms=dated_ms,
            gossip=None if is_sent_later else self._gossip.telling(),
            alone=is_sent_later,
            queries=self._queries,
        )
        return InquirySecrets(*await in_lockstep(building))

    def _person(self, local_number: str) -> Person:
        """The person with the code of the code epoch in force, or with an older one that may still be used."""
        person = self._store.person(local_number)
        if person is None:
            raise WarifuError(Reason.CODE_NOT_ACQUIRED, where="inquiry.local_number")
        wanted = self._keys.own.code_epoch
        if person.code_epoch == wanted:
            return person
        return self._store.rotated(local_number, wanted) or person

    def _new(self, asked: InquiryRequest, content: bytes, secrets: InquirySecrets, dated_ms: int) -> KeptInquiry:
        question = asked.question
        plain = secrets.answer_key.to_bytes() + secrets.inquiry.SerializeToString()
        record = ExchangeRecord(
            side=ExchangeSide.INQUIRER,
            request_id=question.request_id,
            inquirer=self._keys.own.institution,
            provider=question.provider,
            procedure_code=question.procedure_code,
            item_code=question.item_code,
            requested_ms=dated_ms,
            inquiry_digest=inquiry_digest(secrets.inquiry),
            non_disclosure=ExchangeFlags.NON_DISCLOSURE in question.flags,
        )
        return KeptInquiry(
            record=record,
            content=content,
            sealed_secrets=self._keys.at_rest.seal(_SECRETS, question.request_id, plain),
            changed_ms=self._clock.unix_ms(),
        )
