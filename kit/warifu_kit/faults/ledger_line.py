"""What the fault ledger says of one call.

Decides what may stand there: seed, party, RPC, exchange, attempt, who asked for it, and the faults. Nothing personal, and no time,
so that two networks with one seed write the same lines, in whatever order.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LedgerLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """What was done to one call.

    ``exchange`` is the request_id in hexadecimal, empty where a call belongs to no exchange. ``by`` is ``seed``, ``rule N`` or
    ``call``, for what the call asked for itself. ``faults`` are written as they are asked for; ``done`` says it in words.
    """

    seed: int
    party: str
    rpc: str
    exchange: str
    attempt: int
    by: str
    faults: str
    done: str
