"""A certificate authority over real mutual TLS, with a clock that is set by hand, and people with keys but no cards.

Network folders are made once for the module's tests and copied: two RSA roots cost more than all that a test does.
"""

from __future__ import annotations

import datetime
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from warifu.api.jpki.v1 import card_service_pb2 as cards
from warifu.api.jpki.v1 import certificate_service_pb2 as pb
from warifu.api.jpki.v1.card_service_pb2_grpc import CardServiceStub
from warifu.api.jpki.v1.certificate_service_pb2_grpc import CertificateServiceStub
from warifu.api.verifier.v1 import platform_service_pb2 as platform_pb
from warifu.api.verifier.v1.bank_service_pb2_grpc import BankServiceStub
from warifu.api.verifier.v1.counter_service_pb2_grpc import CounterServiceStub
from warifu.api.verifier.v1.platform_service_pb2_grpc import PlatformServiceStub
from warifu.card import personalisation as card_values
from warifu.card.chip_state import Chip
from warifu.card.making import made
from warifu.card.secrets import Pin, PrivateKey
from warifu.clock import ManualClock
from warifu.errors import Reason
from warifu.identifiers import InstitutionCode, MunicipalityCode, MyNumber
from warifu.jpki.profile import CertificateUse
from warifu.jpki.statements import login_statement, possession_statement, registration_statement
from warifu.party.folder import PartyFolder
from warifu.pki import CredentialFiles, Identity, Role
from warifu.rpc.channel import secure_channel
from warifu.rpc.status import from_rpc_error
from warifu_kit.card.pictures import face_of
from warifu_kit.network.creation import DEFAULT_MEMBERS, JPKI_MEMBERS, create_network
from warifu_services.jpki.app import CertificateAuthority, build_jpki
from warifu_services.jpki.card_root import read_maker
from warifu_services.verifier.app import Verifier, build_verifier
from warifu_services.verifier.standing import StatusSource

PORTRAIT = bytes.fromhex("0000000c6a5020200d0a870a") + bytes(40)
"""Begins as a JP2 file does: that is all the office looks at."""


def items(**other: str) -> pb.FourItems:
    told = {"name": "割符　花子", "address": "北海道札幌市中央区北一条西二丁目", "birth_date": "19900704", "sex": "2"}
    return pb.FourItems(**{**told, **other})


def signed(key: rsa.RSAPrivateKey, statement: bytes) -> bytes:
    return key.sign(statement, padding.PKCS1v15(), SHA256())


