"""Rotating an agency's codes against the hub's own converter: every new code is the person's, or nothing is stored."""

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
from warifu.api.log.v1.log_service_pb2 import LEAF_EVENT_CODES_ROTATED, ExchangeLeaf
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.clock import ManualClock
from warifu.curve.group import Point
from warifu.curve.suites import available_suites
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import AgencyCode, EncryptedCode, person_point, row_key
from warifu.exchange.context import LONGEST_SKEW, LONGEST_VALIDITY, ExchangeContext
from warifu.exchange.directory import Directory
from warifu.exchange.inquiry import Question, build_inquiry
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import inquiry_digest, sign_conversion, sign_permit
from warifu.identifiers import ItemCode, ProcedureCode
from warifu.party.folder import PartyFolder
from warifu.party.held import Held
from warifu.pki import Identity, Role
from warifu_hub.issuing import CodeConverter
from warifu_hub.own_keys import OwnKeys
from warifu_hub.store_memory import MemoryHubStore
from warifu_hub.translate import Party
from warifu_kit.network.creation import create_network
from warifu_kit.network.rotation import (
    AgencyKeys,
    announce_codes,
    put_codes_in_force,
    rotate_agency_keys,
    rotate_opening_key,
)
from warifu_kit.network.versions import newest_version
from warifu_services.agencies.tax import TaxAgency
from warifu_services.node import rotation
from warifu_services.node.filing import CODE_PLACE, code_of
from warifu_services.node.keys import NodeKeys
from warifu_services.node.provider import Provider
from warifu_services.node.rotation import CodeRotator
from warifu_services.node.store import ClerkDecision, NodeStore, Person, PersonFlags
from warifu_services.node.store_memory import MemoryNodeStore
from warifu_services.node.store_sqlite import SqliteNodeStore

START = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)
SETTLED_AFTER = OVERLAP + LONGEST_VALIDITY + LONGEST_SKEW + timedelta(milliseconds=1)
AUTHORITY_KEY = bytes(32)
LOCAL_TAX, CHILD_ALLOWANCE = ItemCode("TM00000000000002"), ProcedureCode("JT99000000000001")
PEOPLE = [f"T-{n}" for n in range(7)]


class World:
    """Tax and its store, the hub's converter a function call away, and what the directory says now."""

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
        converted = keys.translator.convert(
            context=inquiry.context,
            encrypted=EncryptedCode.decode(directory.group, code.c1, code.c2),
            from_=Party.of(inquirer),
            to=Party.of(provider),
            to_key=provider.agency_key,
        )
        permit = inquiry_pb2.ProvisionPermit(
            inquiry=inquiry,
            converted_code=EncryptedCodeMessage(c1=converted.c1, c2=converted.c2),
            processing_number=f"20260615{secrets.randbelow(10**12):012d}",
            permission_row="R01",
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


@pytest.mark.parametrize("suite", [1, 2])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_every_new_code_is_the_one_that_issuing_would_have_given(
    new_world: Callable[..., World], tmp_path: Path, suite: int, kind: str
) -> None:
    if suite not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")
    store: NodeStore = MemoryNodeStore() if kind == "memory" else SqliteNodeStore(tmp_path / "node.sqlite3")
    world = new_world(suite, store)
    await world.add(*PEOPLE)
    assert await world.rotator.rotate() == 0
    world.announce()
    assert await world.rotator.rotate() == len(PEOPLE)
    assert world.right(2)
    assert world.right(1)
    assert await world.rotator.rotate() == 0
    (leaf,) = (ExchangeLeaf.FromString(leaf) for leaf in world.hub_store.leaves(0, 10))
    assert leaf.event == LEAF_EVENT_CODES_ROTATED
    assert leaf.inquirer == leaf.provider == world.institution


async def test_codes_go_in_batches_and_nobody_is_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 3)
    assert await world.rotator.rotate() == len(PEOPLE)
    assert [len(request.encrypted_codes) for request in world.requests] == [4, 4, 2]  # each with its mixture
    assert world.right(2)


