"""What the kit does to its own calls in a check on purpose, as a network that is not calm does: nothing that a rule forbids.

Decides by the seed, the case and which call of the case it is: a call waits, is given up and made again with the same bytes, is
made twice, has a field that no contract has yet; an inquiry is close to its end. An honest party is not moved by any of it. It
knows no gRPC: how a call is made, it is told.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from google.protobuf.message import Message

from warifu_kit.conformance.case import Case
from warifu_kit.conformance.evidence import Evidence
from warifu_kit.faults.carrying import edited
from warifu_kit.faults.draws import Draws, FaultedCall
from warifu_kit.faults.kinds.delay import Delay
from warifu_kit.faults.kinds.expiring_permit import ExpiringPermit
from warifu_kit.faults.kinds.unknown_field import UnknownField
from warifu_kit.faults.plan import Plan
from warifu_kit.faults.rpcs import rpc_at

__all__ = [
    "DELAY",
    "DUPLICATE",
    "EXPIRING",
    "GIVEN_UP",
    "SHARES",
    "UNKNOWN_FIELD",
    "Awkward",
    "Met",
    "awkward_in",
    "said_of",
]

DELAY: Final = "delay"
GIVEN_UP: Final = "given_up"
DUPLICATE: Final = "duplicate"
UNKNOWN_FIELD: Final = "unknown_field"
EXPIRING: Final = "expiring_permit"

SHARES: Final = {DELAY: 0.25, GIVEN_UP: 0.05, DUPLICATE: 0.10, UNKNOWN_FIELD: 0.25, EXPIRING: 0.10}
"""Of how many of the calls that can meet it each is drawn; the last, of inquiries that are made."""

_OF_CALLS: Final = (DELAY, GIVEN_UP, DUPLICATE, UNKNOWN_FIELD)
_GIVEN_UP_MS: Final = 8
_MOST_NOTED: Final = 20  # evidence has room for what the case itself did
_PARTY: Final = "check"

Ended = TypeVar("Ended")
Said = TypeVar("Said", bound=Message)


@dataclass(frozen=True, slots=True)
class Met:
    """What one call meets. ``given_up_ms`` is 0 where it is not given up first; ``age_ms`` is how old an inquiry is made."""

    draws: Draws
    wait_ms: int = 0
    given_up_ms: int = 0
    twice: bool = False
    unknown_field: bool = False
    age_ms: int = 0

    @property
    def words(self) -> str:
        """What is done, for the evidence; empty for nothing."""
        done = {
            f"waits {self.wait_ms} ms": self.wait_ms,
            f"is given up after {self.given_up_ms} ms and made again": self.given_up_ms,
            "is made twice": self.twice,
            "has field 100001": self.unknown_field,
            f"is {self.age_ms // 60_000} minutes old": self.age_ms,
        }
        return ", ".join(words for words, is_done in done.items() if is_done)

    def edited(self, kind: type[Any], message: bytes) -> bytes:
        """``message`` with the unknown field, if it has one and ``message`` is of its ``kind``; else as it is."""
        edits = UnknownField().change(Plan()).edit_sent if self.unknown_field else ()
        return edited(kind, message, edits, self.draws)

    def with_field(self, message: Said) -> Said:
        """The same for a message that is not serialized yet."""
        return type(message).FromString(self.edited(type(message), message.SerializeToString()))


@dataclass(slots=True)
class Awkward:
    """What one case meets under a seed. ``noted`` is told of what is done; of very much the first.

    The same calls in the same order meet the same, whatever they hold; what a case makes at once counts in the order in which it is begun.
    """

    seed: int
    case_id: str
    noted: Callable[[str], None]
    _made: Counter[str] = field(default_factory=Counter)
    _noted: int = 0

    def meet(self, rpc: str, *kinds: str) -> Met:
        """What the next call of ``rpc`` of the case meets, which can meet ``kinds``."""
        self._made[rpc] += 1
        call = FaultedCall(party=_PARTY, rpc=rpc, exchange=self.case_id.encode(), attempt=self._made[rpc])
        draws = Draws(self.seed, call)
        drawn = {kind for kind in kinds if draws.share(kind) < SHARES[kind]}
        met = Met(
            draws,
            wait_ms=Delay.drawn(draws).change(Plan()).wait_ms if DELAY in drawn else 0,
            given_up_ms=1 + draws.below(_GIVEN_UP_MS, GIVEN_UP, "length") if GIVEN_UP in drawn else 0,
            twice=DUPLICATE in drawn,
            unknown_field=UNKNOWN_FIELD in drawn,
            age_ms=-ExpiringPermit().change(Plan()).skew_ms if EXPIRING in drawn else 0,
        )
        if met.words and self._noted < _MOST_NOTED:
            self._noted += 1
            self.noted(f"awkward: {rpc} {self._made[rpc]} {met.words}")
        return met

    def age_ms(self) -> int:
        """How old the next inquiry of the case is made, so that its permit is close to its end; mostly 0."""
        return self.meet("inquiry", EXPIRING).age_ms

    async def carry(
        self, path: str, body: bytes, *, seconds: float, deliver: Callable[[bytes, float], Awaitable[Ended]]
    ) -> Ended:
        """The end of a call of the RPC at ``path`` with what it meets; of two that are made, the first one's."""
        met, rpc = self.meet(path.rpartition("/")[2], *_OF_CALLS), rpc_at(path)
        if rpc is not None:
            body = met.edited(rpc.request, body)
        await asyncio.sleep(met.wait_ms / 1000)
        if met.given_up_ms:
            await deliver(body, min(seconds, met.given_up_ms / 1000))
        ended = await deliver(body, seconds)
        if met.twice:
            await deliver(body, seconds)
        return ended


def awkward_in(case: Case, evidence: Evidence, seed: int | None) -> Awkward | None:
    """What is done in a case under a seed, each of it noted in the case's evidence; nothing without one."""
    return Awkward(seed, case.case_id, evidence.noted) if seed is not None else None


def said_of(seed: int | None) -> str:
    """What a result says of it, and how to have the same again; empty where nothing was done."""
    return f", AWKWARD: --awkward --seed {seed}" if seed is not None else ""
