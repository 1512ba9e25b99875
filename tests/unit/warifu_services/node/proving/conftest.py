"""Two nodes with files, and a hub's log between them that a test writes as it likes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import WarifuError
from warifu.tlog.checkpoint import Checkpoint, log_origin, sign_checkpoint
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu_services.agencies.tax import TaxAgency
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.provider import Provider
from warifu_services.node.proving import Prover
from warifu_services.node.proving_store import ProvingStore, Unproven
from warifu_services.node.standing_store import LogBreak, StandingStore
from warifu_services.node.store_database import DatabaseNodeStore

PERMITTED = log_pb2.LEAF_EVENT_PERMITTED


class Log:
    """A hub's log, which a test writes as it likes: whoever asks gets the proofs that the hub has."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.positions: dict[bytes, list[int]] = {}
        self.asked: list[int] = []
        self.refuse: WarifuError | None = None

    def write(self, record: Any, event: log_pb2.LeafEvent, **changes: Any) -> None:
        values = {
            "event": event,
            "request_id": record.request_id,
            "inquirer": record.inquirer,
            "provider": record.provider,
            "procedure_code": record.procedure_code,
            "item_code": record.item_code,
            "inquiry_digest": record.inquiry_digest,
            "processing_number": record.processing_number,
        }
        at_ms = changes.pop("at_ms", record.requested_ms)
        if event != PERMITTED:
            values["answer_digest"] = record.answer_digest
        self.positions.setdefault(record.request_id, []).append(len(self.entries))
        leaf = ExchangeLeaf(**{**values, **changes})
        leaf.event_time.FromMilliseconds(at_ms)
        self.entries.append(leaf.SerializeToString())

    def tree(self) -> MerkleTree:
        return MerkleTree([leaf_hash(entry) for entry in self.entries])

    def note(self) -> bytes:
        tree = self.tree()
        checkpoint = Checkpoint(origin=log_origin("sim-test"), size=tree.size, root_hash=tree.root(), extensions=())
        return sign_checkpoint(checkpoint, bytes(32))

    def shown(self, request_id: bytes, size: int) -> log_pb2.ProvenExchange:
        positions = self.positions.get(request_id, [])
        wanted = [positions[0], *positions[-1:]] if len(positions) > 1 else positions
        tree = self.tree()
        return log_pb2.ProvenExchange(
            leaves=[
                log_pb2.ProvenLeaf(
                    position=position, leaf=self.entries[position], hashes=tree.inclusion_proof(position, size)
                )
                for position in wanted
                if position < size
            ]
        )

    async def prove(self, request: log_pb2.ProveExchangesRequest) -> log_pb2.ProveExchangesResponse:
        self.asked.append(len(request.exchanges))
        if self.refuse is not None:
            raise self.refuse
        shown = [self.shown(each.request_id, request.tree_size) for each in request.exchanges]
        return log_pb2.ProveExchangesResponse(exchanges=shown)


class Node:
    """One node's file, what it has seen of the log, and its prover."""

    def __init__(self, path: Path, two: Any, log: Log) -> None:
        self.file = DatabaseNodeStore(path)
        self.two, self.log, self.clock = two, log, two.clock
        self.seen = StandingStore(self.file.database)
        self.store = ProvingStore(self.file.database)
        self.evidence = type(two.evidence)()
        self.begin()

    def begin(self) -> None:
        """The node, started again."""
        self.prover = Prover(store=self.store, seen=self.seen.seen_checkpoint, evidence=self.evidence, clock=self.clock)

    async def look(self, broken: LogBreak | None = None) -> None:
        """Compare, and prove."""
        await self.seen.put_seen(self.log.note(), broken)
        await self.prover.prove(self.log, self.clock.unix_ms())

    @property
    def unproven(self) -> list[Unproven]:
        both = (False, True)
        until = self.clock.unix_ms()
        return [
            each
            for missing in both
            for each in self.store.unproven(is_missing=missing, after=0, until_ms=until, count=1000)
        ]

    def records(self) -> list[Any]:
        return [record for _, record in self.file.records(0, 1000)]


class Exchanging:
    """Both sides of an exchange, each with a file, and a log between them that the test writes."""

    def __init__(self, path: Path, two: Any) -> None:
        self.two, self.log = two, Log()
        self.tax, self.childcare = (Node(path / f"{name}.sqlite3", two, self.log) for name in ("tax", "childcare"))

    async def begin(self) -> None:
        await self.tax.file.add_people([self.two.person("tax", "T-hanako", "hanako")])
        await self.childcare.file.add_people([self.two.person("childcare", "C-hanako", "hanako")])
        pair, clock = self.two.pair, self.two.clock
        self.provider = Provider(
            agency=TaxAgency(),
            keys=pair.keys["tax"],
            directory=pair.directory,
            store=self.tax.file,
            permissions=self.two.provider._permissions,
            clock=clock,
        )
        self.two.hub._provider = self.provider
        self.inquirer = Inquirer(
            keys=pair.keys["childcare"],
            directory=pair.directory,
            store=self.childcare.file,
            hub=self.two.hub,
            clock=clock,
        )

    async def exchange(self) -> Any:
        """One exchange, of which the log knows nothing; the inquirer's record."""
        asked = self.two.ask("hanako")
        with pytest.raises(WarifuError):  # RECORD_NOT_HELD: the answer says that there is no record
            await self.inquirer.inquire(asked, 5.0)
        return self.record(asked)

    def record(self, asked: Any) -> Any:
        kept = self.childcare.file.inquiry(asked.question.request_id)
        assert kept is not None
        return kept.record

    async def close(self) -> None:
        await self.inquirer.close()
        self.tax.file.close()
        self.childcare.file.close()


@pytest.fixture
async def both(two: Any, tmp_path: Path) -> Any:
    made = Exchanging(tmp_path, two)
    await made.begin()
    yield made
    await made.close()