async def test_epochs_follow_each_other_also_before_the_first_was_settled(world: World) -> None:
    await world.rotator.rotate()
    world.put_in_force()
    world.announce()
    assert await world.rotator.rotate() == len(PEOPLE)
    assert all(world.right(epoch) for epoch in (1, 2, 3))


async def test_codes_rotate_after_other_keys_did(new_world: Callable[..., World]) -> None:
    world = new_world()
    await world.add(*PEOPLE)
    rotate_agency_keys(world.path, "tax", AgencyKeys(agency_key=True, sealing_key=True, signing_key=True))
    rotate_opening_key(world.path)
    world.take()
    world.announce()
    assert await world.rotator.rotate() == len(PEOPLE)
    assert world.right(2)


def swapped(codes: Any, first: int, second: int) -> None:
    one, other = EncryptedCodeMessage(), EncryptedCodeMessage()
    one.CopyFrom(codes[first])
    other.CopyFrom(codes[second])
    codes[first].CopyFrom(other)
    codes[second].CopyFrom(one)


def _given_back(request: RotateCodesRequest, response: RotateCodesResponse) -> None:
    del response.converted_codes[:]
    response.converted_codes.extend(request.encrypted_codes)


SPOILS: dict[str, Callable[[World, RotateCodesRequest, RotateCodesResponse], object]] = {
    "two exchanged": lambda _, __, response: swapped(response.converted_codes, 0, 1),
    "one twice": lambda _, __, response: response.converted_codes[1].CopyFrom(response.converted_codes[0]),
    "one changed": lambda world, _, response: setattr(
        response.converted_codes[2],
        "c2",
        world.directories.current().group.add(Point(response.converted_codes[2].c2), world.code("x", 1)),
    ),
    "one given back as it came": lambda _, request, response: response.converted_codes[0].CopyFrom(
        request.encrypted_codes[0]
    ),
    "all given back as they came": lambda _, request, response: _given_back(request, response),
    "no point at all": lambda _, __, response: setattr(response.converted_codes[0], "c1", b"\xff" * 32),
    "a short one": lambda _, __, response: setattr(response.converted_codes[0], "c2", bytes(31)),
    "one fewer": lambda _, __, response: response.converted_codes.pop(),
    "one more": lambda _, __, response: response.converted_codes.append(response.converted_codes[0]),
    "none": lambda _, __, response: response.ClearField("converted_codes"),
}


@pytest.mark.parametrize("signed", [True, False], ids=["signed by the hub itself", "changed after it was signed"])
@pytest.mark.parametrize("case", SPOILS)
async def test_what_is_not_the_conversion_of_what_was_asked_stores_nothing(
    world: World, case: str, signed: bool
) -> None:
    def spoil(request: RotateCodesRequest, response: RotateCodesResponse) -> None:
        SPOILS[case](world, request, response)
        if signed:
            world.sign(request, response)

    world.spoil = spoil
    with pytest.raises(WarifuError) as refused:
        await world.rotator.rotate()
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert world.store.code_epochs() == {1: len(PEOPLE)}
    world.spoil = lambda *_: None
    assert await world.rotator.rotate() == len(PEOPLE)
    assert world.right(2)


