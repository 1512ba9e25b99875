"""A node that keeps every rule of a provider in docs/protocol/checks.md: what planted mistakes are made of.

It keeps everything in memory. Each method is one step of the page, and one thing to get wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Self

from tests.conformance import to_hub
from tests.conformance.honest_business import PENDING, RELEASE, Kept, record_of
from tests.conformance.honest_edge import HonestEdge

from warifu.agency import Absence, Found, ProvidedRecord
from warifu.api.node.v1.node_service_pb2 import ExchangeRecord
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as WireCode
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.clock import day_in_japan
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange import provision, statements
from warifu.exchange.codes import EncryptedCode, row_key
from warifu.exchange.context import ContextKind, ExchangeContext
from warifu.exchange.conversion_proof import Conversion
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.proof_policy import PolicyKind
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu.permissions.decision import check_lawful
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu_hub.translate import Party
from warifu_kit.conformance.cast import CastPerson, made_up_record
from warifu_kit.conformance.node_under_check import NodeUnderCheck
from warifu_kit.conformance.stage import Stage
from warifu_services.authority.keys import AuthorityKeys

Context = ExchangeContext
Key = tuple[str, bytes]


class HonestNode(HonestEdge):
    """The tax office's, on a stage. ``rows`` are the people it knows, by row key."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.table = PermissionTable.load(stage.folder(stage.party).path / TABLE_FILE)
        self.kept: dict[Key, Kept] = {}
        self.records: dict[Key, ExchangeRecord] = {}
        self.rows: dict[bytes, CastPerson] = {}

    def meet(self, about: NodeUnderCheck) -> None:
        """Know everybody of the cast who has records, as if their codes had been acquired."""
        own, group = Party.of(self.keys.own), self.directory.group
        authority = AuthorityKeys(group, self.stage.folder("authority").secret("point.key"))
        factor = about.hands.translator.factor(own.institution, own.code_epoch)
        for person in self.stage.cast:
            (person_id,) = self.stage.person_ids([person], authority)
            if person.years and person_id is not None:
                code = group.multiply(factor, authority.point(person_id))
                self.rows[row_key(self.keys.row_secret, code)] = person

    def from_disk(self, before: HonestNode) -> Self:
        """As it is when it starts again where ``before`` was killed."""
        self.rows = before.rows
        self.kept, self.records = before.on_disk()
        return self

    def on_disk(self) -> tuple[dict[Key, Kept], dict[Key, ExchangeRecord]]:
        """What it wrote; here memory stands for that."""
        return self.kept, self.records

    async def proven(self, permit: ProvisionPermit) -> ProvisionPermit:
        """The permit with its proof if permits are sampled and this one is drawn."""
        asked = statements.inquiry_digest(permit.inquiry)
        return await to_hub.proven(self.stage, permit) if self.is_drawn(asked, permit.converted_code) else permit

    def is_drawn(self, asked: bytes, made: WireCode) -> bool:
        policy = self.directory.proof_policy
        return policy.kind is PolicyKind.SAMPLED and to_hub.is_drawn(self.keys.row_secret, asked, made, policy.one_in)

    # One provision.

    def provided(self, permit: ProvisionPermit) -> SignedAnswer:
        context = self.read_context(permit)
        self.check_shape(permit, context)
        asked = statements.inquiry_digest(permit.inquiry)
        self.check_hub(permit, asked)
        inquirer = self.check_inquirer(permit, context)
        self.check_keys(context)
        checked = self.checked(permit, context, asked, inquirer)
        self.decide_again(permit, checked)
        kept = self.kept.get(self.key(checked))
        if kept is not None:
            self.check_same(kept, checked)
            return self.again(kept, checked)
        self.check_fresh(checked)
        query = self.open_query(checked)
        person = self.find(checked)
        answer = self.answer(checked, query, person)
        self.keep(checked, answer)
        return answer

    def read_context(self, permit: ProvisionPermit) -> Context:
        return ExchangeContext.decode(permit.inquiry.context, where="permit.inquiry.context")

    def check_shape(self, permit: ProvisionPermit, context: Context) -> None:
        self.check_kind(context)
        self.check_suite(context)
        self.check_address(context)
        self.check_number(permit)
        self.check_time(permit)

    def check_kind(self, context: Context) -> None:
        if context.kind is not ContextKind.EXCHANGE:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.inquiry.context.kind")

    def check_suite(self, context: Context) -> None:
        if context.suite != self.directory.suite:
            raise WarifuError(Reason.SUITE_UNKNOWN, where="permit.inquiry.context.suite")

    def check_address(self, context: Context) -> None:
        if context.provider != self.keys.own.institution:
            raise WarifuError(Reason.INSTITUTION_UNKNOWN, where="permit.inquiry.context.provider")

    def check_number(self, permit: ProvisionPermit) -> None:
        if not provision.PROCESSING_NUMBER.fullmatch(permit.processing_number):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.processing_number")

    def check_time(self, permit: ProvisionPermit) -> None:
        try:
            permit.permit_time.ToMilliseconds()
        except ValueError:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.permit_time") from None

    def check_hub(self, permit: ProvisionPermit, asked: bytes) -> None:
        made_ms = permit.permit_time.ToMilliseconds()
        self.directory.check_hub(made_ms, lambda key: statements.check_permit(key, permit, asked))

    def check_inquirer(self, permit: ProvisionPermit, context: Context) -> DirectoryEntry:
        inquirer = self.inquirer(context)
        statements.check_inquiry(inquirer.signing_key, permit.inquiry)
        return inquirer

    def inquirer(self, context: Context) -> DirectoryEntry:
        return self.directory.entry_for(context.inquirer, context.epoch_from, context.issued_ms)

    def check_keys(self, context: Context) -> None:
        own = self.keys.own.institution
        entry = self.directory.entry_for(own, context.epoch_to, context.issued_ms)
        if context.key_id_to != entry.key_id:
            raise WarifuError(Reason.EPOCH_STALE, where="permit.inquiry.context.key_id_to")

    def checked(
        self, permit: ProvisionPermit, context: Context, asked: bytes, inquirer: DirectoryEntry
    ) -> CheckedPermit:
        given, made = permit.inquiry.encrypted_code, permit.converted_code
        return CheckedPermit(
            context=context,
            encoded_context=permit.inquiry.context,
            asked=asked,
            processing_number=permit.processing_number,
            permit_ms=permit.permit_time.ToMilliseconds(),
            inquirer=inquirer,
            conversion=Conversion(
                context=permit.inquiry.context,
                encrypted=EncryptedCode(Point(given.c1), Point(given.c2)),
                converted=EncryptedCode(Point(made.c1), Point(made.c2)),
            ),
            conversion_proof=permit.conversion_proof,
            sealed_query=permit.inquiry.sealed_query,
        )

    def decide_again(self, permit: ProvisionPermit, checked: CheckedPermit) -> None:
        check_lawful(permit, checked.context, self.directory, self.table)

    def key(self, checked: CheckedPermit) -> Key:
        return checked.context.key

    def check_same(self, kept: Kept, checked: CheckedPermit) -> None:
        if (kept.asked, kept.number) != (checked.asked, checked.processing_number):
            raise WarifuError(Reason.PERMIT_REUSED, where="permit")

    def again(self, kept: Kept, checked: CheckedPermit) -> SignedAnswer:
        """The stored answer; of what a clerk has decided since, the one that is made now, and stored."""
        if kept.answer.outcome == PENDING and kept.decision:
            kept.answer = self.answer_decided(kept, checked)
            self.note(checked, kept.answer)
        return kept.answer

    def answer_decided(self, kept: Kept, checked: CheckedPermit) -> SignedAnswer:
        if kept.decision != RELEASE:
            return self.signed(checked, inquiry_pb2.PROVISION_OUTCOME_REFUSED, b"")
        query = self.open_query(checked)
        sealed = self.sealed(self.found(self.find(checked), query), query, checked)
        return self.signed(checked, inquiry_pb2.PROVISION_OUTCOME_ANSWERED, sealed)

    def keep(self, checked: CheckedPermit, answer: SignedAnswer) -> None:
        self.kept[self.key(checked)] = Kept(checked.asked, checked.processing_number, answer)
        self.note(checked, answer)

    def note(self, checked: CheckedPermit, answer: SignedAnswer) -> None:
        """The law's record."""
        self.records[self.key(checked)] = record_of(checked, answer)

    # Clerks.

    def waiting(self) -> Iterable[Kept]:
        return [kept for kept in self.kept.values() if kept.answer.outcome == PENDING and not kept.decision]

    def waits_for_clerk(self, number: str) -> Kept | None:
        return next((kept for kept in self.waiting() if kept.number == number), None)

    def decided(self, kept: Kept, decision: int) -> None:
        kept.decision = decision

    def check_fresh(self, checked: CheckedPermit) -> None:
        provision.check_fresh(checked, self.clock.now())

    def open_query(self, checked: CheckedPermit) -> OpenedQuery:
        return provision.open_query(checked, self.keys)

    def find(self, checked: CheckedPermit) -> CastPerson | None:
        found = self.opened(checked)
        return self.rows.get(found) if found is not None else None

    def opened(self, checked: CheckedPermit) -> bytes | None:
        """The row key of the code, once it is proven, where it has to be."""
        made = checked.conversion.converted
        drawn = self.is_drawn(checked.asked, WireCode(c1=made.c1, c2=made.c2))
        if drawn or self.directory.proof_policy.kind is PolicyKind.ALWAYS:
            return provision.open_row_key(checked, self.keys, self.directory)
        return provision.open_row_key_unproven(checked, self.keys, self.directory)

    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        if person is not None and self.waits(person):
            return self.signed(checked, inquiry_pb2.PROVISION_OUTCOME_PENDING, b"")
        sealed = self.sealed(self.found(person, query), query, checked)
        return self.signed(checked, inquiry_pb2.PROVISION_OUTCOME_ANSWERED, sealed)

    def waits(self, person: CastPerson) -> bool:
        return person.clerk

    def found(self, person: CastPerson | None, query: OpenedQuery) -> Found:
        years = [year for year in person.years if self.fits(year, query)] if person is not None else []
        if person is None or not years:
            return Absence.NOT_HELD
        published = [year for year in years if self.is_year_published(person, year, query)]
        return self.record(person, max(published)) if published else Absence.NOT_PUBLISHED

    def fits(self, year: int, query: OpenedQuery) -> bool:
        return query.fiscal_year in (0, year)

    def is_year_published(self, person: CastPerson, year: int, query: OpenedQuery) -> bool:
        return self.is_published(replace(person, published_from=person.published_of(year)))

    def is_published(self, person: CastPerson) -> bool:
        today = self.today().isoformat()
        return person.published_from <= today and (not person.published_until or today <= person.published_until)

    def today(self) -> date:
        return day_in_japan(self.clock.now())

    def record(self, person: CastPerson, year: int) -> ProvidedRecord:
        record = made_up_record(self.stage.agency, self.stage.row.item, person, year)
        return ProvidedRecord(record.DESCRIPTOR.full_name, record.SerializeToString())

    def sealed(self, found: Found, query: OpenedQuery, checked: CheckedPermit) -> bytes:
        return provision.seal_found(found, query, checked)

    def signed(self, checked: CheckedPermit, outcome: inquiry_pb2.ProvisionOutcome, sealed: bytes) -> SignedAnswer:
        now_ms, key = self.clock.unix_ms(), self.keys.of_epoch(checked.context.epoch_to).signing_key
        return provision.make_answer(outcome, checked, key, now_ms=now_ms, sealed_answer=sealed).answer

    def signed_again(self, checked: CheckedPermit, answer: SignedAnswer) -> SignedAnswer:
        """The answer with a signature over what it is now."""
        number = checked.processing_number
        key = self.keys.of_epoch(checked.context.epoch_to).signing_key
        statements.sign_answer(key, answer, asked=checked.asked, processing_number=number)
        return answer
