"""A node in front of a business system that is down, slow or wrong, or is none: over real mutual TLS, with the real hub."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import UInt32Value

from warifu.adapter.servicer import ADAPTER_ACCESS
from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.adapter.v1.adapter_service_pb2_grpc import (
    AdapterServiceServicer,
    AdapterServiceStub,
    add_AdapterServiceServicer_to_server,
)
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.party.alarms import AlarmKind
from warifu.pki import CredentialFiles, Role
from warifu.rpc.access import EVERY_ROLE
from warifu.rpc.channel import PeerChannel
from warifu.rpc.identity import caller
from warifu.rpc.server import build_server
from warifu_kit.network.adapter_folder import make_adapter_folder
from warifu_kit.network.creation import DEFAULT_MEMBERS, Member, create_network

FOUND = adapter_pb2.LOOK_UP_OUTCOME_FOUND
Say = Callable[[adapter_pb2.LookUpRequest], Awaitable[adapter_pb2.LookUpResponse]]


def good(request: adapter_pb2.LookUpRequest, **changes: Any) -> adapter_pb2.LookUpResponse:
    record = LocalTaxRecord(fiscal_year=2026, total_income_yen=7_000_000)
    values: dict[str, Any] = {
        "outcome": FOUND,
        "local_number": request.local_number,
        "item_code": request.item_code,
        "fiscal_year": 2026,
        "record_type": record.DESCRIPTOR.full_name,
        "record": record.SerializeToString(),
    }
    return adapter_pb2.LookUpResponse(**{**values, **changes})


class Office(AdapterServiceServicer):
    """Serves the production contract, and says what a test wants."""

    def __init__(self, town: Any, party: str = "tax") -> None:
        self._town = town
        self.institution = town.code(party)
        self.ready = True
        self.callers: list[str] = []
        self.asked: list[adapter_pb2.LookUpRequest] = []
        self.say: Callable[[adapter_pb2.LookUpRequest], Any] = good
        self.endpoint = ""
        self._server: grpc.aio.Server | None = None

    async def start(self, folder: Path) -> None:
        self._server, port = build_server(
            credential=CredentialFiles(folder / "tls.pem", folder / "tls.key"),
            root_pem=(self._town.path / "root" / "root.pem").read_bytes(),
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
        return adapter_pb2.GetClerkDecisionResponse(
            processing_number=request.processing_number, decision=adapter_pb2.PROVISION_DECISION_PENDING
        )


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


def fault(town: Any) -> str:
    """What the node shows of its business system: the alarm's words, empty while none stands."""
    lookout = town.nodes["tax"].lookout
    lookout.look()
    standing = [each for each in lookout.alarms.standing() if each.kind is AlarmKind.ADAPTER_NOT_IN_CONTACT]
    return standing[0].where if standing else ""


async def test_the_business_system_answers_and_only_its_node_has_asked_it(office: Office) -> None:
    town = office._town
    result = await town.client("childcare").inquire(town.inquiry(1, fiscal_year=2026))
    assert LocalTaxRecord.FromString(result.record).total_income_yen == 7_000_000
    (asked,) = office.asked
    assert (asked.local_number, asked.fiscal_year) == ("tax-1", 2026)
    assert asked.processing_number == result.processing_number
    assert asked.inquirer == town.code("childcare")
    assert set(office.callers) == {town.folder("tax").identity().uri}
    assert fault(town) == ""


async def test_a_kind_that_no_package_describes_is_answered_for_by_its_business_system(
    tmp_path: Path, refused: Any, town_at: Any, begin_office: Any
) -> None:
    pension = Member(
        party="pension",
        role=Role.AGENCY,
        kind="pension",
        name="Pension service (SIMULATED)",
        institution=InstitutionCode.build(5, None, 1),
    )
    members = [each for each in DEFAULT_MEMBERS if each.party not in {"tax", "insurance"}]
    create_network(tmp_path / "net", members=(*members, pension))
    town = town_at(tmp_path / "net")
    await town.start()
    office = await begin_office(town, "pension")
    coverage = UInt32Value(value=240)
    office.say = lambda request: good(
        request, fiscal_year=0, record_type=coverage.DESCRIPTOR.full_name, record=coverage.SerializeToString()
    )
    numbers = await town.my_numbers(1)
    for party, options in (("childcare", {}), ("pension", {"adapter": office.endpoint})):
        await town.start_node(party, **options)
        await town.acquire(party, numbers)
    asked = {"provider": town.code("pension"), "item_code": "TM99000000000004"}
    result = await town.client("childcare").inquire(town.inquiry(0, **asked))
    assert result.record_type == "google.protobuf.UInt32Value"
    assert UInt32Value.FromString(result.record) == coverage
    assert town.nodes["pension"].adapter.absence() is None
    for wrong in ({"record": b"x" * 1_000_001}, {"record_type": ""}, {"record_type": "a type"}):
        office.say = lambda request, wrong=wrong: good(request, fiscal_year=0, **wrong)
        error = await refused(town.client("childcare").inquire(town.inquiry(0, **asked)))
        assert error.where == "provider: ADAPTER_ANSWER_INVALID"
    await town.stop_node("pension")
    with pytest.raises(WarifuError, match="agency kind 'pension' is not known"):
        await town.start_node("pension")


