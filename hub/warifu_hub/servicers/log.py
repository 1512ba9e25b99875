"""LogService: serves the exchange log to those who check it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceServicer
from warifu.errors import Reason, WarifuError
from warifu.pki import Identity, Role
from warifu.rpc.access import EVERY_ROLE, AccessTable
from warifu.rpc.identity import AnyContext, caller
from warifu.rpc.paging import PagedList, Turns, row_number
from warifu.tlog.checkpoint import Checkpoint, read_checkpoint_unverified
from warifu.tlog.continuation import Continuation
from warifu_hub.beats import Beats
from warifu_hub.cosigning import Cosigning
from warifu_hub.ledger import Ledger
from warifu_hub.proving import ExchangeProofs
from warifu_hub.standing import Standing
from warifu_hub.standing_store import StandingStore
from warifu_hub.store import HubStore

__all__ = ["LOG_ACCESS", "LogServicer"]

_SERVICE = "/warifu.api.log.v1.LogService"

_IN_A_TURN = 100
"""How many leaves are read in a turn: some microseconds each, for nothing is made of them."""

LOG_ACCESS: AccessTable = {
    f"{_SERVICE}/GetCheckpoint": EVERY_ROLE,
    f"{_SERVICE}/GetCosignedCheckpoint": EVERY_ROLE,
    f"{_SERVICE}/AddCosignature": frozenset({Role.SUPERVISOR}),
    f"{_SERVICE}/GetInclusionProof": EVERY_ROLE,
    f"{_SERVICE}/GetConsistencyProof": EVERY_ROLE,
    f"{_SERVICE}/CompareLog": frozenset({Role.AGENCY}),
    f"{_SERVICE}/ProveExchanges": frozenset({Role.AGENCY}),
    f"{_SERVICE}/ListLeaves": frozenset({Role.SUPERVISOR}),
}
"""Who may call which method of LogService."""


class LogServicer(LogServiceServicer):
    """The generated base says what each method is for."""

    def __init__(
        self,
        ledger: Ledger,
        beats: Beats,
        store: HubStore,
        turns: Turns,
        standing: Standing,
        known: StandingStore,
        cosigning: Cosigning,
    ) -> None:
        self._cosigning = cosigning
        self._ledger = ledger
        self._beats = beats
        self._store = store
        self._turns = turns
        self._standing = standing
        self._known = known
        self._proofs = ExchangeProofs(ledger, store, turns)

    async def GetCheckpoint(
        self, request: log_pb2.GetCheckpointRequest, context: AnyContext
    ) -> log_pb2.GetCheckpointResponse:
        """Return a checkpoint: to members that of the beat."""
        note = await self._beats.note(newest=caller(context).role is Role.SUPERVISOR)
        return log_pb2.GetCheckpointResponse(signed_note=note)

    async def GetCosignedCheckpoint(
        self, request: log_pb2.GetCosignedCheckpointRequest, context: AnyContext
    ) -> log_pb2.GetCosignedCheckpointResponse:
        """Return the newest checkpoint that a witness cosigned."""
        return log_pb2.GetCosignedCheckpointResponse(cosigned_note=self._cosigning.newest())

    async def AddCosignature(
        self, request: log_pb2.AddCosignatureRequest, context: AnyContext
    ) -> log_pb2.AddCosignatureResponse:
        """Take a witness's cosignature."""
        await self._cosigning.add(request.cosigned_note)
        return log_pb2.AddCosignatureResponse()

    async def GetInclusionProof(
        self, request: log_pb2.GetInclusionProofRequest, context: AnyContext
    ) -> log_pb2.GetInclusionProofResponse:
        """Prove that a leaf is in the log, and show it to a party to it; of the directory, to everybody."""
        self._check_size(context, request.tree_size, "tree_size")
        hashes = self._ledger.inclusion_proof(request.position, request.tree_size)
        leaf = self._ledger.leaf(request.position)
        shown = leaf if _may_see(caller(context), leaf) else b""
        return log_pb2.GetInclusionProofResponse(hashes=hashes, leaf=shown)

    async def GetConsistencyProof(
        self, request: log_pb2.GetConsistencyProofRequest, context: AnyContext
    ) -> log_pb2.GetConsistencyProofResponse:
        """Prove that one tree extends another."""
        self._check_size(context, request.second_size, "second_size")
        return log_pb2.GetConsistencyProofResponse(
            hashes=self._ledger.consistency_proof(request.first_size, request.second_size)
        )

    async def CompareLog(self, request: log_pb2.CompareLogRequest, context: AnyContext) -> log_pb2.CompareLogResponse:
        """See what the caller has seen, and tell what the log is and knows of the caller."""
        if request.seen_note:
            await self._standing.shown(request.seen_note)
        note = await self._beats.note()
        response = log_pb2.CompareLogResponse(signed_note=note)
        self._prove(response, read_checkpoint_unverified(note), request.seen_note)
        response.exchanges.extend(
            log_pb2.KnownExchange(
                provided=known.provided,
                inquirer=known.inquirer,
                request_id=known.request_id,
                processing_number=known.processing_number,
                permit_ms=known.permit_ms,
            )
            for known in self._known.known_exchanges(caller(context).institution)
        )
        return response

    def _check_size(self, context: AnyContext, size: int, where: str) -> None:
        if caller(context).role is not Role.SUPERVISOR:
            self._beats.check_size(size, where=where)

    def _prove(self, response: log_pb2.CompareLogResponse, own: Checkpoint, seen_note: bytes) -> None:
        """Add what shows that the log extends the one seen, and that it says where it did not."""
        seen = read_checkpoint_unverified(seen_note) if seen_note else None
        if seen is not None and self._ledger.extends(seen) and seen.size <= own.size:
            response.consistency_hashes.extend(self._ledger.consistency_proof(seen.size, own.size))
        continuation = Continuation.of(own)
        if continuation.number:
            response.continuation_leaf = self._ledger.leaf(continuation.position)
            response.continuation_hashes.extend(self._ledger.inclusion_proof(continuation.position, own.size))

    async def ProveExchanges(
        self, request: log_pb2.ProveExchangesRequest, context: AnyContext
    ) -> log_pb2.ProveExchangesResponse:
        """Prove the caller's own exchanges."""
        institution = caller(context).institution
        self._check_size(context, request.tree_size, "tree_size")
        exchanges = await self._proofs.prove(institution, request.exchanges, request.tree_size)
        return log_pb2.ProveExchangesResponse(exchanges=exchanges)

    async def ListLeaves(
        self, request: log_pb2.ListLeavesRequest, context: AnyContext
    ) -> AsyncIterator[log_pb2.ListLeavesResponse]:
        """List leaves in order, page after page."""
        leaves = self._leaves(request.first_position, request.leaf_count)
        async with aclosing(leaves.pages(self._turns, request.page_size, request.page_token)) as pages:
            async for page in pages:
                yield log_pb2.ListLeavesResponse(
                    first_position=page.after, leaves=page.items, next_page_token=page.next_page_token
                )

    def _leaves(self, first: int, wanted: int) -> PagedList[int, bytes, bytes]:
        """The leaves from position ``first``, at most ``wanted`` (0: all there are now). A key is how many came before."""
        count = self._store.leaf_count()
        if first > count:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="first_position")
        end = min(count, first + wanted) if wanted else count

        def rows(after: int, most: int) -> list[tuple[int, bytes]]:
            return list(enumerate(self._store.leaves(after, max(0, min(most, end - after))), start=after + 1))

        scope = ("ListLeaves", self._ledger.origin, str(first), str(wanted))
        return PagedList(
            scope=scope, first=first, parse_key=row_number, rows=rows, item=_as_it_is, rows_in_a_turn=_IN_A_TURN
        )


def _as_it_is(leaf: bytes) -> bytes:
    return leaf


def _may_see(identity: Identity, leaf: bytes) -> bool:
    if identity.role is Role.SUPERVISOR:
        return True
    told = log_pb2.ExchangeLeaf.FromString(leaf)
    if told.event == log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED:
        return True
    return identity.institution in (told.inquirer, told.provider)
