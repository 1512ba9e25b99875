"""A hub's mediator with real keys over a store in memory or on disk, and a provider that answers in process."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from warifu.agency import Absence
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf, LeafEvent
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.clock import ManualClock
from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import Point
from warifu.errors import WarifuError
from warifu.exchange.codes import AgencyCode, row_key
from warifu.exchange.context import ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.inquiry import InquirerKeys, Question, build_inquiry
from warifu.exchange.provision import ProviderKeys, check_permit, make_answer, open_query, open_row_key, seal_found
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import sign_inquiry
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.party.folder import PartyFolder
from warifu.permissions.table import PermissionQuery, PermissionTable
from warifu.pki import Identity, Role
from warifu_hub.exchange import Mediator
from warifu_hub.own_keys import OwnKeys
from warifu_hub.store import HubStore
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.store_memory import MemoryHubStore
from warifu_hub.translate import Translator
from warifu_kit.network.creation import create_network

LOCAL_TAX = ItemCode("TM00000000000002")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exchange") / "network"
    create_network(path)
    return path


@pytest.fixture(scope="session")
def directory(folder: Path) -> Directory:
    return PartyFolder(folder / "hub").directory()


@pytest.fixture(scope="session")
def permissions() -> PermissionTable:
    return PermissionTable.load()


@pytest.fixture(scope="session")
def translator(folder: Path, directory: Directory) -> Translator:
    hub = PartyFolder(folder / "hub")
    return OwnKeys.load(hub, directory).translator


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 6, 1, 9, tzinfo=UTC))


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HubStore]:
    kept: HubStore = MemoryHubStore() if request.param == "memory" else DatabaseHubStore(tmp_path / "hub.sqlite3")
    yield kept
    kept.close()


@dataclass
class Asker:
    """The childcare office: makes signed inquiries about persons it has codes for."""

    folder: Path
    directory: Directory
    clock: ManualClock
    procedure: ProcedureCode
    own: DirectoryEntry = field(init=False)
    keys: InquirerKeys = field(init=False)

    def __post_init__(self) -> None:
        party = PartyFolder(self.folder / "childcare")
        self.own = self.directory.entry(party.settings().institution_code)
        signing_key = SigningKey(party.secret("signing.key"))
        self.keys = InquirerKeys(own=self.own, signing_key=signing_key, hedge_key=bytes(32))

    @property
    def identity(self) -> Identity:
        return Identity(network=self.directory.network, role=Role.AGENCY, institution=self.own.institution)

    def code(self) -> AgencyCode:
        point = self.directory.group.hash_to_point(secrets.token_bytes(16))
        return AgencyCode(institution=self.own.institution, epoch=self.own.epoch, point=point)

    def ask(
        self,
        *,
        request_id: bytes | None = None,
        provider: InstitutionCode | None = None,
        item_code: ItemCode = LOCAL_TAX,
        procedure_code: ProcedureCode | None = None,
        flags: ExchangeFlags = ExchangeFlags.NONE,
        code: AgencyCode | None = None,
    ) -> SignedInquiry:
        question = Question(
            request_id=request_id or secrets.token_bytes(16),
            provider=provider or next(self.directory.of_kind("tax")).institution,
            procedure_code=procedure_code or self.procedure,
            item_code=item_code,
            flags=flags,
        )
        inquiry, _ = build_inquiry(
            question,
            code or self.code(),
            keys=self.keys,
            directory=self.directory,
            now_ms=self.clock.unix_ms(),
        )
        return inquiry

    def altered(self, inquiry: SignedInquiry, **changes: Any) -> SignedInquiry:
        """The inquiry with other context fields, signed again by its inquirer."""
        copy = SignedInquiry()
        copy.CopyFrom(inquiry)
        copy.context = replace(ExchangeContext.decode(inquiry.context), **changes).encode()
        sign_inquiry(self.keys.signing_key, copy)
        return copy

    async def refusal(self, mediator: Mediator, inquiry: SignedInquiry, left: float | None = 5.0) -> WarifuError:
        """The error that asking ends with; that it ends with one is asserted."""
        with pytest.raises(WarifuError) as refused:
            await mediator.exchange(self.identity, inquiry, left)
        return refused.value


@pytest.fixture(scope="session")
def child_allowance(permissions: PermissionTable) -> ProcedureCode:
    """The procedure in which a child allowance office may ask the tax office."""
    (row,) = (row for row in permissions.rows if row.row_number == "R01")
    query = PermissionQuery(
        inquirer_kind="childcare", procedure_code=row.procedure_code, provider_kind="tax", item_code=LOCAL_TAX
    )
    assert permissions.decide(query).row_number == "R01"
    return row.procedure_code


@pytest.fixture
def asker(folder: Path, directory: Directory, clock: ManualClock, child_allowance: ProcedureCode) -> Asker:
    return Asker(folder, directory, clock, child_allowance)


class Provider:
    """The tax office's node without a node: checks a permit with its real keys and answers "not held"."""

    def __init__(self, folder: Path, directory: Directory, clock: ManualClock) -> None:
        party = PartyFolder(folder / "tax")
        self._clock = clock
        self._directory = directory
        self.keys = ProviderKeys(
            own=directory.entry(party.settings().institution_code),
            agency_secret=directory.group.decode_scalar(party.secret("agency.key")),
            sealing_key=SealingKey.from_bytes(party.secret("sealing.key")),
            signing_key=SigningKey(party.secret("signing.key")),
            row_secret=party.secret("row.key"),
        )
        self.outcome = inquiry_pb2.PROVISION_OUTCOME_ANSWERED
        self.permits: list[ProvisionPermit] = []
        self.row_keys: list[bytes] = []
        self.before_answer: Callable[[SignedAnswer], None] = lambda answer: None

    async def provide(self, provider: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        self.permits.append(permit)
        checked = check_permit(permit, keys=self.keys, directory=self._directory)
        row_key = open_row_key(checked, self.keys, self._directory)
        assert row_key is not None
        self.row_keys.append(row_key)
        answered = self.outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED
        sealed = seal_found(Absence.NOT_HELD, open_query(checked, self.keys), checked) if answered else b""
        made = make_answer(
            self.outcome, checked, self.keys.signing_key, now_ms=self._clock.unix_ms(), sealed_answer=sealed
        )
        self.before_answer(made.answer)
        return made.answer


@pytest.fixture
def provider(folder: Path, directory: Directory, clock: ManualClock) -> Provider:
    return Provider(folder, directory, clock)


@pytest.fixture
def mediator(
    folder: Path,
    directory: Directory,
    permissions: PermissionTable,
    store: HubStore,
    provider: Provider,
    clock: ManualClock,
) -> Mediator:
    return Mediator(
        directory=directory,
        permissions=permissions,
        keys=OwnKeys.load(PartyFolder(folder / "hub"), directory),
        store=store,
        providers=provider,
        clock=clock,
    )


@dataclass
class LogView:
    """The log as it is now: its leaves, or only what happened."""

    store: HubStore

    def __call__(self) -> list[ExchangeLeaf]:
        return [ExchangeLeaf.FromString(leaf) for leaf in self.store.leaves(0, 1000)]

    def events(self) -> list[str]:
        return [LeafEvent.Name(leaf.event).removeprefix("LEAF_EVENT_") for leaf in self()]


@pytest.fixture
def log(store: HubStore) -> LogView:
    return LogView(store)


@pytest.fixture
def row_key_of(translator: Translator, provider: Provider) -> Callable[[AgencyCode], bytes]:
    """The provider's row key for the person an inquirer's code stands for, computed with every key known."""
    group = SUITE_2

    def row_key_for(code: AgencyCode) -> bytes:
        own = provider.keys.own
        undo = group.scalar_invert(translator.factor(code.institution, code.epoch))
        across = group.scalar_multiply(translator.factor(own.institution, own.epoch), undo)
        return row_key(provider.keys.row_secret, Point(group.multiply(across, code.point)))

    return row_key_for
