"""A tax office whose business system is a server of this process, and says what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.adapter.servicer import ADAPTER_ACCESS
from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.adapter.v1.adapter_service_pb2_grpc import (
    AdapterServiceServicer,
    add_AdapterServiceServicer_to_server,
)
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import AlarmKind
from warifu.pki import CredentialFiles
from warifu.rpc.access import EVERY_ROLE
from warifu.rpc.identity import caller
from warifu.rpc.server import build_server
from warifu_kit.network.adapter_folder import make_adapter_folder
from warifu_services.node.adapter import link


def good(request: adapter_pb2.LookUpRequest, **changes: Any) -> adapter_pb2.LookUpResponse:
    record = LocalTaxRecord(fiscal_year=2026, total_income_yen=7_000_000)
    values: dict[str, Any] = {
        "outcome": adapter_pb2.LOOK_UP_OUTCOME_FOUND,
        "local_number": request.local_number,
        "item_code": request.item_code,
        "fiscal_year": 2026,
        "record_type": record.DESCRIPTOR.full_name,
        "record": record.SerializeToString(),
    }
    return adapter_pb2.LookUpResponse(**{**values, **changes})


async def failing(_: adapter_pb2.LookUpRequest) -> Any:
    raise ValueError("tax-0")


async def having_no_room(_: adapter_pb2.LookUpRequest) -> Any:
    raise WarifuError(Reason.OVERLOADED)


async def taking_for_ever(_: adapter_pb2.LookUpRequest) -> Any:
    await asyncio.Event().wait()


def held(request: adapter_pb2.LookUpRequest) -> adapter_pb2.LookUpResponse:
    """A system in which a clerk decides first."""
    pending = adapter_pb2.LOOK_UP_OUTCOME_PENDING
    return good(request) if request.released else good(request, outcome=pending, record=b"")


class Office(AdapterServiceServicer):
    """Serves the production contract, and says what a test wants: ``say`` is one of these, or a function of its own."""

    good, held = staticmethod(good), staticmethod(held)
    failing, having_no_room = staticmethod(failing), staticmethod(having_no_room)
    taking_for_ever = staticmethod(taking_for_ever)

    def __init__(self, town: Any, party: str) -> None:
        self.town = town
        self.institution = town.code(party)
        self.ready = True
        self.decision: adapter_pb2.ProvisionDecision = adapter_pb2.PROVISION_DECISION_PENDING
        self.callers: list[str] = []
        self.asked: list[adapter_pb2.LookUpRequest] = []
        self.say: Callable[[adapter_pb2.LookUpRequest], Any] = good
        self.endpoint = ""
        self._server: grpc.aio.Server | None = None

    def fault(self) -> str:
        """What the node shows of its business system: the alarm's words, empty while none stands."""
        lookout = self.town.nodes["tax"].lookout
        lookout.look()
        standing = [each for each in lookout.alarms.standing() if each.kind is AlarmKind.ADAPTER_NOT_IN_CONTACT]
        return standing[0].where if standing else ""

    async def start(self, folder: Path) -> None:
        self._server, port = build_server(
            credential=CredentialFiles(folder / "tls.pem", folder / "tls.key"),
            root_pem=(self.town.path / "root" / "root.pem").read_bytes(),
            access=dict.fromkeys(ADAPTER_ACCESS, EVERY_ROLE),
            services=[(add_AdapterServiceServicer_to_server, self)],
            revoked=frozenset,
            listen=self.endpoint or "127.0.0.1:0",
        )
        await self._server.start()
        self.endpoint = f"127.0.0.1:{port}"

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(0)
            self._server = None

    async def GetReadiness(self, request: adapter_pb2.GetReadinessRequest, context: Any) -> Any:
        return adapter_pb2.GetReadinessResponse(
            institution_code=self.institution, ready=self.ready, item_codes=["TM00000000000002"]
        )

    async def LookUp(self, request: adapter_pb2.LookUpRequest, context: Any) -> Any:
        self.callers.append(caller(context).uri)
        self.asked.append(request)
        said = self.say(request)
        return await said if asyncio.iscoroutine(said) else said

    async def GetClerkDecision(self, request: adapter_pb2.GetClerkDecisionRequest, context: Any) -> Any:
        return adapter_pb2.GetClerkDecisionResponse(processing_number=request.processing_number, decision=self.decision)


@pytest.fixture
def asked_once_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node asks that when it starts and not again: what it shows of the last question stays."""
    monkeypatch.setattr(link, "_CONTACT_S", 600.0)


@pytest.fixture
async def begin_office() -> AsyncIterator[Callable[[Any, str], Awaitable[Office]]]:
    """Starts the business system of a party of a town."""
    begun: list[Office] = []

    async def begin(town: Any, party: str) -> Office:
        begun.append(Office(town, party))
        folder = town.path / f"{party}-system"
        make_adapter_folder(town.path, party, folder)
        await begun[-1].start(folder)
        return begun[-1]

    yield begin
    for office in begun:
        await office.stop()


@pytest.fixture
async def office(empty_town: Any, begin_office: Any) -> Office:
    """Childcare, and a tax office whose business system answers. Both know the same three people."""
    town = empty_town
    await town.start()
    office: Office = await begin_office(town, "tax")
    numbers = await town.my_numbers(3)
    for party, options in (("childcare", {}), ("tax", {"adapter": office.endpoint})):
        await town.start_node(party, **options)
        await town.acquire(party, numbers)
    return office
