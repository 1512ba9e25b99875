"""One exchange with everything real but sockets: three parties' cores, their databases, and streams joined in memory.

What each party does is counted where it is done: every call of a function that costs, by the party in whose work it came.
What a process remembers of signatures it has verified is kept for each party, as if it were a process of its own.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import nacl.bindings as sodium
import pytest

from warifu.agency import Replica
from warifu.api.agency.v1.agency_service_pb2 import ProvideReply, ProvideResponse, ProvideStreamResponse
from warifu.api.hub.v1.hub_service_pb2 import ExchangeReply, ExchangeStreamResponse
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.clock import ManualClock
from warifu.curve.suites import available_suites, group_of
from warifu.exchange import hpke, seal, signature
from warifu.exchange.codes import person_point, row_key
from warifu.exchange.directory import Directory
from warifu.exchange.inquiry import Question
from warifu.exchange.proof_policy import ProofPolicy
from warifu.exchange.together import LastWays
from warifu.party.database import Database
from warifu.party.folder import PartyFolder
from warifu.permissions.table import PermissionTable
from warifu.pki import Identity, Role
from warifu.rpc.multiplex import serve_calls
from warifu.rpc.width import IN_BULK
from warifu_hub.exchange import Mediator
from warifu_hub.mediated import Ended
from warifu_hub.own_keys import OwnKeys
from warifu_hub.providers import BulkProviders, GrpcProviders
from warifu_hub.room import Room
from warifu_hub.servicers.hub import exchange_response
from warifu_hub.store_database import DatabaseHubStore
from warifu_kit.network.creation import create_network
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.tax import LOCAL_TAX, TaxAgency
from warifu_services.node.filing import CODE_PLACE
from warifu_services.node.hub_link import BulkHub, StreamedHub
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.inquiry_book import InquiryRequest
from warifu_services.node.keys import NodeKeys
from warifu_services.node.provider import Provider
from warifu_services.node.store import Person
from warifu_services.node.store_database import DatabaseNodeStore

START = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
PERSON = "0001"

WORKING: ContextVar[str] = ContextVar("working", default="nobody")
"""The party whose work the running task does."""

IN_A_BATCH: ContextVar[bool] = ContextVar("in a batch", default=False)
"""Whether it came in bulk."""


@dataclass
class Tally:
    """What was done: kinds of work by party, messages by way, and what each database was told."""

    done: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    messages: Counter[str] = field(default_factory=Counter)
    disk: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, dict[str, int]]:
        """All of it, without what was not done."""
        parts = {**self.done, "messages": self.messages, "disk": self.disk}
        return {name: {what: count for what, count in part.items() if count} for name, part in parts.items()}


def _kinds(suite: int) -> dict[CodeType, str]:
    """The functions that cost, by their code."""
    group = type(group_of(suite))
    named: dict[str, Callable[..., Any]] = {
        "multiply": group.multiply,
        "base_multiply": group.base_multiply,
        "add": group.add,
        "subtract": group.subtract,
        "validate": group.decode,
        "hash_to_point": group.hash_to_point,
        "sign": signature.SigningKey._signature,
        "verify": signature._verify,
        "hpke_set_up": hpke._keys,
        "box": seal._pad,
        "x25519": sodium.crypto_scalarmult,
        "x25519_base": sodium.crypto_scalarmult_base,
        "at_rest": seal.seal_at_rest,
        "from_rest": seal.open_at_rest,
    }
    return {function.__code__: kind for kind, function in named.items()}


@contextmanager
def counting(suite: int, tally: Tally) -> Iterator[None]:
    """Counts what is done on this thread."""
    kinds, before = _kinds(suite), sys.getprofile()

    def seen(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and (kind := kinds.get(frame.f_code)):
            tally.done[WORKING.get()][kind] += 1

    sys.setprofile(seen)
    try:
        yield
    finally:
        sys.setprofile(before)


class Wire:
    """A stream between two parties, its messages counted both ways."""

    def __init__(self, replies: AsyncIterator[Any], count: Callable[[str], None]) -> None:
        self._replies = replies
        self._count = count

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for reply in self._replies:
            self._count("from")
            yield type(reply).FromString(reply.SerializeToString())

    def cancel(self) -> None:
        """What a gRPC call has."""


class Way:
    """Stands where a channel to ``party`` does, and where its stub and the pool of channels do: all lead to ``served``."""

    generation = 0

    def __init__(self, party: str, served: Callable[[Any, float], Any], reply: Any, response: Any) -> None:
        self._party = party
        self._served = served
        self._types = {"reply_type": reply, "response_type": response}
        self.messages: Counter[str] = Counter()

    def peer(self, *_: Any) -> Way:
        return self

    def stub(self, _: Any) -> Way:
        return self

    def connected(self) -> Way:
        return self

    def ExchangeStream(self, messages: AsyncIterator[Any]) -> Wire:
        self.messages["rpcs"] += 1
        served = serve_calls(self._arriving(messages), handle=self._handle, **self._types)
        return Wire(served, self._count)

    ProvideStream = ExchangeStream

    def ExchangeBulk(self, messages: AsyncIterator[Any]) -> Wire:
        return Wire(
            serve_calls(self._arriving(messages), handle=self._handle_bulk, width=IN_BULK, **self._types), self._count
        )

    ProvideBulk = ExchangeBulk

    async def _arriving(self, messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for message in messages:
            self._count("to")
            yield type(message).FromString(message.SerializeToString())

    async def _handle_bulk(self, request: Any, left: float) -> Any:
        IN_A_BATCH.set(True)
        return await self._handle(request, left)

    async def _handle(self, request: Any, left: float) -> Any:
        WORKING.set(self._party)
        return await self._served(request, left)

    def _count(self, way: str) -> None:
        self.messages[way] += 1


class ThreeParties:
    """Childcare asks, a hub mediates, tax answers; one person is known to both nodes."""

    def __init__(self, path: Path, suite: int, proofs: str) -> None:
        create_network(path, suite=suite, clock=ManualClock(START), proofs=ProofPolicy.parse(proofs))
        self.suite = suite
        self._folders = {party: PartyFolder(path / party) for party in ("hub", "childcare", "tax")}
        self._directory: Directory = self._folders["hub"].directory()
        self._clock = ManualClock(START)
        self._keys = {p: NodeKeys.load(self._folders[p], self._directory) for p in ("childcare", "tax")}
        self._hub_keys = OwnKeys.load(self._folders["hub"], self._directory)
        self._hub_store = DatabaseHubStore(path / "hub" / "hub.sqlite3")
        self._stores = {p: DatabaseNodeStore(path / p / "node.sqlite3") for p in ("childcare", "tax")}
        self._wire()

    def _wire(self) -> None:
        shared: dict[str, Any] = {"directory": self._directory, "clock": self._clock}
        table = PermissionTable.load()
        self._provider = Provider(
            agency=TaxAgency(), keys=self._keys["tax"], store=self._stores["tax"], permissions=table, **shared
        )
        self.to_provider = Way("provider", self._provide, ProvideReply, ProvideStreamResponse)
        self._providers = GrpcProviders(
            network=self._directory.network,
            channels=self.to_provider,  # type: ignore[arg-type]  # a pool that knows one peer
            store=self._hub_store,
        )
        at_hub: dict[str, Any] = {"permissions": table, "keys": self._hub_keys, "store": self._hub_store, **shared}
        room = Room[Ended]()
        self._mediator = Mediator(providers=self._providers, room=room, **at_hub)
        self._bulk = Mediator(providers=BulkProviders(self._providers), room=room.in_bulk(), **at_hub)
        self.to_hub = Way("hub", self._exchange, ExchangeReply, ExchangeStreamResponse)
        self._hub = StreamedHub(self.to_hub)  # type: ignore[arg-type]  # a channel in memory
        self._bulk_hub = BulkHub(self.to_hub, self._hub)  # type: ignore[arg-type]  # as above
        self._inquirer = Inquirer(
            keys=self._keys["childcare"],
            store=self._stores["childcare"],
            hub=self._hub,
            bulk=self._bulk_hub,
            **shared,
        )
        self._made = 0

    async def _provide(self, request: Any, left: float) -> ProvideResponse:
        return ProvideResponse(answer=await self._provider.provide(request.permit, left))

    async def _exchange(self, request: Any, left: float) -> Any:
        own = self._keys["childcare"].own.institution
        caller = Identity(network=self._directory.network, role=Role.AGENCY, institution=own)
        mediator = self._bulk if IN_A_BATCH.get() else self._mediator
        return exchange_response(await mediator.exchange(caller, request.inquiry, left))

    async def introduce(self) -> None:
        """Make the person known, say where the provider is, and make one exchange: nobody's first call is counted."""
        for party, store in self._stores.items():
            await store.add_people([self._person(party)])
        record = LocalTaxRecord(fiscal_year=2026, total_income_yen=1).SerializeToString()
        day = START.date()
        replica = Replica(
            item_code=LOCAL_TAX, fiscal_year=2026, publication_start=day, publication_end=None, record=record
        )
        await self._stores["tax"].put_replicas([(PERSON, replica)])
        await self._hub_store.put_endpoint(self._keys["tax"].own.institution, "127.0.0.1:1")
        await self._ask(bytes(16))
        IN_A_BATCH.set(True)
        await self._ask(b"\xff" * 16)
        IN_A_BATCH.set(False)

    def _person(self, party: str) -> Person:
        keys, group = self._keys[party], self._directory.group
        factor = self._hub_keys.translator.factor(keys.own.institution, keys.own.code_epoch)
        point = group.multiply(factor, person_point(group, bytes(32), PERSON.encode()))
        filed_under = row_key(keys.provider.row_secret, point)
        sealed = keys.at_rest.seal(CODE_PLACE, filed_under, point)
        return Person(local_number=PERSON, row_key=filed_under, sealed_code=sealed, code_epoch=keys.own.code_epoch)

    async def ask_together(self, count: int) -> Tally:
        """``count`` inquiries made in one moment, all answered; everything that was done for them."""
        return await self._counted(count)

    async def ask_in_bulk(self, count: int) -> Tally:
        """The same, made in bulk."""
        IN_A_BATCH.set(True)
        try:
            return await self._counted(count)
        finally:
            IN_A_BATCH.set(False)

    async def _counted(self, count: int) -> Tally:
        tally = Tally()
        before = self._written()
        for way in (self.to_hub, self.to_provider):
            way.messages.clear()
        WORKING.set("inquirer")
        with counting(self.suite, tally):
            first, self._made = self._made + 1, self._made + count
            await asyncio.gather(*(self._ask(number.to_bytes(16, "big")) for number in range(first, first + count)))
        tally.disk.update(self._written())
        tally.disk.subtract(before)
        for whom, way in (("hub", self.to_hub), ("provider", self.to_provider)):
            tally.messages.update({f"{what} {whom}": number for what, number in way.messages.items()})
        return tally

    async def bytes_left_by(self, *, groups: int, size: int) -> dict[str, float]:
        """By how much each database grows for an exchange, when so many groups of so many are made."""
        before = self._bytes()
        for group in range(1, groups + 1):
            numbers = range(group * size, (group + 1) * size)
            await asyncio.gather(*(self._ask(number.to_bytes(16, "big")) for number in numbers))
        return {party: (size_now - before[party]) / (groups * size) for party, size_now in self._bytes().items()}

    def _bytes(self) -> dict[str, int]:
        """The size of each database, everything in its file."""
        for each in self._databases().values():
            each._engine.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return {party: each.path.stat().st_size for party, each in self._databases().items()}

    async def _ask(self, request_id: bytes) -> None:
        question = Question(
            request_id=request_id,
            provider=self._keys["tax"].own.institution,
            procedure_code=CHILD_ALLOWANCE_PROCEDURE,
            item_code=LOCAL_TAX,
        )
        asked = InquiryRequest(local_number=PERSON, question=question)
        result = await self._inquirer.inquire(asked, 60.0, in_bulk=IN_A_BATCH.get())
        assert result.found is not None

    def _written(self) -> Counter[str]:
        """Of each party's database: disk syncs, and the records that shared them."""
        databases = self._databases()
        counted = {f"{party} syncs": each.groups_committed for party, each in databases.items()}
        return Counter(counted | {f"{party} records": each.mutations_committed for party, each in databases.items()})

    def _databases(self) -> dict[str, Database]:
        databases = {
            "inquirer": self._stores["childcare"].database,
            "hub": self._hub_store.database,
            "provider": self._stores["tax"].database,
        }
        return {party: each for party, each in databases.items() if isinstance(each, Database)}

    async def close(self) -> None:
        await self._inquirer.close()
        await self._hub.close()
        await self._bulk_hub.close()
        await self._providers.close()
        for store in self._stores.values():
            store.close()
        self._hub_store.close()


@pytest.fixture(params=available_suites(), ids=lambda suite: f"suite{suite}")
async def parties_with(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[str], Any]]:
    """Makes three parties, in a network with this proof policy."""
    made: list[ThreeParties] = []
    verified = signature._verify_root.__wrapped__
    roots: dict[str, Callable[..., None]] = defaultdict(lambda: lru_cache(verified))
    ways: dict[str, LastWays] = defaultdict(LastWays)

    def verify_root(*root: bytes) -> None:
        roots[WORKING.get()](*root)

    class Ways:
        def follow(self, *way: Any) -> None:
            ways[WORKING.get()].follow(*way)

    monkeypatch.setattr(signature, "_verify_root", verify_root)
    monkeypatch.setattr(signature, "_WAYS", Ways())

    async def parties(proofs: str) -> ThreeParties:
        made.append(ThreeParties(tmp_path / "net", request.param, proofs))
        await made[-1].introduce()
        return made[-1]

    yield parties
    for each in made:
        await each.close()
