"""An authority without a network: its parts over either store, and a hub that is a function call away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesRequest, ConvertIssuedCodesResponse
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.clock import ManualClock
from warifu.curve.group import Point
from warifu.exchange.codes import EncryptedCode, open_code
from warifu.exchange.context import ExchangeContext
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import sign_conversion
from warifu.identifiers import InstitutionCode, MyNumber, ResidentRecordCode
from warifu.party.folder import PartyFolder
from warifu_hub.translate import HubKeys, Party, Translator
from warifu_kit.network.creation import create_network
from warifu_services.authority.issuing import Issuer
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.authority.numbering import Numbering
from warifu_services.authority.store import AuthorityStore, DatabaseAuthorityStore, MemoryAuthorityStore


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of a new network, which no test writes to."""
    path = tmp_path_factory.mktemp("authority") / "network"
    create_network(path)
    return path


@pytest.fixture(scope="session")
def directory(network: Path) -> Directory:
    """The network's directory."""
    return PartyFolder(network / "authority").directory()


@pytest.fixture(scope="session")
def translator(network: Path, directory: Directory) -> Translator:
    """What the hub converts with."""
    secret = PartyFolder(network / "hub").secret
    keys = HubKeys(
        factor_key=secret("factor.key"),
        opening_key=secret("opening.key"),
        rerandomise_key=secret("rerandomise.key"),
    )
    return Translator(directory.group, keys)


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    """Two worker threads."""
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(params=["sqlite", "memory", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AuthorityStore]:
    """An empty store: each test that asks for one runs over every implementation."""
    made: AuthorityStore
    match request.param:
        case "sqlite":
            made = DatabaseAuthorityStore(tmp_path / "authority.sqlite3")
        case "memory":
            made = MemoryAuthorityStore()
        case _:
            made = DatabaseAuthorityStore(request.getfixturevalue("postgres_address"))
    yield made
    made.close()


@pytest.fixture
def keys(network: Path, directory: Directory) -> AuthorityKeys:
    """The authority's keys."""
    return AuthorityKeys(directory.group, PartyFolder(network / "authority").secret("point.key"))


@pytest.fixture
def numbering(keys: AuthorityKeys, store: AuthorityStore, workers: ThreadPoolExecutor) -> Numbering:
    """Designates numbers in ``store``."""
    return Numbering(keys=keys, store=store, workers=workers)


class HubAtHand:
    """Converts as the hub does, without a channel. ``spoil`` may change what it answers; ``open`` lets it answer."""

    def __init__(self, directory: Directory, translator: Translator, signing_key: SigningKey) -> None:
        self._directory = directory
        self._translator = translator
        self._signing_key = signing_key
        self.requests: list[ConvertIssuedCodesRequest] = []
        self.timeouts: list[float] = []
        self.spoil: Callable[[ConvertIssuedCodesResponse], object] = lambda answer: None
        self.open = asyncio.Event()
        self.open.set()

    async def convert(self, request: ConvertIssuedCodesRequest, timeout: float) -> ConvertIssuedCodesResponse:
        """What the hub would answer."""
        self.requests.append(request)
        self.timeouts.append(timeout)
        await self.open.wait()
        entry = self._directory.entry(ExchangeContext.decode(request.context).provider)
        codes, proof = self._converted(entry, request.context, request.encrypted_codes)
        signature = sign_conversion(self._signing_key, request.context, codes, [proof])
        answer = ConvertIssuedCodesResponse(converted_codes=codes, hub_signature=signature, conversion_proofs=[proof])
        self.spoil(answer)
        return answer

    def _converted(
        self, entry: DirectoryEntry, context: bytes, codes: Sequence[EncryptedCodeMessage]
    ) -> tuple[list[EncryptedCodeMessage], bytes]:
        converted, proof = self._translator.convert_batch(
            context=context,
            encrypted=[EncryptedCode.decode(self._directory.group, code.c1, code.c2) for code in codes],
            from_=None,
            to=Party.of(entry),
            to_key=entry.agency_key,
        )
        return [EncryptedCodeMessage(c1=code.c1, c2=code.c2) for code in converted], proof


@pytest.fixture
async def hub(network: Path, directory: Directory, translator: Translator) -> HubAtHand:
    """A hub that converts at once."""
    return HubAtHand(directory, translator, SigningKey(PartyFolder(network / "hub").secret("signing.key")))


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock(datetime(2026, 4, 1, 9, 0, tzinfo=UTC))


@pytest.fixture
def make_issuer(
    network: Path,
    directory: Directory,
    keys: AuthorityKeys,
    store: AuthorityStore,
    hub: HubAtHand,
    clock: ManualClock,
    workers: ThreadPoolExecutor,
) -> Callable[..., Issuer]:
    """Makes what issues codes through the hub at hand, with limits of its own."""
    return lambda limits=None: Issuer(
        directory=directory,
        keys=keys,
        signing_key=SigningKey(PartyFolder(network / "authority").secret("signing.key")),
        store=store,
        converter=hub,
        clock=clock,
        workers=workers,
        limits=limits,
    )


@pytest.fixture
def issuer(make_issuer: Callable[..., Issuer]) -> Issuer:
    """Issues codes through the hub at hand."""
    return make_issuer()


class Agency:
    """One agency of the network, as far as it opens codes."""

    def __init__(self, network: Path, directory: Directory, translator: Translator, kind: str) -> None:
        (self.entry,) = directory.of_kind(kind)
        self.code: InstitutionCode = self.entry.institution
        self._group = directory.group
        self._secret = self._group.decode_scalar(PartyFolder(network / kind).secret("agency.key"))
        self._factor = translator.factor(self.code, self.entry.epoch)

    def opened(self, converted: object) -> Point:
        """The code inside what the hub converted for this agency."""
        assert isinstance(converted, EncryptedCodeMessage)
        encrypted = EncryptedCode.decode(self._group, converted.c1, converted.c2)
        return open_code(self._group, self._secret, encrypted)

    def expected(self, person: Point) -> Point:
        """This agency's code for the person with that point, s_B*P, which only an all-knowing test can make."""
        return self._group.multiply(self._factor, person)


@pytest.fixture
def tax(network: Path, directory: Directory, translator: Translator) -> Agency:
    """The tax agency."""
    return Agency(network, directory, translator, "tax")


@pytest.fixture
def childcare(network: Path, directory: Directory, translator: Translator) -> Agency:
    """The childcare agency."""
    return Agency(network, directory, translator, "childcare")


@pytest.fixture
def registry(directory: Directory) -> InstitutionCode:
    """The resident registry's institution code."""
    (entry,) = directory.of_kind("residence")
    return entry.institution


@pytest.fixture
def residents() -> Callable[[int], list[ResidentRecordCode]]:
    """Makes that many resident record codes, the same ones each time."""
    return lambda count: [ResidentRecordCode.from_body(f"{7_000_000_000 + number}") for number in range(count)]


@pytest.fixture
def person_of(keys: AuthorityKeys, store: AuthorityStore) -> Callable[[MyNumber], Point]:
    """Gives the point of whoever holds a number."""

    def point(number: MyNumber) -> Point:
        (person_id,) = store.holders([keys.number_lookup(number)])
        assert person_id is not None
        return keys.point(person_id)

    return point
