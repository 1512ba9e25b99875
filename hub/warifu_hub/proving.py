"""What the log has of an agency's own exchanges, with the proofs.

Decides which leaves of an exchange are shown, and to whom: the one that permitted it and the newest that says its end, to
its two sides. Proofs are made a few in a turn of the event loop, so that who asks for many costs the others little. Knows
no gRPC.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import REQUEST_ID_SIZE
from warifu.identifiers import InstitutionCode
from warifu.rpc.paging import Turns
from warifu_hub.ledger import Ledger
from warifu_hub.store import HubStore

__all__ = ["MOST_EXCHANGES", "ExchangeProofs"]

MOST_EXCHANGES = 250
"""How many exchanges may be asked for at once."""

_IN_A_TURN = 8


class ExchangeProofs:
    """Proves exchanges from one hub's log."""

    def __init__(self, ledger: Ledger, store: HubStore, turns: Turns) -> None:
        """``turns`` are those that the lists of the same server take."""
        self._ledger = ledger
        self._store = store
        self._turns = turns

    async def prove(
        self, institution: InstitutionCode, names: Sequence[log_pb2.ExchangeName], tree_size: int
    ) -> list[log_pb2.ProvenExchange]:
        """What the tree of ``tree_size`` leaves has of each exchange that ``institution`` is a side of, in the order asked.

        Raises: REQUEST_MALFORMED, at the field at fault; LOG_UNAVAILABLE.
        """
        if not 1 <= len(names) <= MOST_EXCHANGES:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="exchanges", debug=f"{len(names)} of them")
        if not 0 < tree_size <= self._ledger.size:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="tree_size")
        proven: list[log_pb2.ProvenExchange] = []
        for start in range(0, len(names), _IN_A_TURN):
            part = names[start : start + _IN_A_TURN]
            proven += await self._turns.take(partial(self._prove_part, institution, part, tree_size))
        return proven

    def _prove_part(
        self, institution: InstitutionCode, names: Sequence[log_pb2.ExchangeName], tree_size: int
    ) -> list[log_pb2.ProvenExchange]:
        return [self._proven(institution, name, tree_size) for name in names]

    def _proven(
        self, institution: InstitutionCode, name: log_pb2.ExchangeName, tree_size: int
    ) -> log_pb2.ProvenExchange:
        inquirer = InstitutionCode.parse(name.inquirer, "exchanges.inquirer")
        if len(name.request_id) != REQUEST_ID_SIZE:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="exchanges.request_id")
        positions = self._store.exchange_positions(inquirer, name.request_id)
        if positions is None:
            return log_pb2.ProvenExchange()
        leaves = [
            self._leaf(position, tree_size)
            for position in (positions.permitted, positions.ended)
            if 0 <= position < tree_size
        ]
        if not all(_is_of(institution, each.leaf) for each in leaves):
            return log_pb2.ProvenExchange()
        return log_pb2.ProvenExchange(leaves=leaves)

    def _leaf(self, position: int, tree_size: int) -> log_pb2.ProvenLeaf:
        hashes = self._ledger.inclusion_proof(position, tree_size)
        return log_pb2.ProvenLeaf(position=position, leaf=self._ledger.leaf(position), hashes=hashes)


def _is_of(institution: InstitutionCode, leaf: bytes) -> bool:
    told = log_pb2.ExchangeLeaf.FromString(leaf)
    return institution in (told.inquirer, told.provider)
