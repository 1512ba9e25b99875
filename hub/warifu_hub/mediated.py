"""What a mediated exchange brings, and the ways in which one is found that was begun before.

Decides what whoever asks again is given, or told: the answer as it is kept, that it is not kept any more, that the exchange goes
on. Whose exchange it is, and its steps, ``exchange`` decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ExchangeContext
from warifu.exchange.directory_entry import DirectoryEntry
from warifu_hub.leaves import ReceivedInquiry
from warifu_hub.store import StoredExchange, UnderWay

__all__ = [
    "NOT_NOW",
    "Admitted",
    "Ended",
    "MediatedExchange",
    "Providers",
    "elsewhere",
    "given_before",
    "not_now",
    "still_under_way",
]

NOT_NOW = frozenset({Reason.DEADLINE_TOO_SHORT, Reason.OVERLOADED})
"""Why an exchange is not asked for again at this moment; it stays as it is."""


class Providers(Protocol):
    """Carries a permit to a provider and brings its answer back. Its failures have the provider in their reason."""

    async def provide(self, provider: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        """The provider's answer. Raises: PROVIDER_UNREACHABLE, PROVIDER_TIMED_OUT, PROVIDER_FAILED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediatedExchange:
    """What the inquirer gets: the answer as signed by the provider, and under what it was permitted."""

    stored: StoredExchange
    answer: SignedAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An inquiry that passed steps 3.0 to 3.3, now or when it was permitted."""

    asked: ReceivedInquiry
    context: ExchangeContext
    inquiry: SignedInquiry
    encrypted: EncryptedCode
    inquirer: DirectoryEntry
    provider: DirectoryEntry
    permission_row: str
    ask_until: float


Ended: TypeAlias = MediatedExchange | None
"""What an exchange brought; None when it is another's, or nobody knows: it is to be looked for again."""


def still_under_way() -> WarifuError:
    """What a caller is told whose time is over before the exchange is."""
    return WarifuError(Reason.HUB_TIMED_OUT, where="deadline", debug="the exchange goes on")


async def elsewhere(under_way: UnderWay) -> Ended:
    """What an exchange brings that another process of this hub has. Raises: what it failed with."""
    stored = await under_way.ended()
    return None if stored is None else given_before(stored)


def not_now(error: WarifuError) -> WarifuError:
    """``error``, which is one of :data:`NOT_NOW`, of an exchange that was permitted before."""
    return WarifuError(Reason.HUB_TIMED_OUT, where=f"{error.reason.value} {error.where}".rstrip())


def given_before(stored: StoredExchange) -> MediatedExchange:
    """The answer that is kept. Raises: ASKED_BEFORE when it is not, any more."""
    if not stored.answer:
        raise WarifuError(Reason.ASKED_BEFORE, where="inquiry.context.request_id: the answer is no longer kept")
    return MediatedExchange(stored=stored, answer=SignedAnswer.FromString(stored.answer))
