"""The hub's store in memory, for tests of what stands above a store. It forgets everything with its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.tlog.merkle import HASH_LENGTH
from warifu.tlog.tiled_tree import TILE_WIDTH, HashTile
from warifu_hub.store import (
    Assessment,
    ExchangePositions,
    ExchangeState,
    StoredExchange,
    Unopened,
    WithdrawnAssessments,
)

__all__ = ["MemoryHubStore"]


class MemoryHubStore:
    """:class:`warifu_hub.store.HubStore` in plain dictionaries."""

    def __init__(self) -> None:
        self._leaves: list[bytes] = []
        self._exchanges: dict[tuple[InstitutionCode, bytes], StoredExchange] = {}
        self._numbers: set[str] = set()
        self._ended: dict[tuple[InstitutionCode, bytes], int] = {}
        self._endpoints: dict[InstitutionCode, str] = {}
        self._withdrawn: WithdrawnAssessments = frozenset()
        self._checkpoint: bytes | None = None
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._suspected: int | None = None
        self._headers: dict[int, tuple[bytes, int]] = {}

    async def find_exchange(self, inquirer: InstitutionCode, request_id: bytes) -> StoredExchange | None:
        """See the contract."""
        return self._exchanges.get((inquirer, request_id))

    def exchange_positions(self, inquirer: InstitutionCode, request_id: bytes) -> ExchangePositions | None:
        """See the contract."""
        stored = self._exchanges.get((inquirer, request_id))
        if stored is None:
            return None
        return ExchangePositions(stored.permitted_position, self._ended.get((inquirer, request_id), -1))

    async def open_exchange(self, exchange: StoredExchange, leaf: bytes) -> int | Unopened:
        """See the contract."""
        if (exchange.inquirer, exchange.request_id) in self._exchanges:
            return Unopened.KNOWN
        if exchange.processing_number in self._numbers:
            return Unopened.NUMBER_TAKEN
        position = await self.append_leaf(leaf)
        self._numbers.add(exchange.processing_number)
        self._exchanges[exchange.inquirer, exchange.request_id] = replace(exchange, permitted_position=position)
        return position

    async def close_exchange(
        self,
        exchange: StoredExchange,
        leaf: bytes,
        *,
        answered_by: InstitutionCode | None = None,
        fault: WarifuError | None = None,
    ) -> int:
        """See the contract."""
        stored = self._exchanges[exchange.inquirer, exchange.request_id]
        self._exchanges[exchange.inquirer, exchange.request_id] = replace(
            stored, state=exchange.state, answer=exchange.answer
        )
        position = await self.append_leaf(leaf)
        self._ended[exchange.inquirer, exchange.request_id] = position
        return position

    async def reopen_exchange(self, exchange: StoredExchange) -> bool:
        """See the contract."""
        stored = self._exchanges[exchange.inquirer, exchange.request_id]
        if exchange.state is ExchangeState.UNASKED:
            self._exchanges[exchange.inquirer, exchange.request_id] = replace(stored, state=ExchangeState.OPEN)
        return True

    async def leave_exchange(self, exchange: StoredExchange) -> None:
        """See the contract."""

    async def append_leaf(self, leaf: bytes) -> int:
        """See the contract."""
        self._leaves.append(leaf)
        return len(self._leaves) - 1

    def leaf_count(self) -> int:
        """See the contract."""
        return len(self._leaves)

    def leaves(self, first: int, count: int) -> list[bytes]:
        """See the contract."""
        return self._leaves[first : first + count]

    async def publish_checkpoint(self, signed_note: bytes, tiles: Sequence[HashTile] = ()) -> None:
        """See the contract."""
        self.put_tiles(tiles)
        self._checkpoint = signed_note

    def put_tiles(self, tiles: Sequence[HashTile]) -> None:
        """See the contract."""
        self._tiles.update({(tile.level, tile.number): tile.hashes for tile in tiles})

    def tile(self, level: int, number: int) -> bytes | None:
        """See the contract."""
        return self._tiles.get((level, number))

    def tiled_size(self) -> int:
        """See the contract."""
        last = max((number for level, number in self._tiles if level == 0), default=None)
        return 0 if last is None else last * TILE_WIDTH + len(self._tiles[0, last]) // HASH_LENGTH

    async def suspect_tile(self, number: int) -> None:
        """See the contract."""
        self._suspected = number

    def suspected_tile(self) -> int | None:
        """See the contract."""
        return self._suspected

    def published_checkpoint(self) -> bytes | None:
        """See the contract."""
        return self._checkpoint

    async def put_endpoint(self, institution: InstitutionCode, endpoint: str) -> None:
        """See the contract."""
        self._endpoints[institution] = endpoint

    async def endpoint(self, institution: InstitutionCode) -> str | None:
        """See the contract."""
        return self._endpoints.get(institution)

    async def set_assessment(
        self, institution: InstitutionCode, item_code: ItemCode, *, withdrawn: bool, leaf: bytes
    ) -> int:
        """See the contract."""
        changed = {(institution, item_code)}
        self._withdrawn = self._withdrawn | changed if withdrawn else self._withdrawn - changed
        return await self.append_leaf(leaf)

    def withdrawn_assessments(self) -> WithdrawnAssessments:
        """See the contract."""
        return self._withdrawn

    async def put_directory_header(self, version: int, header: bytes, leaf: bytes) -> int:
        """See the contract."""
        if version in self._headers:
            raise WarifuError(Reason.LOG_INVALID, where=f"version {version} of the directory is in the log already")
        position = await self.append_leaf(leaf)
        self._headers[version] = (header, position)
        return position

    def directory_headers(self, after: int, count: int) -> list[tuple[bytes, int]]:
        """See the contract."""
        return [self._headers[version] for version in sorted(self._headers) if version > after][:count]

    def newest_directory_header(self) -> bytes | None:
        """See the contract."""
        return self._headers[max(self._headers)][0] if self._headers else None

    def withdrawn_after(self, after: Assessment, count: int) -> list[Assessment]:
        """See the contract."""
        later: list[Assessment] = [each for each in self._withdrawn if each > after]
        return sorted(later)[:count]

    async def forget_answers(self, before_ms: int) -> int:
        """See the contract."""
        old = [
            key
            for key, exchange in self._exchanges.items()
            if exchange.permit_ms < before_ms and exchange.state is ExchangeState.ANSWERED and exchange.answer
        ]
        for key in old:
            self._exchanges[key] = replace(self._exchanges[key], answer=b"")
        return len(old)

    def close(self) -> None:
        """See the contract."""