def _private(key: rsa.RSAPrivateKey) -> PrivateKey:
    return PrivateKey(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


@dataclass
class Person:
    """Somebody with the keys that a card would have, and what was issued for them."""

    keys: dict[CertificateUse, rsa.RSAPrivateKey]
    application: str = ""
    certificates: dict[CertificateUse, bytes] = field(default_factory=dict)

    def sign(self, use: CertificateUse, statement: bytes) -> bytes:
        return signed(self.keys[use], statement)

    def card_key(self, request_id: bytes, use: CertificateUse) -> pb.CardKey:
        public = self.keys[use].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return pb.CardKey(public_key=public, possession=self.sign(use, possession_statement(request_id, use, public)))

    def chip(self, office: Office, reference: str = "") -> Chip:
        """The chip that a maker writes from what was issued; ``reference`` is where a My Number goes, drawn unless given."""
        number = MyNumber.from_body(reference or f"{secrets.randbelow(10**11):011}")
        items = card_values.FourItems("割符　花子", "札幌市", datetime.date(1990, 7, 4), card_values.Sex.FEMALE)
        code = Pin.of("4711")
        given = card_values.Personalisation(
            serial="SIM000000000001",
            municipality=MunicipalityCode("011002"),
            expires=datetime.date(2035, 7, 4),
            security_code=code,
            authentication=self._on_chip(office, CertificateUse.AUTHENTICATION),
            signing=self._on_chip(office, CertificateUse.SIGNING),
            presence_key=_private(self.keys[CertificateUse.AUTHENTICATION]),
            pins=card_values.Pins(Pin.of("1234"), Pin.of("2345"), Pin.of("3456"), Pin.of("SIGNING1")),
            records=read_maker(office.path / "jpki"),
            my_number=number,
            items=items,
            face=face_of(items, number, code),
        )
        return made(given)

    def _on_chip(self, office: Office, use: CertificateUse) -> card_values.CardKey:
        root = x509.load_pem_x509_certificate(office.root(use).read_bytes()).public_bytes(Encoding.DER)
        return card_values.CardKey(_private(self.keys[use]), self.certificates[use], root)

    def request(self, request_id: bytes, *uses: CertificateUse) -> pb.IssueCertificatesRequest:
        names = {CertificateUse.SIGNING: "signing_key", CertificateUse.AUTHENTICATION: "authentication_key"}
        keys = {names[use]: self.card_key(request_id, use) for use in uses or CertificateUse}
        return pb.IssueCertificatesRequest(request_id=request_id, application_id=self.application, **keys)


class Desk:
    """A running verifier, and a service that stands on it: its own business system."""

    def __init__(self, office: Office, source: StatusSource = StatusSource.OCSP) -> None:
        self.office = office
        self.source = source
        self._close: list[Callable[[], Awaitable[Any]]] = []
        self._channels: dict[str, Any] = {}
        folder = PartyFolder(office.path / "verifier")
        self.service = folder.settings().institution_code
        self.verifier: Verifier

    async def open(self) -> None:
        self.verifier = build_verifier(
            PartyFolder(self.office.path / "verifier"),
            jpki=self.office.authority.endpoint,
            clock=self.office.clock,
            source=self.source,
        )
        await self.verifier.server.start()
        self._channels.clear()

    async def close(self) -> None:
        for close in self._close:
            await close()
        await self.verifier.server.stop(0)
        await self.verifier.close()

    def _stub(self, stub: Callable[[Any], Any], folder: str) -> Any:
        party = PartyFolder(self.office.path / "verifier")
        expect = Identity(network=party.settings().network, role=Role.VERIFIER, institution=self.service)
        if folder in self._channels:
            return stub(self._channels[folder])
        own = self.office.path / folder
        credential = CredentialFiles(own / "tls.pem", own / "tls.key").current()
        channel = secure_channel(
            self.verifier.endpoint, credential=credential, root_pem=party.root_pem(), expect=expect
        )
        self._close.append(channel.close)
        self._channels[folder] = channel
        return stub(channel)

    def platform(self, folder: str = "verifier/business") -> Any:
        return self._stub(PlatformServiceStub, folder)

    def bank(self, folder: str = "verifier/business") -> Any:
        return self._stub(BankServiceStub, folder)

    def counter(self) -> Any:
        return self._stub(CounterServiceStub, "verifier/business")

    async def nonce(self) -> bytes:
        return bytes((await self.platform().GetNonce(platform_pb.GetNonceRequest())).nonce)

    async def presented(
        self, person: Person, use: CertificateUse, statement: Callable[[InstitutionCode, bytes], bytes], **other: bytes
    ) -> platform_pb.Presented:
        """What a card presents; ``other`` stands in for what it would."""
        nonce = other.get("nonce") or await self.nonce()
        told = {
            "nonce": nonce,
            "certificate": person.certificates[use],
            "signature": person.sign(use, statement(self.service, nonce)),
        }
        return platform_pb.Presented(**{**told, **other})

    async def register(self, person: Person, **other: bytes) -> platform_pb.RegisterResponse:
        presented = await self.presented(person, CertificateUse.SIGNING, registration_statement, **other)
        response: platform_pb.RegisterResponse = await self.platform().Register(
            platform_pb.RegisterRequest(presented=presented)
        )
        return response

    async def log_in(self, person: Person, **other: bytes) -> platform_pb.LogInResponse:
        presented = await self.presented(person, CertificateUse.AUTHENTICATION, login_statement, **other)
        response: platform_pb.LogInResponse = await self.platform().LogIn(platform_pb.LogInRequest(presented=presented))
        return response

    async def replace(self, person: Person) -> platform_pb.ReplaceResponse:
        presented = await self.presented(person, CertificateUse.SIGNING, registration_statement)
        response: platform_pb.ReplaceResponse = await self.platform().Replace(
            platform_pb.ReplaceRequest(presented=presented)
        )
        return response


async def refusal(call: Awaitable[Any]) -> tuple[Reason, str]:
    """Why a call was refused, and where."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        told = from_rpc_error(error, default={})
        return told.reason, told.where
    raise AssertionError("it was not refused")


class Office:
    """One running certificate authority and everybody who might call it."""

    def __init__(self, path: Path, clock: ManualClock, keys: Callable[[], rsa.RSAPrivateKey]) -> None:
        self.path = path
        self.clock = clock
        self._keys = keys
        self._close: list[Callable[[], Awaitable[Any]]] = []
        self._channels: dict[tuple[str, str], Any] = {}
        self.authority: CertificateAuthority
        self.http = ""

    async def open(self) -> None:
        self.authority = build_jpki(PartyFolder(self.path / "jpki"), clock=self.clock)
        await self.authority.start()
        self.http = self.authority.servicer.http_endpoint

    async def stop(self) -> None:
        await self.authority.server.stop(0)
        await self.authority.close()

    async def close(self) -> None:
        for close in self._close:
            await close()
        await self.stop()

    def _channel(self, folder: str) -> Any:
        if (folder, self.authority.endpoint) in self._channels:
            return self._channels[folder, self.authority.endpoint]
        party = PartyFolder(self.path / "jpki")
        settings = party.settings()
        expect = Identity(network=settings.network, role=Role.JPKI, institution=settings.institution_code)
        credential = CredentialFiles(self.path / folder / "tls.pem", self.path / folder / "tls.key").current()
        channel = secure_channel(
            self.authority.endpoint, credential=credential, root_pem=party.root_pem(), expect=expect
        )
        self._close.append(channel.close)
        self._channels[folder, self.authority.endpoint] = channel
        return channel

    def certificates(self, folder: str = "residence/business") -> Any:
        return CertificateServiceStub(self._channel(folder))

    def cards(self, folder: str = "residence/business") -> Any:
        return CardServiceStub(self._channel(folder))

    def root(self, use: CertificateUse) -> Path:
        return self.path / "jpki" / f"{use.value}-root.pem"

    def person(self) -> Person:
        return Person({use: self._keys() for use in CertificateUse})

    async def apply(self, person: Person, four_items: pb.FourItems | None = None, predecessor: str = "") -> str:
        """An application that is ordered."""
        stub = self.cards()
        applied = await stub.ApplyForCard(
            cards.ApplyForCardRequest(
                request_id=secrets.token_bytes(16),
                four_items=four_items or items(),
                prefecture="北海道",
                municipality="札幌市",
                portrait=PORTRAIT,
                predecessor_application_id=predecessor,
            )
        )
        person.application = applied.application_id
        await self.step(person, cards.CARD_STEP_ORDER)
        return person.application

    async def step(self, person: Person, step: int, check: int = 0) -> int:
        request = cards.AdvanceCardRequest(application_id=person.application, step=step, identity_check=check)  # type: ignore[arg-type]
        return int((await self.cards().AdvanceCard(request)).state)

    async def issue(self, person: Person, *uses: CertificateUse) -> None:
        issued = await self.certificates().IssueCertificates(person.request(secrets.token_bytes(16), *uses))
        given = dict(zip(CertificateUse, (issued.signing_certificate, issued.authentication_certificate), strict=True))
        person.certificates |= {use: der for use, der in given.items() if der}

    async def holder(self, four_items: pb.FourItems | None = None, predecessor: str = "") -> Person:
        """Somebody whose card is active."""
        person = self.person()
        await self.apply(person, four_items, predecessor)
        await self.issue(person)
        await self.step(person, cards.CARD_STEP_NOTIFY)
        await self.step(person, cards.CARD_STEP_COLLECT, cards.IDENTITY_CHECK_FACE_AND_NOTICE)
        await self.step(person, cards.CARD_STEP_ACTIVATE)
        return person


@pytest.fixture(scope="session")
def made_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path, members=(*DEFAULT_MEMBERS, *JPKI_MEMBERS))
    return path


@pytest.fixture(scope="session")
def keys() -> Callable[[], rsa.RSAPrivateKey]:
    """RSA keys, each given a hundred times at most: drawing one takes longer than a test should."""
    drawn = [rsa.generate_private_key(65_537, 2048) for _ in range(6)]
    turn = iter(range(100_000))
    return lambda: drawn[next(turn) % len(drawn)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.datetime.now(datetime.UTC).replace(microsecond=0))


@pytest.fixture
async def office(
    made_network: Path, tmp_path: Path, clock: ManualClock, keys: Callable[[], rsa.RSAPrivateKey]
) -> AsyncIterator[Office]:
    path = tmp_path / "net"
    shutil.copytree(made_network, path)
    office = Office(path, clock, keys)
    await office.open()
    yield office
    await office.close()


@pytest.fixture
async def desk(office: Office) -> AsyncIterator[Desk]:
    desk = Desk(office)
    await desk.open()
    yield desk
    await desk.close()


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """OpenSSL's command line, which is on every machine: a judge that nobody here wrote."""

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, cwd=tmp_path, check=False)

    return run
