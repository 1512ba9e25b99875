"""Two agencies and a hub as keys and values, without processes: enough for one exchange by hand."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from warifu.api.type.v1 import inquiry_pb2
from warifu.clock import ManualClock
from warifu.curve.group import Point
from warifu.exchange.codes import AgencyCode, EncryptedCode, person_point
from warifu.exchange.context import ExchangeContext
from warifu.exchange.directory import Directory
from warifu.exchange.inquiry import Question, build_inquiry
from warifu.exchange.proof_policy import ALWAYS_PROVEN, PolicyKind, ProofPolicy
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import inquiry_digest, sign_permit
from warifu.identifiers import ItemCode, ProcedureCode
from warifu.lockstep import at_once
from warifu.party.folder import PartyFolder
from warifu_hub.translate import HubKeys, Party, Translator
from warifu_kit.network.creation import create_network
from warifu_services.node.keys import NodeKeys

START = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
AUTHORITY_KEY = bytes(32)


class Pair:
    """The keys of a network in a folder, and what its hub would do with them."""

    def __init__(self, path: Path, proofs: ProofPolicy = ALWAYS_PROVEN) -> None:
        create_network(path, clock=ManualClock(START), proofs=proofs)
        self.path = path
        self.hub_folder = PartyFolder(path / "hub")
        self.directory: Directory = self.hub_folder.directory()
        self.hub_key = SigningKey(self.hub_folder.secret("signing.key"))
        self.authority_key = SigningKey(PartyFolder(path / "authority").secret("signing.key"))
        self.translator = Translator(
            self.directory.group,
            HubKeys(
                factor_key=self.hub_folder.secret("factor.key"),
                opening_key=self.hub_folder.secret("opening.key"),
                rerandomise_key=self.hub_folder.secret("rerandomise.key"),
            ),
        )
        self.keys = {
            party: NodeKeys.load(PartyFolder(path / party), self.directory)
            for party in ("childcare", "tax", "residence", "insurance")
        }

    def point(self, person: bytes) -> Point:
        """The point of ``person``, which the authority alone knows."""
        return person_point(self.directory.group, AUTHORITY_KEY, person)

    def code(self, party: str, person: bytes) -> AgencyCode:
        """The code of ``person`` at an agency, as the issuing of codes would give it."""
        own, group = self.keys[party].own, self.directory.group
        point = self.point(person)
        factor = self.translator.factor(own.institution, own.epoch)
        return AgencyCode(institution=own.institution, epoch=own.epoch, point=group.multiply(factor, point))

    def question(self, **changes: Any) -> Question:
        """What childcare asks tax in the child allowance procedure."""
        values: dict[str, Any] = {
            "request_id": secrets.token_bytes(16),
            "provider": self.keys["tax"].own.institution,
            "procedure_code": ProcedureCode("JT99000000000001"),
            "item_code": ItemCode("TM00000000000002"),
        }
        return Question(**{**values, **changes})

    def inquiry(
        self, person: bytes, now: datetime = START, **changes: Any
    ) -> tuple[inquiry_pb2.SignedInquiry, SealingKey]:
        """A signed inquiry of childcare about ``person``, and the key to its answer."""
        return build_inquiry(
            self.question(**changes),
            self.code("childcare", person),
            keys=self.keys["childcare"].inquirer,
            directory=self.directory,
            now_ms=int(now.timestamp() * 1000),
        )

    def permit(
        self, inquiry: inquiry_pb2.SignedInquiry, now: datetime = START, number: str | None = None
    ) -> inquiry_pb2.ProvisionPermit:
        """The hub's permit for an inquiry, code converted; the same for the same arguments."""
        context = ExchangeContext.decode(inquiry.context)
        inquirer, provider = self.directory.entry(context.inquirer), self.directory.entry(context.provider)
        code = inquiry.encrypted_code
        conversion = self.translator.conversion(
            context=inquiry.context,
            encrypted=EncryptedCode.decode(self.directory.group, code.c1, code.c2),
            from_=Party.of(inquirer),
            to=Party.of(provider),
            to_key=provider.agency_key,
            proven=self.directory.proof_policy.kind is PolicyKind.ALWAYS,
        )
        converted, proof = at_once(conversion)
        permit = inquiry_pb2.ProvisionPermit(
            inquiry=inquiry,
            converted_code=inquiry_pb2.EncryptedCode(c1=converted.c1, c2=converted.c2),
            processing_number=number or f"20260615{secrets.randbelow(10**12):012d}",
            permission_row="R01",
            conversion_proof=proof,
        )
        permit.permit_time.FromDatetime(now)
        self.sign(permit)
        return permit

    def sign(self, permit: inquiry_pb2.ProvisionPermit) -> None:
        """Put the hub's signature on a permit, whatever is in it."""
        sign_permit(self.hub_key, permit, inquiry_digest(permit.inquiry))


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Childcare as inquirer and tax as provider, with a hub between them."""
    return Pair(tmp_path_factory.mktemp("pair") / "net")


@pytest.fixture(scope="session")
def pair_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pair]:
    """The same in a network with another proof policy; one for each policy."""

    @lru_cache
    def made(policy: str) -> Pair:
        return Pair(tmp_path_factory.mktemp("pair") / "net", ProofPolicy.parse(policy))

    return made


@pytest.fixture
def start() -> datetime:
    """When things happen, unless a test says otherwise: noon in Japan, 15 June 2026."""
    return START