@pytest.mark.parametrize("to_", ["another factor", "another agency's factor"])
async def test_a_hub_that_converts_everything_by_another_factor_is_found_out(world: World, to_: str) -> None:
    directory, keys = world.directories.current(), world.hub_keys.current()
    announced = directory.announced(world.institution)
    assert announced is not None
    other = next(each for code, each in directory.entries.items() if code != world.institution)
    party = Party.of(other) if to_ != "another factor" else Party(world.institution, 3)
    source = Party.of(directory.entry(world.institution))

    def spoil(request: RotateCodesRequest, response: RotateCodesResponse) -> None:
        del response.converted_codes[:]
        share = keys.translator.opening_share
        group = directory.group
        turn = group.scalar_multiply(share(announced.institution, 1), group.scalar_invert(share(party.institution, 1)))
        for code in request.encrypted_codes:
            turned = EncryptedCode(group.multiply(turn, Point(code.c1)), Point(code.c2))
            converted = keys.translator.convert(
                context=request.context, encrypted=turned, from_=source, to=party, to_key=announced.agency_key
            )
            response.converted_codes.add(c1=converted.c1, c2=converted.c2)
        world.sign(request, response)

    world.spoil = spoil
    with pytest.raises(WarifuError) as refused:
        await world.rotator.rotate()
    assert refused.value.where.startswith("converted_codes: not those")
    assert world.store.code_epochs() == {1: len(PEOPLE)}


async def test_codes_signed_with_another_key_or_for_another_context_store_nothing(world: World) -> None:
    for key, context in ((SigningKey.generate(), None), (world.hub_keys.current().signing_key, b"x" * 116)):

        def spoil(
            request: RotateCodesRequest,
            response: RotateCodesResponse,
            key: SigningKey = key,
            context: bytes | None = context,
        ) -> None:
            response.hub_signature = sign_conversion(key, context or request.context, response.converted_codes)

        world.spoil = spoil
        with pytest.raises(WarifuError) as refused:
            await world.rotator.rotate()
        assert (refused.value.reason, refused.value.debug) == (Reason.HUB_ANSWER_INVALID, "SIGNATURE_INVALID")
    assert world.store.code_epochs() == {1: len(PEOPLE)}


async def test_a_rotation_cut_off_in_the_middle_goes_on_after_a_restart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 3)

    def gone(*_: object) -> None:
        if len(world.requests) == 2:
            raise WarifuError(Reason.HUB_UNREACHABLE)

    world.spoil = gone
    with pytest.raises(WarifuError):
        await world.rotator.rotate()
    assert world.store.code_epochs() == {1: 7, 2: 3}
    assert world.right(1)
    world.rotator = world.new_rotator()
    assert await world.rotator.rotate() == 4
    assert world.right(2)


async def test_people_acquired_during_the_rotation_get_their_codes_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 3)
    late: list[str] = []
    real = world.store.add_rotated

    async def meanwhile(people: Any) -> int:
        if len(late) < 2:
            late.append(f"late-{len(late)}")
            await world.add(late[-1])
        return await real(people)

    monkeypatch.setattr(world.store, "add_rotated", meanwhile)
    assert await world.rotator.rotate() == len(PEOPLE) + 2
    assert world.right(2, [*PEOPLE, *late])
    await world.add("under the new epoch", epoch=2)
    assert await world.rotator.rotate() == 0
    assert world.right(2, ["under the new epoch"])


async def test_codes_that_are_somebody_elses_are_not_asked_for_without_end(world: World) -> None:
    squatter = world.person("T-0", 2)
    await world.store.add_people(
        [Person(local_number="X", row_key=squatter.row_key, sealed_code=squatter.sealed_code, code_epoch=2)]
    )
    with pytest.raises(WarifuError) as refused:
        await world.rotator.rotate()
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert world.right(2, PEOPLE[1:])
    assert len(world.requests) == 2


async def test_old_codes_go_only_when_nothing_may_name_their_epoch_any_more(world: World) -> None:
    await world.rotator.rotate()
    await world.rotator._settle()
    world.put_in_force()
    former = [row_key(world.keys.current().provider.row_secret, world.code(name, 1)) for name in PEOPLE]
    world.clock.advance(SETTLED_AFTER - timedelta(milliseconds=1))
    await world.rotator._settle()
    assert [world.finds(key) for key in former] == PEOPLE
    world.clock.advance(timedelta(milliseconds=1))
    await world.rotator._settle()
    assert [world.finds(key) for key in former] == [None] * len(PEOPLE)
    assert world.store.code_epochs() == {2: len(PEOPLE)}
    assert world.right(2)


