"""One node's core without processes: memory store, manual clock, and a hub that is a function."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime
from typing import Any

import pytest

from warifu.agency import Replica
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedInquiry
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import row_key
from warifu.identifiers import ItemCode
from warifu.party.alarms import AlarmKind
from warifu.permissions.table import PermissionTable
from warifu_services.agencies.tax import TaxAgency
from warifu_services.node.evidence_store import KeptEvidence
from warifu_services.node.filing import CODE_PLACE
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.inquiry_book import InquiryRequest
from warifu_services.node.provider import Provider
from warifu_services.node.store import Person
from warifu_services.node.store_memory import MemoryNodeStore

LOCAL_TAX = ItemCode("TM00000000000002")
TABLE = PermissionTable.load()


class Noticed:
    """What a node takes down of the hub, as a list."""

    def __init__(self) -> None:
        self.found: list[tuple[AlarmKind, KeptEvidence, str]] = []

    async def notice(self, kind: AlarmKind, found: KeptEvidence, why: str) -> None:
        self.found.append((kind, found, why))


class ShortHub:
    """Carries an inquiry to one provider and back, like the hub less its decisions. Can be told to fail.

    ``failures`` are raised first, one per call; ``change`` may spoil a response before it goes back.
    """

    def __init__(self, pair: Any, provider: Provider, clock: ManualClock) -> None:
        self._pair = pair
        self._provider = provider
        self._clock = clock
        self._permits: dict[bytes, ProvisionPermit] = {}
        self.failures: list[WarifuError] = []
        self.seen: list[bytes] = []
        self.timeouts: list[float] = []
        self.change: Callable[[ExchangeResponse], Any] = lambda _: None
        self.before: Callable[[], Awaitable[None]] | None = None

    async def exchange(self, inquiry: SignedInquiry, timeout: float) -> ExchangeResponse:
        self.seen.append(inquiry.SerializeToString())
        self.timeouts.append(timeout)
        if self.before is not None:
            await self.before()
        if self.failures:
            raise self.failures.pop(0)
        permit = self._permits.setdefault(inquiry.context, self._pair.permit(inquiry, self._clock.now()))
        answer = await self._provider.provide(permit, timeout)
        response = ExchangeResponse(
            processing_number=permit.processing_number, answer=answer, permitted_position=5, permission_row="R01"
        )
        self.change(response)
        return response


class TwoNodes:
    """Childcare asks, tax answers; everybody named here is known to both under ``C-name`` and ``T-name``."""

    def __init__(self, pair: Any, start: datetime) -> None:
        self.pair = pair
        self.clock = ManualClock(start)
        self.tax, self.childcare = MemoryNodeStore(), MemoryNodeStore()
        self.evidence = Noticed()
        self.in_contact_since: int | None = self.clock.unix_ms()
        self.provider = self.new_provider()
        self.hub = ShortHub(pair, self.provider, self.clock)
        self.inquirer = self.new_inquirer()

    def new_provider(self, agency: Any = None, **parts: Any) -> Provider:
        """Tax, started again with what it stored."""
        return Provider(
            agency=agency or TaxAgency(),
            keys=self.pair.keys["tax"],
            directory=self.pair.directory,
            store=self.tax,
            permissions=TABLE,
            clock=self.clock,
            evidence=self.evidence,
            in_contact_since=lambda: self.in_contact_since,
            **parts,
        )

    def new_inquirer(self, store: Any = None) -> Inquirer:
        """Childcare, started again with what it stored."""
        return Inquirer(
            keys=self.pair.keys["childcare"],
            directory=self.pair.directory,
            store=store or self.childcare,
            hub=self.hub,
            clock=self.clock,
        )

    async def add(self, name: str, *, record: bool = True) -> None:
        """Make a person known to both, with a tax record of 2026 unless told otherwise."""
        await self.childcare.add_people([self.person("childcare", f"C-{name}", name)])
        await self.tax.add_people([self.person("tax", f"T-{name}", name)])
        if record:
            await self.tax.put_replicas([(f"T-{name}", self.replica(name))])

    def person(self, party: str, local_number: str, name: str) -> Person:
        keys = self.pair.keys[party]
        point = self.pair.code(party, name.encode()).point
        filed_under = row_key(keys.provider.row_secret, point)
        sealed = keys.at_rest.seal(CODE_PLACE, filed_under, point)
        return Person(
            local_number=local_number, row_key=filed_under, sealed_code=sealed, code_epoch=keys.own.code_epoch
        )

    def replica(self, name: str, start: date = date(2026, 6, 1)) -> Replica:
        record = LocalTaxRecord(fiscal_year=2026, total_income_yen=1_000 * len(name)).SerializeToString()
        return Replica(
            item_code=LOCAL_TAX, fiscal_year=2026, publication_start=start, publication_end=None, record=record
        )

    def ask(self, name: str, **changes: Any) -> InquiryRequest:
        """A fresh question of childcare about somebody."""
        return InquiryRequest(local_number=f"C-{name}", question=self.pair.question(**changes))


@pytest.fixture
async def two(pair: Any, start: datetime) -> AsyncIterator[TwoNodes]:
    """Two nodes that know hanako."""
    nodes = TwoNodes(pair, start)
    await nodes.add("hanako")
    yield nodes
    await nodes.inquirer.close()


@pytest.fixture
async def two_with(pair_with: Callable[[str], Any], start: datetime) -> AsyncIterator[Callable[[str], Any]]:
    """Two nodes that know hanako and taro, in a network with another proof policy."""
    made: list[TwoNodes] = []

    async def nodes_with(policy: str) -> TwoNodes:
        made.append(TwoNodes(pair_with(policy), start))
        for name in ("hanako", "taro"):
            await made[-1].add(name)
        return made[-1]

    yield nodes_with
    for nodes in made:
        await nodes.inquirer.close()


@pytest.fixture
def refusal() -> Callable[[Awaitable[Any]], Awaitable[Reason]]:
    """Await something that must be refused; the reason."""

    async def reason_of(awaited: Awaitable[Any]) -> Reason:
        with pytest.raises(WarifuError) as refused:
            await awaited
        return refused.value.reason

    return reason_of
