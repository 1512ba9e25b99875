"""One provision, from permit to signed answer.

Decides the order in which a provider acts; what each step checks is in ``warifu.exchange.provision``, what is answered is the
agency's. Whoever is not registered here is answered like somebody without that record: same steps, same size, same
outcome to the hub. Provisions that came together go through each step in lockstep (``warifu.lockstep``). It knows no gRPC and not
how the permit arrived.

    (4.1-4.5) signatures, address, keys: ``check_permit``
    (4.6) permission: decided again, by this node's own copy of the table
    (4.7) seen before: the same permit gets the same answer, other bytes are refused; a new one must be fresh
    (4.8) what is asked, and, once the hub's conversion is proven, who is meant; whether it must be, the directory says
    (4.9) flags: what a clerk must release waits
    (4.10) the agency's answer, sealed and signed; one that keeps no replicas is asked now
    (4.11) own exchange record and answer stored, durably, in one write; only then the answer leaves
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from warifu.agency import Agency, Found, LiveSource, day_in_japan
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.boxes_together import AnswersTogether
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.proof_policy import PolicyKind
from warifu.exchange.provision import (
    CheckedPermit,
    MadeAnswer,
    OpenedQuery,
    ProviderKeys,
    check_fresh,
    check_permit,
    make_answer,
    open_query,
    open_row_key,
    open_row_key_unproven,
    seal_found,
)
from warifu.lockstep import Lockstep, in_lockstep, pause
from warifu.party.alarms import AlarmKind
from warifu.party.held import Refresh, never_newer, newer_than
from warifu.permissions.decision import check_lawful
from warifu.permissions.table import PermissionTable
from warifu.rpc.deadline import running_down
from warifu_services.node.answering import Answering, Asked, FromReplicas, LiveAnswering
from warifu_services.node.drawn_permits import Proofs
from warifu_services.node.evidence import Evidence, NoEvidence, as_evidence
from warifu_services.node.evidence_files import Keep, kept_nowhere
from warifu_services.node.gossip import SILENT, Gossip
from warifu_services.node.kept_provision import given_before, is_decided, must_be_same, new_record, without_inquiry
from warifu_services.node.keys import KeysSource, NodeKeys
from warifu_services.node.lateness import held_back_s
from warifu_services.node.standing import LEVEL, Level
from warifu_services.node.store import (
    ClerkDecision,
    ExchangeOutcome,
    ExchangeRecord,
    KeptProvision,
    NodeStore,
    PersonReplicas,
)

__all__ = ["PendingProvision", "Provider"]

SHORTEST_SECONDS = 0.01
"""A permit is not looked at when the hub will wait less than this."""

_BEHIND = frozenset({Reason.EPOCH_STALE, Reason.INSTITUTION_UNKNOWN, Reason.SIGNATURE_INVALID})
"""What a permit made under a newer version of the directory looks like to a node that holds an older one."""

NOBODY = b""
"""A row key that no person has: nobody is looked up as somebody is."""

Opening = Lockstep[[CheckedPermit, ProviderKeys, Directory], bytes | None]
"""Finds who is meant by a permit."""

_PERSON = b"provision.person"
_OUTCOMES = {
    ExchangeOutcome.ANSWERED: inquiry_pb2.PROVISION_OUTCOME_ANSWERED,
    ExchangeOutcome.PENDING: inquiry_pb2.PROVISION_OUTCOME_PENDING,
    ExchangeOutcome.REFUSED: inquiry_pb2.PROVISION_OUTCOME_REFUSED,
}


@dataclass(frozen=True, slots=True)
class PendingProvision:
    """A provision that waits for a clerk: its record, and about whom, by this agency's own local number."""

    record: ExchangeRecord
    local_number: str


