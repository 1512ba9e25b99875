"""Numbers for one call that are the same whenever the same call is made again.

Decides what a draw depends on: the seed, the party that serves the call, the RPC, the exchange, which attempt it is, and
what the number is for. Never on the order in which calls arrive, on the time, or on other calls, so that concurrency
changes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Draws", "FaultedCall"]

_BITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultedCall:
    """One call, as a seed sees it.

    ``rpc`` is ``Service.Method``; a call that came on a shared stream has the name of the RPC that it stands for.
    ``exchange`` is the request_id, or for what belongs to no exchange a digest of the request. ``attempt`` counts, from
    1, how often this party was called so about this exchange. ``shown`` is what a ledger may say of the exchange: its
    request_id in hexadecimal, and nothing for a digest, which could be tried out.
    """

    party: str
    rpc: str
    exchange: bytes
    attempt: int
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Draws:
    """The numbers of one call under one seed."""

    seed: int
    call: FaultedCall

    def below(self, bound: int, *purpose: str) -> int:
        """A whole number from 0 to ``bound`` - 1; another one for another purpose."""
        return self._number(purpose) * bound >> _BITS

    def share(self, *purpose: str) -> float:
        """A number from 0 to 1, 1 excluded."""
        return (self._number(purpose) >> 11) / (1 << 53)  # as many bits as a float holds, so that it is never 1

    def _number(self, purpose: tuple[str, ...]) -> int:
        call = self.call
        names = (str(self.seed), call.party, call.rpc, str(call.attempt), *purpose)
        digest = hashlib.sha256()
        for part in (call.exchange, *(name.encode() for name in names)):
            digest.update(len(part).to_bytes(4, "big") + part)
        return int.from_bytes(digest.digest()[: _BITS // 8], "big")
