"""Tax and its people, the hub's own converter, and what the directory says now: enough to rotate codes by hand."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.agency import Replica
from warifu.api.hub.v1.hub_service_pb2 import RotateCodesRequest, RotateCodesResponse
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.clock import ManualClock
from warifu.curve.group import Point
from warifu.curve.suites import available_suites
from warifu.exchange.codes import AgencyCode, EncryptedCode, person_point, row_key
from warifu.exchange.context import LONGEST_SKEW, LONGEST_VALIDITY, ExchangeContext
from warifu.exchange.directory import Directory
from warifu.exchange.inquiry import Question, build_inquiry
from warifu.exchange.statements import inquiry_digest, sign_conversion, sign_permit
from warifu.identifiers import ItemCode, ProcedureCode
from warifu.lockstep import at_once
from warifu.party.folder import PartyFolder
from warifu.party.held import Held
from warifu.permissions.table import PermissionTable
from warifu.pki import Identity, Role
from warifu_hub.issuing import CodeConverter
from warifu_hub.own_keys import OwnKeys
from warifu_hub.store_memory import MemoryHubStore
from warifu_hub.translate import Party
from warifu_kit.network.creation import create_network
from warifu_kit.network.rotation import (
    announce_codes,
    put_codes_in_force,
)
from warifu_kit.network.versions import newest_version
from warifu_services.agencies.tax import TaxAgency
from warifu_services.node.filing import CODE_PLACE, code_of
from warifu_services.node.keys import NodeKeys
from warifu_services.node.provider import Provider
from warifu_services.node.rotation import CodeRotator
from warifu_services.node.store import NodeStore, Person
from warifu_services.node.store_memory import MemoryNodeStore

START = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)
SETTLED_AFTER = OVERLAP + LONGEST_VALIDITY + LONGEST_SKEW + timedelta(milliseconds=1)
AUTHORITY_KEY = bytes(32)
LOCAL_TAX, CHILD_ALLOWANCE = ItemCode("TM00000000000002"), ProcedureCode("JT99000000000001")
PEOPLE = [f"T-{n}" for n in range(7)]


class World:
    """Tax and its store, the hub's converter a function call away, and what the directory says now."""

    people = PEOPLE
    overlap = OVERLAP
    settled_after = SETTLED_AFTER

    def __init__(self, path: Path, store: NodeStore, workers: ThreadPoolExecutor) -> None:
        self.path, self.store, self.clock = path, store, ManualClock(START)
        self.root_pem = (path / "root" / "root.pem").read_bytes()
        directory = self.newest()
        self.directories = Held(directory)
        self.keys = Held(NodeKeys.load(PartyFolder(path / "tax"), directory))
        self.hub_keys = Held(OwnKeys.load(PartyFolder(path / "hub"), directory))
        self.hub_store = MemoryHubStore()
        self.converter = CodeConverter(
            directory=self.directories,
            keys=self.hub_keys,
            store=self.hub_store,
            clock=self.clock,
            workers=workers,
        )
        self.workers = workers
        self.requests: list[RotateCodesRequest] = []
        self.spoil: Callable[[RotateCodesRequest, RotateCodesResponse], object] = lambda *_: None
        self.rotator = self.new_rotator()
        self.provider = Provider(
            agency=TaxAgency(),
            keys=self.keys,
            directory=self.directories,
            store=store,
            permissions=PermissionTable.load(),
            clock=self.clock,
            codes_ready=self.codes_ready,
        )

    async def codes_ready(self) -> None:
        await self.rotator.caught_up()

    def new_rotator(self) -> CodeRotator:
        return CodeRotator(
            keys=self.keys,
            directory=self.directories,
            store=self.store,
            hub=self,
            clock=self.clock,
            workers=self.workers,
        )

    @property
    def institution(self) -> Any:
        return self.keys.current().own.institution

    def newest(self) -> Directory:
        return Directory.from_message(newest_version(self.path), self.root_pem)

    def take(self) -> None:
        """Everybody takes the newest version."""
        directory = self.newest()
        self.keys.hold(NodeKeys.load(PartyFolder(self.path / "tax"), directory))
        self.hub_keys.hold(OwnKeys.load(PartyFolder(self.path / "hub"), directory))
        self.directories.hold(directory)

    def announce(self) -> None:
        announce_codes(self.path, "tax", clock=self.clock)
        self.take()

    def put_in_force(self) -> None:
        put_codes_in_force(self.path, "tax", overlap=OVERLAP, clock=self.clock)
        self.take()

    async def rotate(self, request: RotateCodesRequest, timeout: float) -> RotateCodesResponse:
        """The hub, which a test may spoil."""
        self.requests.append(request)
        caller = Identity(network=self.directories.current().network, role=Role.AGENCY, institution=self.institution)
        response = await self.converter.rotate(caller, request)
        self.spoil(request, response)
        return response

    def sign(self, request: RotateCodesRequest, response: RotateCodesResponse) -> None:
        """The hub's own signature on whatever is in the response now."""
        response.hub_signature = sign_conversion(
            self.hub_keys.current().signing_key, request.context, response.converted_codes
        )

    def code(self, name: str, epoch: int, party: str = "tax") -> Point:
        """s·P, as issuing codes of that epoch would give it."""
        directory = self.directories.current()
        institution = PartyFolder(self.path / party).settings().institution_code
        factor = self.hub_keys.current().translator.factor(institution, epoch)
        return directory.group.multiply(factor, person_point(directory.group, AUTHORITY_KEY, name.encode()))

    def person(self, name: str, epoch: int = 1) -> Person:
        keys, point = self.keys.current(), self.code(name, epoch)
        filed_under = row_key(keys.provider.row_secret, point)
        sealed = keys.at_rest.seal(CODE_PLACE, filed_under, point)
        return Person(local_number=name, row_key=filed_under, sealed_code=sealed, code_epoch=epoch)

    async def add(self, *names: str, epoch: int = 1) -> None:
        assert all(await self.store.add_people([self.person(name, epoch) for name in names]))

    def held(self, name: str, epoch: int) -> Point | None:
        """The code of that epoch that the node has for somebody."""
        person = self.store.person(name)
        if person is not None and person.code_epoch != epoch:
            person = self.store.rotated(name, epoch)
        return None if person is None else code_of(person, self.keys.current().at_rest)

    def right(self, epoch: int, names: list[str] | None = None) -> bool:
        """Whether everybody has exactly the code that issuing would have given them."""
        wanted = PEOPLE if names is None else names
        keys = self.keys.current().provider
        return all(
            self.held(name, epoch) == self.code(name, epoch)
            and self.finds(row_key(keys.row_secret, self.code(name, epoch))) == name
            for name in wanted
        )

    def finds(self, filed_under: bytes) -> str | None:
        found = self.store.find_by_row_key(filed_under, LOCAL_TAX)
        return found.local_number if found else None

    def inquiry(self, name: str) -> inquiry_pb2.SignedInquiry:
        """What childcare asks about somebody, under the version that is in force."""
        directory = self.directories.current()
        keys = NodeKeys.load(PartyFolder(self.path / "childcare"), directory)
        code = AgencyCode(institution=keys.own.institution, epoch=1, point=self.code(name, 1, "childcare"))
        question = Question(
            request_id=secrets.token_bytes(16),
            provider=self.institution,
            procedure_code=CHILD_ALLOWANCE,
            item_code=LOCAL_TAX,
        )
        inquiry, _ = build_inquiry(question, code, keys=keys.inquirer, directory=directory, now_ms=self.clock.unix_ms())
        return inquiry

    def permit(self, inquiry: inquiry_pb2.SignedInquiry) -> inquiry_pb2.ProvisionPermit:
        """The hub's permit, code converted to the epoch that the inquiry was made for."""
        directory, context = self.directories.current(), ExchangeContext.decode(inquiry.context)
        inquirer = directory.entry_for(context.inquirer, context.epoch_from, context.issued_ms)
        provider = directory.entry_for(context.provider, context.epoch_to, context.issued_ms)
        code = inquiry.encrypted_code
        keys = self.hub_keys.current()
        conversion = keys.translator.conversion(
            context=inquiry.context,
            encrypted=EncryptedCode.decode(directory.group, code.c1, code.c2),
            from_=Party.of(inquirer),
            to=Party.of(provider),
            to_key=provider.agency_key,
        )
        converted, proof = at_once(conversion)
        permit = inquiry_pb2.ProvisionPermit(
            inquiry=inquiry,
            converted_code=EncryptedCodeMessage(c1=converted.c1, c2=converted.c2),
            processing_number=f"20260615{secrets.randbelow(10**12):012d}",
            permission_row="R01",
            conversion_proof=proof,
        )
        permit.permit_time.FromDatetime(self.clock.now())
        sign_permit(keys.signing_key, permit, inquiry_digest(inquiry))
        return permit

    async def answered(self, permit: inquiry_pb2.ProvisionPermit) -> bool:
        """Whether the provider answers, and knew the person."""
        before = self.store.misses(ExchangeContext.decode(permit.inquiry.context).inquirer)
        answer = await self.provider.provide(permit, 5.0)
        assert answer.outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED
        return self.store.misses(ExchangeContext.decode(permit.inquiry.context).inquirer) == before

    async def add_record(self, name: str) -> None:
        record = LocalTaxRecord(fiscal_year=2026, total_income_yen=1).SerializeToString()
        await self.store.put_replicas(
            [
                (
                    name,
                    Replica(
                        item_code=LOCAL_TAX,
                        fiscal_year=2026,
                        publication_start=date(2026, 6, 1),
                        publication_end=None,
                        record=record,
                    ),
                )
            ]
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A network of each suite that this machine has, which tests copy."""
    path = tmp_path_factory.mktemp("suites")
    for suite in available_suites():
        create_network(path / str(suite), suite=suite, clock=ManualClock(START))
    return {suite: path / str(suite) for suite in available_suites()}


@pytest.fixture
def new_world(made: dict[int, Path], tmp_path: Path) -> Iterator[Callable[..., World]]:
    stores: list[NodeStore] = []
    with ThreadPoolExecutor(2) as workers:

        def new(suite: int = 2, store: NodeStore | None = None) -> World:
            path = Path(shutil.copytree(made[suite], tmp_path / f"net-{len(stores)}"))
            stores.append(store or MemoryNodeStore())
            return World(path, stores[-1], workers)

        yield new
    for store in stores:
        store.close()


@pytest.fixture
async def world(new_world: Callable[..., World]) -> World:
    """Tax with seven people, whose next code epoch is announced."""
    made = new_world()
    await made.add(*PEOPLE)
    made.announce()
    return made