class Provider:
    """Answers permitted inquiries for one agency."""

    def __init__(
        self,
        *,
        agency: Agency,
        keys: KeysSource,
        directory: DirectorySource,
        store: NodeStore,
        permissions: PermissionTable,
        clock: Clock,
        evidence: Evidence | None = None,
        in_contact_since: Callable[[], int | None] = lambda: None,
        refresh: Refresh = never_newer,
        codes_ready: Callable[[], Awaitable[None]] | None = None,
        standing: Level = LEVEL,
        keep_evidence: Keep = kept_nowhere,
        proofs: Proofs | None = None,
        gossip: Gossip = SILENT,
        live: LiveSource | None = None,
    ) -> None:
        """``refresh`` takes a newer version of the directory; ``codes_ready`` waits until codes are rotated.

        ``proofs`` has drawn permits proven where they are sampled; without it, all that are not proven are refused.
        ``live`` is who looks people up where no replicas are kept; the agency itself unless given.
        ``in_contact_since`` says since when the hub could have brought a permit, in Unix milliseconds; None: not now.
        """
        self._keep_evidence = keep_evidence
        self._proofs = proofs
        self._gossip = gossip
        self._answers = AnswersTogether()
        self._standing = standing
        self._keys_source = keys
        self._directories = directory
        self._store = store
        self._permissions = permissions
        self._evidence = evidence or NoEvidence()
        self._in_contact_since = in_contact_since
        self._clock = clock
        self._refresh = refresh
        self._codes_ready = codes_ready
        self._live: LiveAnswering | None = None
        if live is not None or not agency.keeps_replicas:
            self._live = LiveAnswering(agency, live or agency, store.unknown_people)
        self._answering: Answering = self._live or FromReplicas(agency)

    def adapter_fault(self) -> str | None:
        """Why the last question to the business system had no answer, where no replicas are kept; else None."""
        return self._live.amiss() if self._live is not None else None

    def adapter_reached(self) -> None:
        """The business system is there."""
        if self._live is not None:
            self._live.reached()

    @property
    def _keys(self) -> NodeKeys:
        return self._keys_source.current()

    @property
    def _directory(self) -> Directory:
        return self._directories.current()

    async def provide(self, permit: ProvisionPermit, left: float | None) -> SignedAnswer:
        """The signed answer to a permit, for a hub that waits ``left`` seconds (None: no deadline).

        Raises:
            WarifuError: what ``check_permit`` and ``check_lawful`` raise; DEADLINE_TOO_SHORT; CLOCK_SKEWED for a new
                permit that is not fresh; PERMIT_REUSED; REQUEST_MALFORMED when it does not open; CONVERSION_NOT_PROVEN; STORE_UNAVAILABLE,
                RECORDS_BEHIND or LOG_BEHIND, ADAPTER_UNREACHABLE, ADAPTER_TIMED_OUT or ADAPTER_ANSWER_INVALID, and then nothing was provided.
        """
        left_now = running_down(left)
        await self._standing.compared()
        if left is not None and left < SHORTEST_SECONDS:
            raise WarifuError(Reason.DEADLINE_TOO_SHORT, where="deadline")
        checked = await self._checked(permit)  # (4.1-4.5)
        await self._decide_again(permit, checked)  # (4.6)
        await pause()
        kept = self._store.provision(checked.context.inquirer, checked.context.request_id)  # (4.7)
        if kept is None:
            await self._note_lateness(permit, checked)
            check_fresh(checked, self._clock.now())
        elif not is_decided(kept):
            must_be_same(kept, checked)
            kept = await self._decided_by_now(kept, left_now())
            if not is_decided(kept):
                return given_before(kept, checked)
        if kept is None:
            permit = await self._proven_if_drawn(permit, checked)
        try:
            made, fresh, missed = await self._make(checked, kept, left_now)
        except WarifuError as error:
            if error.reason is Reason.CONVERSION_NOT_PROVEN:
                self._keep_evidence(permit)
            raise
        fresh = replace(fresh, permit=without_inquiry(permit))
        stored = await self._store.settle_provision(fresh, missed=missed)  # (4.11)
        return made.answer if stored is fresh else given_before(stored, checked)

    async def _checked(self, permit: ProvisionPermit) -> CheckedPermit:
        """Steps 4.1 to 4.5; again, when hub or inquirer go by a newer version of the directory than this node."""
        used = self._directory
        try:
            return await in_lockstep(check_permit.paced(permit, keys=self._keys.provider, directory=used))
        except WarifuError as error:
            if error.reason not in _BEHIND or not await newer_than(used, self._directories, self._refresh):
                raise
        return await in_lockstep(check_permit.paced(permit, keys=self._keys.provider, directory=self._directory))

    async def _proven_if_drawn(self, permit: ProvisionPermit, checked: CheckedPermit) -> ProvisionPermit:
        """Step 4.8 where conversions are sampled: a permit that is drawn, with its proof. Raises: CONVERSION_NOT_PROVEN."""
        policy = self._directory.proof_policy
        if policy.kind is not PolicyKind.SAMPLED or self._proofs is None:
            return permit
        return await self._proofs.proven(permit, checked) if self._proofs.drawn(checked, policy.one_in) else permit

    async def _decide_again(self, permit: ProvisionPermit, checked: CheckedPermit) -> None:
        """Step 4.6. A permit that the table forbids gets no answer, whatever the hub decided, and is kept as evidence."""
        try:
            check_lawful(permit, checked.context, self._directory, self._permissions)
        except WarifuError as error:
            kind = AlarmKind.PERMIT_FORBIDDEN
            found = as_evidence(kind, permit, checked.asked, self._clock.unix_ms())
            await self._evidence.notice(kind, found, error.reason.value)
            raise

    async def _note_lateness(self, permit: ProvisionPermit, checked: CheckedPermit) -> None:
        """Step 4.7. A permit that is new here, and was signed minutes ago while the hub could have brought it, is noticed."""
        kind, now_ms = AlarmKind.PERMIT_HELD_BACK, self._clock.unix_ms()
        late_s = held_back_s(checked.permit_ms, now_ms, self._in_contact_since())
        if late_s is not None:
            found = as_evidence(kind, permit, checked.asked, now_ms)
            await self._evidence.notice(
                kind, found, f"came {late_s} s after the minute in which the hub signed it began"
            )

    async def _decided_by_now(self, kept: KeptProvision, left: float | None) -> KeptProvision:
        """Step 4.7 of a provision that waits: as it is once the business system was asked what a clerk decided."""
        record = kept.record
        if self._live is None or record.outcome is not ExchangeOutcome.PENDING:
            return kept
        decision = await self._live.decision(record, self._person_held(kept), left)
        if decision is not ClerkDecision.UNDECIDED:
            await self._store.decide(record.processing_number, decision)
        return self._store.provision(record.inquirer, record.request_id) or kept

    async def _make(
        self, checked: CheckedPermit, kept: KeptProvision | None, left: Callable[[], float | None]
    ) -> tuple[MadeAnswer, KeptProvision, bool]:
        """Steps 4.8 to 4.10: the answer, what to store of it, and whether the person asked about is not here."""
        if kept is not None:
            must_be_same(kept, checked)
        await pause()
        query = open_query(checked, self._keys.provider)  # (4.8)
        self._gossip.heard(checked.context.inquirer, query.gossip)
        await pause()
        person = await self._person(checked, kept)
        outcome, found = await self._answer(checked, query, person, kept, left)  # (4.9, 4.10)
        sealed_answer = b""
        if found is not None:
            await pause()
            sealing = seal_found.paced(found, query, checked, self._gossip.telling(), self._answers)
            sealed_answer = await in_lockstep(sealing)
            await pause()
        making = make_answer.paced(
            _OUTCOMES[outcome],
            checked,
            self._keys.provider.of_epoch(checked.context.epoch_to).signing_key,
            now_ms=self._clock.unix_ms(),
            sealed_answer=sealed_answer,
        )
        made = await in_lockstep(making)
        return made, self._to_keep(checked, kept, made, outcome, person), person is None

    async def _person(self, checked: CheckedPermit, kept: KeptProvision | None) -> PersonReplicas | None:
        """Step 4.8. Who is meant: by the code, or, for what a clerk has decided since, as it was found then."""
        if kept is not None and kept.sealed_person:
            number = self._keys.at_rest.open(_PERSON, checked.asked, kept.sealed_person).decode()
            return self._store.find_by_local_number(number, checked.context.item_code)
        if self._codes_ready is not None:
            await self._codes_ready()
        row_key = await in_lockstep(self._opened.paced(checked, self._keys.provider, self._directory)) or NOBODY
        await pause()
        return self._store.find_by_row_key(row_key, checked.context.item_code)

    @property
    def _opened(self) -> Opening:
        """How a code is opened: only once it is proven, unless the directory says otherwise.

        One that was drawn is proven by now.
        """
        unproven = {PolicyKind.SAMPLED, PolicyKind.OFF} if self._proofs is not None else {PolicyKind.OFF}
        return open_row_key_unproven if self._directory.proof_policy.kind in unproven else open_row_key

    async def _answer(
        self,
        checked: CheckedPermit,
        query: OpenedQuery,
        person: PersonReplicas | None,
        kept: KeptProvision | None,
        left: Callable[[], float | None],
    ) -> tuple[ExchangeOutcome, Found | None]:
        asked = Asked(
            context=checked.context,
            processing_number=checked.processing_number,
            fiscal_year=query.fiscal_year,
            today=day_in_japan(self._clock.now()),
            received_ms=kept.record.requested_ms if kept else self._clock.unix_ms(),
            person=person,
            decision=kept.decision if kept else None,
            left=left,
        )
        return await self._answering.answer(asked)

    def _to_keep(
        self,
        checked: CheckedPermit,
        kept: KeptProvision | None,
        made: MadeAnswer,
        outcome: ExchangeOutcome,
        person: PersonReplicas | None,
    ) -> KeptProvision:
        provided_ms = made.answer.provision_time.ToMilliseconds()
        record = replace(
            kept.record if kept else new_record(checked, person, provided_ms),
            outcome=outcome,
            provided_ms=provided_ms if outcome is ExchangeOutcome.ANSWERED else None,
            reason=Reason.RELEASE_REFUSED if outcome is ExchangeOutcome.REFUSED else None,
            answer_digest=made.digest,
        )
        sealed_person = b""
        if person is not None and outcome is ExchangeOutcome.PENDING:
            sealed_person = self._keys.at_rest.seal(_PERSON, checked.asked, person.local_number.encode())
        return KeptProvision(
            record=record,
            answer=made.answer.SerializeToString(),
            decision=kept.decision if kept else ClerkDecision.UNDECIDED,
            sealed_person=sealed_person,
            changed_ms=provided_ms,
            known_ms=self._clock.unix_ms(),
        )

    def pending(self, kept: KeptProvision) -> PendingProvision | None:
        """A pending provision as a clerk sees it; None when one has decided about it."""
        if kept.decision is not ClerkDecision.UNDECIDED:
            return None
        return PendingProvision(kept.record, self._person_held(kept))

    def _person_held(self, kept: KeptProvision) -> str:
        """About whom a pending provision is, by local number."""
        return self._keys.at_rest.open(_PERSON, kept.record.inquiry_digest, kept.sealed_person).decode()

    async def decide(self, processing_number: str, decision: ClerkDecision) -> None:
        """Release or refuse a pending answer; the inquirer gets it when it asks again. May be changed until then.

        Raises:
            WarifuError: INQUIRY_UNKNOWN when no such provision is pending; STORE_UNAVAILABLE.
        """
        if not await self._store.decide(processing_number, decision):
            raise WarifuError(Reason.INQUIRY_UNKNOWN, where="processing_number")