async def test_settling_is_done_once_for_a_version_and_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 2)
    await world.rotator.rotate()
    world.put_in_force()
    world.clock.advance(SETTLED_AFTER)
    sizes: list[int] = []
    real = world.store.settle_codes

    async def counted(epoch: int, count: int) -> int:
        sizes.append(await real(epoch, count))
        return sizes[-1]

    monkeypatch.setattr(world.store, "settle_codes", counted)
    await world.rotator._settle()
    await world.rotator._settle()
    assert sizes == [2, 2, 2, 1]


async def test_the_last_permit_that_may_name_the_former_epoch_still_finds_its_person(world: World) -> None:
    await world.rotator.rotate()
    former = world.directories.current()
    world.put_in_force()
    newer = world.directories.current()
    world.clock.advance(OVERLAP)
    world.directories.hold(former)  # the inquirer has not heard of it yet
    inquiry = world.inquiry("T-4")
    world.directories.hold(newer)
    expires = ExchangeContext.decode(inquiry.context).expires_ms
    permit = world.permit(inquiry)
    world.clock.set(datetime.fromtimestamp(expires / 1000, UTC) + LONGEST_SKEW)
    await world.rotator._settle()
    assert await world.answered(permit)


async def with_record(world: World, name: str) -> None:
    record = LocalTaxRecord(fiscal_year=2026, total_income_yen=1).SerializeToString()
    await world.store.put_replicas(
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


async def test_a_provider_answers_what_was_asked_under_either_epoch(world: World) -> None:
    await with_record(world, "T-1")
    asked_before = world.permit(world.inquiry("T-1"))
    assert await world.answered(world.permit(world.inquiry("T-1")))
    await world.rotator.rotate()
    assert await world.answered(world.permit(world.inquiry("T-1")))
    under_way = world.inquiry("T-1")
    world.put_in_force()
    assert await world.answered(asked_before)
    assert await world.answered(world.permit(under_way))
    asked_after = world.inquiry("T-1")
    assert ExchangeContext.decode(asked_after.context).epoch_to == 2
    assert await world.answered(world.permit(asked_after))


async def test_a_provider_asked_under_the_new_epoch_makes_the_codes_ready_first(world: World) -> None:
    world.put_in_force()
    assert world.store.code_epochs() == {1: len(PEOPLE)}
    assert await world.answered(world.permit(world.inquiry("T-3")))
    assert world.right(2)


async def test_a_provider_that_cannot_make_codes_ready_does_not_say_that_nobody_is_there(world: World) -> None:
    world.put_in_force()

    def gone(*_: object) -> None:
        raise WarifuError(Reason.HUB_UNREACHABLE)

    world.spoil = gone
    permit = world.permit(world.inquiry("T-3"))
    with pytest.raises(WarifuError):
        await world.provider.provide(permit, 5.0)
    world.spoil = lambda *_: None
    assert await world.answered(permit)


@pytest.mark.parametrize("settled", [False, True])
async def test_what_a_clerk_releases_after_the_rotation_still_finds_its_person(world: World, settled: bool) -> None:
    await with_record(world, "T-2")
    await world.store.set_flags("T-2", PersonFlags.AUTO_RESPONSE_DISABLED)
    permit = world.permit(world.inquiry("T-2"))
    waiting = await world.provider.provide(permit, 5.0)
    assert waiting.outcome == inquiry_pb2.PROVISION_OUTCOME_PENDING
    await world.rotator.rotate()
    world.put_in_force()
    if settled:
        world.clock.advance(SETTLED_AFTER)
        await world.rotator._settle()
        assert world.store.code_epochs() == {2: len(PEOPLE)}
    await world.store.decide(permit.processing_number, ClerkDecision.RELEASE)
    assert await world.answered(permit)
