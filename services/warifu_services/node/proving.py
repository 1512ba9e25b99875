"""Seeing that the hub's log has every exchange of this node.

Decides when an exchange is missing: one that was not shown to be in the log a minute after the hub must have had its leaves
on disk, though the hub was there to be asked. Also, when the log as a whole stands still: its checkpoint is the same a
minute after an exchange that must have made it longer. Asked is in batches, after each comparison with the hub, under the
checkpoint that the comparison verified. What a leaf must say is decided in ``inclusion``.

It knows no gRPC, and of an exchange only what its record says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import AlarmKind
from warifu.rpc.logging import error_fields, get_logger
from warifu.tlog.checkpoint import Checkpoint, read_checkpoint_unverified
from warifu_services.node.evidence import Evidence
from warifu_services.node.evidence_store import KeptEvidence
from warifu_services.node.inclusion import is_in_log
from warifu_services.node.proving_store import ProvingStore, Unproven

__all__ = ["MISSING_AFTER", "Prover", "ProvingPort"]

MISSING_AFTER: Final = timedelta(seconds=60)
"""How long the hub has to show that an exchange is in its log, and that its log goes on."""

_MISSING_AFTER_MS: Final = MISSING_AFTER // timedelta(milliseconds=1)
_BATCH: Final = 100
_IN_A_TURN: Final = 8
_MOST_MISSING_ASKED: Final = 200  # of those known to be missing, at each comparison


class ProvingPort(Protocol):
    """The hub's log, however it is reached."""

    async def prove(self, request: log_pb2.ProveExchangesRequest) -> log_pb2.ProveExchangesResponse:
        """What the hub says. Raises: what the hub said; HUB_UNREACHABLE or HUB_TIMED_OUT when it said nothing."""


@dataclass(slots=True)
class _Found:
    """What one look at a log found of this node's exchanges."""

    beyond: list[Unproven] = field(default_factory=list)  # the log stands where it stood before them
    is_refused: bool = False  # the hub shows nothing: it is not asked again before the next look


class Prover:
    """Proves one node's exchanges from the hub's log, as often as the two compare."""

    def __init__(
        self, *, store: ProvingStore, seen: Callable[[], bytes | None], evidence: Evidence, clock: Clock
    ) -> None:
        """``seen`` is the newest checkpoint that was verified here, as a signed note."""
        self._store = store
        self._seen = seen
        self._evidence = evidence
        self._clock = clock
        self._note: bytes | None = seen()
        self._grown_ms = 0
        self._compared_ms = 0
        self._missing = store.missing_count()
        self._example = ""
        self._beyond: list[Unproven] = []

    async def prove(self, hub: ProvingPort, until_ms: int) -> None:
        """Prove what is known since ``until_ms`` (Unix milliseconds) or before, when the comparison just made began.

        Raises: HUB_UNREACHABLE; STORE_UNAVAILABLE.
        """
        note = self._seen()
        if note is None:
            return
        if note != self._note:
            self._note, self._grown_ms = note, until_ms
        checkpoint, found = read_checkpoint_unverified(note), _Found()  # it was verified when it was stored
        for batch in self._batches(until_ms):
            await self._prove_batch(hub, batch, checkpoint, found)
        self._beyond = found.beyond
        self._missing = self._store.missing_count()

    def missing(self) -> str | None:
        """That exchanges are missing in the log; None while none is known to be."""
        if not self._missing:
            return None
        such_as = f", such as {self._example}" if self._example else ""
        return f"the hub's log lacks {self._missing} exchanges of this node{such_as}"

    def compared(self) -> None:
        """The hub showed a checkpoint, whatever it was."""
        self._compared_ms = self._clock.unix_ms()

    def standing_still(self, in_contact_since_ms: int | None) -> str | None:
        """That the log stands still; None while it goes on, as far as this node can know.

        ``in_contact_since_ms``: since when the hub is there to show a checkpoint (Unix milliseconds); None: it is not.
        """
        if self._beyond:
            return f"the hub's checkpoint is as it was before exchange {self._beyond[0].processing_number}"
        if in_contact_since_ms is None:
            return None
        last_ms = max(self._compared_ms, in_contact_since_ms)
        if last_ms + _MISSING_AFTER_MS > self._clock.unix_ms():
            return None
        return f"the hub shows no checkpoint since {datetime.fromtimestamp(last_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"

    def _batches(self, until_ms: int) -> Iterator[list[Unproven]]:
        missing = self._store.unproven(is_missing=True, after=0, until_ms=until_ms, count=_MOST_MISSING_ASKED)
        yield from (missing[start : start + _BATCH] for start in range(0, len(missing), _BATCH))
        after = 0
        while batch := self._store.unproven(is_missing=False, after=after, until_ms=until_ms, count=_BATCH):
            after = batch[-1].sequence
            yield batch

    async def _prove_batch(
        self, hub: ProvingPort, batch: list[Unproven], checkpoint: Checkpoint, found: _Found
    ) -> None:
        told = await self._told(hub, batch, checkpoint, found)
        proven: list[Unproven] = []
        others: list[Unproven] = []
        for place, (each, shown) in enumerate(zip(batch, told, strict=True)):
            if place % _IN_A_TURN == _IN_A_TURN - 1:
                await asyncio.sleep(0)
            (proven if is_in_log(each, shown, checkpoint) else others).append(each)
        overdue = [each for each in others if each.since_ms + _MISSING_AFTER_MS <= self._clock.unix_ms()]
        lost = [each for each in overdue if each.is_excused]
        beyond = [each for each in overdue if not each.is_excused and each.since_ms > self._grown_ms]
        missing = [each for each in overdue if not each.is_excused and each.since_ms <= self._grown_ms]
        await self._store.settle(done=[*proven, *lost], missing=missing)
        found.beyond += beyond
        await self._say(missing, lost)

    async def _told(
        self, hub: ProvingPort, batch: list[Unproven], checkpoint: Checkpoint, found: _Found
    ) -> list[log_pb2.ProvenExchange]:
        """What the hub shows of each; nothing where it answers with an error or not in time. Raises: HUB_UNREACHABLE."""
        request = log_pb2.ProveExchangesRequest(
            tree_size=checkpoint.size,
            exchanges=[log_pb2.ExchangeName(inquirer=each.inquirer, request_id=each.request_id) for each in batch],
        )
        told: list[log_pb2.ProvenExchange] = []
        try:
            if not found.is_refused:
                told = list((await hub.prove(request)).exchanges)
        except WarifuError as error:
            if error.reason is Reason.HUB_UNREACHABLE:
                raise
            found.is_refused = True
            get_logger("node").warning("not_proven_by_hub", **error_fields(error))
        return told if len(told) == len(batch) else [log_pb2.ProvenExchange()] * len(batch)

    async def _say(self, missing: list[Unproven], lost: list[Unproven]) -> None:
        if lost:
            get_logger("node").warning("lost_with_log", exchanges=len(lost), such_as=lost[0].processing_number)
        for each in missing:
            self._example = each.processing_number
            kind = AlarmKind.EXCHANGE_NOT_IN_LOG
            await self._evidence.notice(kind, self._as_evidence(kind, each), "not in the hub's log")

    def _as_evidence(self, kind: AlarmKind, missing: Unproven) -> KeptEvidence:
        return KeptEvidence(
            kind=kind.value,
            processing_number=missing.processing_number,
            kept_ms=self._clock.unix_ms(),
            inquiry_digest=missing.inquiry_digest,
            permit=missing.permit,
        )