async def taking_for_ever(_: Any) -> Any:
    await asyncio.Event().wait()


async def failing(_: Any) -> Any:
    raise ValueError("tax-0")


WRONG: dict[str, tuple[Callable[[adapter_pb2.LookUpRequest], Any], Reason, str]] = {
    "another person's record": (
        lambda request: good(request, local_number="tax-1"),
        Reason.ADAPTER_ANSWER_INVALID,
        "local_number",
    ),
    "another item": (
        lambda request: good(request, item_code="TM00000000000004"),
        Reason.ADAPTER_ANSWER_INVALID,
        "item_code",
    ),
    "another record": (
        lambda request: good(request, record_type="warifu.api.record.v1.ResidentRecord"),
        Reason.ADAPTER_ANSWER_INVALID,
        "record_type",
    ),
    "a record that is too large": (
        lambda request: good(request, record=b"x" * 1_000_001),
        Reason.ADAPTER_ANSWER_INVALID,
        "record does not fit",
    ),
    "more than a message may hold": (
        lambda request: good(request, record=b"x" * 9_000_000),
        Reason.ADAPTER_ANSWER_INVALID,
        "RESOURCE_EXHAUSTED",
    ),
    "nothing in particular": (
        lambda _: adapter_pb2.LookUpResponse(),
        Reason.ADAPTER_ANSWER_INVALID,
        "local_number",
    ),
    "an exception": (failing, Reason.ADAPTER_ANSWER_INVALID, "INTERNAL"),
    "nothing for ever": (taking_for_ever, Reason.ADAPTER_TIMED_OUT, "adapter"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_answer_fails_the_exchange_and_the_same_bytes_ask_again(
    office: Office, refused: Any, what: str
) -> None:
    town, (say, reason, told) = office._town, WRONG[what]
    office.say = say
    asking = town.inquiry(0)
    error = await refused(town.client("childcare").inquire(asking, timeout=4.0))
    assert (error.reason, error.where) == (Reason.PROVIDER_FAILED, f"provider: {reason.value}")
    assert not error.definite
    assert reason.value in fault(town)
    assert told in fault(town)
    assert "tax-" not in fault(town)
    assert await town.client("tax").exchange_records() == []  # nothing was provided, so nothing is recorded
    office.say = good
    result = await town.client("childcare").inquire(asking)
    assert result.state == node_pb2.INQUIRY_STATE_ANSWERED
    assert len({each.processing_number for each in office.asked}) == 1
    assert fault(town) == ""


async def test_two_answers_that_the_business_system_mixed_up_are_given_to_nobody(office: Office, refused: Any) -> None:
    town, met = office._town, asyncio.Barrier(2)
    waiting: list[adapter_pb2.LookUpRequest] = []

    async def mixed_up(request: adapter_pb2.LookUpRequest) -> adapter_pb2.LookUpResponse:
        waiting.append(request)
        place = len(waiting) - 1
        await met.wait()
        return good(waiting[1 - place])

    office.say = mixed_up
    askings = [town.inquiry(0), town.inquiry(1)]
    errors = await asyncio.gather(*(refused(town.client("childcare").inquire(asking)) for asking in askings))
    assert {error.where for error in errors} == {"provider: ADAPTER_ANSWER_INVALID"}
    office.say = good
    results = [await town.client("childcare").inquire(asking) for asking in askings]
    assert {result.state for result in results} == {node_pb2.INQUIRY_STATE_ANSWERED}


async def test_many_at_once_are_looked_up_at_once(office: Office) -> None:
    town, met = office._town, asyncio.Barrier(12)

    async def together(request: adapter_pb2.LookUpRequest) -> adapter_pb2.LookUpResponse:
        await met.wait()
        return good(request)

    office.say = together
    askings = [town.client("childcare").inquire(town.inquiry(n % 3)) for n in range(12)]
    results = await asyncio.gather(*askings)
    assert len({result.processing_number for result in results}) == 12


async def test_somebody_who_is_not_here_meets_the_same_faults(office: Office, refused: Any) -> None:
    town = office._town
    numbers = await town.my_numbers(1)
    await town.acquire("childcare", ["", "", "", *numbers])  # tax knows nothing of the fourth
    office.say = failing
    for place in (0, 3):
        error = await refused(town.client("childcare").inquire(town.inquiry(place)))
        assert error.where == "provider: ADAPTER_ANSWER_INVALID"
    office.say = good
    assert (await refused(town.client("childcare").inquire(town.inquiry(3)))).reason is Reason.RECORD_NOT_HELD
    assert len(office.asked) == 3
    assert office.asked[-1].local_number not in {f"tax-{n}" for n in range(3)}


async def test_a_business_system_that_went_down_is_shown_and_taken_up_again(office: Office, refused: Any) -> None:
    town, asking = office._town, office._town.inquiry(0)
    await office.stop()
    error = await refused(town.client("childcare").inquire(asking))
    assert error.where == "provider: ADAPTER_UNREACHABLE"
    assert "nobody listens there" in fault(town)
    await office.start(town.path / "tax-system")
    assert (await town.client("childcare").inquire(asking)).state == node_pb2.INQUIRY_STATE_ANSWERED
    await town.until(lambda: fault(town) == "")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ({"ready": False}, "it says that it is not ready"),
        ({"institution": "9030000000000001"}, "institution_code is another's"),
    ],
)
async def test_one_that_is_not_ready_or_another_institutions_is_shown(
    office: Office, spoil: dict[str, Any], told: str
) -> None:
    town = office._town
    for name, value in spoil.items():
        setattr(office, name, value)
    await town.stop_node("tax")
    await town.start_node("tax", adapter=office.endpoint)
    await town.until(lambda: told in fault(town))


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes connections and says nothing."""
    with suppress(ConnectionError), closing(writer):
        await reader.read()


async def chatty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speaks, and no TLS."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(("program", "told"), [(silent, "no answer"), (chatty, "another program or a proxy")])
async def test_what_is_no_business_system_at_all_is_unreachable(
    office: Office, refused: Any, program: Any, told: str
) -> None:
    town = office._town
    server = await asyncio.start_server(program, "127.0.0.1", 0)
    await restarted(town, server.sockets[0])
    asking = town.inquiry(0)
    error = await refused(town.client("childcare").inquire(asking, timeout=3.0))
    assert error.where in {"provider: ADAPTER_UNREACHABLE", "provider: ADAPTER_TIMED_OUT"}
    assert told in fault(town)
    await town.stop_node("tax")
    server.close()
    await town.start_node("tax", adapter=office.endpoint)
    assert (await town.client("childcare").inquire(asking)).state == node_pb2.INQUIRY_STATE_ANSWERED


@pytest.mark.parametrize("whose", ["tax", "residence/business", "hub"])
async def test_anybody_elses_certificate_is_not_the_business_systems(office: Office, refused: Any, whose: str) -> None:
    town, folder = office._town, office._town.path / whose
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    context.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(silent, "127.0.0.1", 0, ssl=context)
    await restarted(town, server.sockets[0])
    error = await refused(town.client("childcare").inquire(town.inquiry(0)))
    assert error.where == "provider: ADAPTER_UNREACHABLE"
    assert "another party answers there" in fault(town)
    server.close()


async def restarted(town: Any, listening: socket.socket) -> None:
    """Tax again, in front of something else."""
    await town.stop_node("tax")
    await town.start_node("tax", adapter=f"127.0.0.1:{listening.getsockname()[1]}")


async def test_no_one_but_the_node_is_let_in_by_the_python_adapter(empty_town: Any, refused: Any) -> None:
    from warifu.adapter import AdapterFolder
    from warifu.adapter.servicer import build_adapter
    from warifu.rpc.status import translated
    from warifu_services.agencies.tax import TaxAgency

    class Live(TaxAgency):
        keeps_replicas = False

    town, folder = empty_town, empty_town.path / "tax-system"
    make_adapter_folder(town.path, "tax", folder)
    server, endpoint = build_adapter(Live(), AdapterFolder(folder), listen="127.0.0.1:0")
    await server.start()
    expect = CredentialFiles(folder / "tls.pem", folder / "tls.key").current().identity

    async def asked(whose: str) -> Any:
        own = town.path / whose
        channel = PeerChannel(
            endpoint,
            credential=CredentialFiles(own / "tls.pem", own / "tls.key"),
            root_pem=(town.path / "root" / "root.pem").read_bytes(),
            expect=expect,
        )
        try:
            with translated({}):
                return await channel.stub(AdapterServiceStub).GetReadiness(adapter_pb2.GetReadinessRequest())
        finally:
            await channel.close()

    assert (await asked("tax")).ready
    for whose in ("childcare", "hub", "authority", "supervisor", "tax/business", "tax-system"):
        assert (await refused(asked(whose))).reason is Reason.CALLER_NOT_ALLOWED
    await server.stop(0)
