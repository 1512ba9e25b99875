"""What a node noticed of a hub that does not follow the rules.

Decides what is kept of it and for how long an alarm stands: a day after it was noticed last, also over a restart. Whether
something is against the rules is decided where it is met (``provider``, ``inclusion``). It names exchanges by processing
number; it must never know whom one is about.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.clock import Clock
from warifu.errors import WarifuError
from warifu.party.alarms import AlarmKind
from warifu.rpc.logging import error_fields, get_logger
from warifu_services.node.evidence_store import MOST_OF_A_KIND, EvidenceStore, KeptEvidence

__all__ = ["STANDS", "Evidence", "EvidenceBook", "NoEvidence", "as_evidence"]

STANDS = timedelta(days=1)
"""How long an alarm of something that happened once stands."""

_STANDS_MS = STANDS // timedelta(milliseconds=1)


class Evidence(Protocol):
    """Where evidence is put."""

    async def notice(self, kind: AlarmKind, found: KeptEvidence, why: str) -> None:
        """Take down what was found, and ``why`` it is against the rules, for people to read."""


class NoEvidence:
    """Keeps nothing: for a node that nobody looks after."""

    async def notice(self, kind: AlarmKind, found: KeptEvidence, why: str) -> None:
        """See the contract."""


class EvidenceBook:
    """The evidence of one node, and the alarms that it gives rise to."""

    def __init__(self, store: EvidenceStore, clock: Clock) -> None:
        """Go on with what was kept before the node stopped."""
        self._store = store
        self._clock = clock
        self._numbers: dict[str, set[str]] = {}
        self._newest: dict[str, tuple[int, str]] = {}
        for found in store.kept():
            self._take(found, f"exchange {found.processing_number}")

    async def notice(self, kind: AlarmKind, found: KeptEvidence, why: str) -> None:
        """See :class:`Evidence`. A disk that takes nothing is no reason to be silent; that there is enough of it already, is."""
        known = self._numbers.get(kind.value, set())
        is_new = found.processing_number not in known and len(known) < MOST_OF_A_KIND
        self._take(found, f"exchange {found.processing_number}: {why}")
        if is_new:
            get_logger("node").error(kind.value.lower(), processing_number=found.processing_number, why=why)
            try:
                await self._store.keep(found)
            except WarifuError as error:
                get_logger("node").error("evidence_not_kept", **error_fields(error))

    def amiss(self, kind: AlarmKind) -> str | None:
        """What was noticed of this kind within the last day; None when nothing was."""
        last_ms, what = self._newest.get(kind.value, (0, ""))
        if self._clock.unix_ms() - last_ms > _STANDS_MS:
            return None
        count = len(self._numbers[kind.value])
        more = "" if count == 1 else f"; {count}{' or more' if count == MOST_OF_A_KIND else ''} in all"
        return f"{what}{more}"

    def _take(self, found: KeptEvidence, what: str) -> None:
        numbers = self._numbers.setdefault(found.kind, set())
        if len(numbers) < MOST_OF_A_KIND:
            numbers.add(found.processing_number)
        self._newest[found.kind] = (found.kept_ms, what)


def as_evidence(kind: AlarmKind, permit: ProvisionPermit, asked: bytes, now_ms: int) -> KeptEvidence:
    """A permit whose signature was checked, whole, as evidence; ``asked`` is the digest of the inquiry in it."""
    return KeptEvidence(
        kind=kind.value,
        processing_number=permit.processing_number,
        kept_ms=now_ms,
        inquiry_digest=asked,
        permit=permit.SerializeToString(),
    )
