"""The hands of everybody around a node under check: what the hub and an inquirer would make, honestly or not.

Decides nothing about verdicts. Holds every key of a network that was made for the check; pure but for randomness and the time that
it is given.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from warifu.api.record.v1.sealed_pb2 import SealedQuery
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as WireCode
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.clock import Clock
from warifu.curve.group import Point
from warifu.exchange.code_proof import prove_own
from warifu.exchange.codes import AgencyCode, EncryptedCode, encrypt_code
from warifu.exchange.context import ExchangeContext
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.inquiry import InquirerKeys, OpenedAnswer, Question, build_inquiry, open_answer
from warifu.exchange.proof_policy import PolicyKind, ProofPolicy
from warifu.exchange.seal import SealingKey, seal
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import inquiry_digest, sign_inquiry, sign_permit
from warifu.identifiers import ItemCode, ProcedureCode
from warifu.lockstep import at_once
from warifu_hub.translate import Party, Translator

__all__ = ["Asked", "Hands", "processing_number"]

Change = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """An inquiry, and the key that opens its answer."""

    inquiry: SignedInquiry
    answer_key: SealingKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Who asks (``inquirer``) whom (``provider``), in which row of the table, at what time, with all keys of the hub and the inquirer."""

    directory: Directory
    inquirer: InquirerKeys
    provider: DirectoryEntry
    procedure: ProcedureCode
    item: ItemCode
    row: str
    hub_key: SigningKey
    translator: Translator
    clock: Clock

    # The inquirer's.

    def asked(self, code: Point, *, age_ms: int = 0, **changes: Any) -> Asked:
        """A good inquiry about whoever has this code, made ``age_ms`` ago; ``changes`` are to the question."""
        values: dict[str, Any] = {
            "request_id": secrets.token_bytes(16),
            "provider": self.provider.institution,
            "procedure_code": self.procedure,
            "item_code": self.item,
        }
        question = Question(**{**values, **changes})
        own = self.inquirer.own
        whose = AgencyCode(institution=own.institution, epoch=own.code_epoch, point=code)
        now = self.clock.unix_ms() - age_ms
        return Asked(
            *build_inquiry(question, whose, keys=self.inquirer, directory=self.directory, now_ms=now, alone=True)
        )

    def asked_in(
        self,
        code: Point | None,
        context: ExchangeContext,
        query: SealedQuery | bytes | None = None,
        info: bytes | None = None,
    ) -> Asked:
        """An inquiry in whatever context, signed; ``query`` is sealed as it is, under ``info`` instead of the context.

        ``code`` None is the identity, which is nobody's.
        """
        encoded, answer_key = context.encode(), SealingKey.from_bytes(secrets.token_bytes(32))
        group = self.directory.group
        r = group.random_scalar(secrets.token_bytes)
        if code is None:
            encrypted = EncryptedCode(group.base_multiply(r), group.multiply(r, self.provider.joint_key))
        else:
            encrypted = encrypt_code(group, code, self.provider.joint_key, r)
        inside = query if query is not None else SealedQuery(answer_key=answer_key.public)
        plain = inside if isinstance(inside, bytes) else inside.SerializeToString()
        inquiry = SignedInquiry(
            context=encoded,
            encrypted_code=WireCode(c1=encrypted.c1, c2=encrypted.c2),
            sealed_query=seal(self.provider.sealing_key, info if info is not None else encoded, plain),
            code_proof=prove_own(self.directory.group, r, encrypted, encoded, secrets.token_bytes),
            citizen_tag=secrets.token_bytes(16),
        )
        self.sign_inquiry(inquiry)
        return Asked(inquiry, answer_key)

    def context(self, **changes: Any) -> ExchangeContext:
        """A good context of now, but for ``changes``."""
        whole = ExchangeContext.decode(self.asked(self.directory.group.generator).inquiry.context)
        return replace(whole, request_id=secrets.token_bytes(16), **changes)

    def sign_inquiry(self, inquiry: SignedInquiry, key: SigningKey | None = None) -> None:
        """Sign it as it is now, as the inquirer or with another key."""
        sign_inquiry(key or self.inquirer.signing_key, inquiry)

    # The hub's.

    @property
    def policy(self) -> ProofPolicy:
        """Which conversions the hub of this network proves."""
        return self.directory.proof_policy

    def permit(self, asked: Asked, *, number: str | None = None, row: str | None = None) -> ProvisionPermit:
        """An honest permit for it."""
        converted, proof = self.converted(asked.inquiry)
        permit = ProvisionPermit(
            inquiry=asked.inquiry,
            processing_number=number if number is not None else processing_number(),
            permission_row=row if row is not None else self.row,
            conversion_proof=proof,
            converted_code=converted,
        )
        issued_ms = int.from_bytes(asked.inquiry.context[84:92], "big")
        permit.permit_time.FromMilliseconds(issued_ms)
        self.sign(permit)
        return permit

    def spoilt(self, asked: Asked, change: Change, **honest: Any) -> ProvisionPermit:
        """A permit that the hub changed before it signed it."""
        permit = self.permit(asked, **honest)
        change(permit)
        self.sign(permit)
        return permit

    def converted(self, inquiry: SignedInquiry) -> tuple[WireCode, bytes]:
        """The conversion of the code in it, and its proof, which is empty where permits come without one."""
        own = self.inquirer.own
        code = inquiry.encrypted_code
        conversion = self.translator.conversion(
            context=inquiry.context,
            encrypted=EncryptedCode(Point(code.c1), Point(code.c2)),
            from_=Party.of(own),
            to=Party.of(self.provider),
            to_key=self.provider.agency_key,
        )
        made, proof = at_once(conversion)
        return WireCode(c1=made.c1, c2=made.c2), proof if self.policy.kind is PolicyKind.ALWAYS else b""

    def sign(self, permit: ProvisionPermit, key: SigningKey | None = None) -> None:
        """Sign it as it is now, as the hub or with another key."""
        sign_permit(key or self.hub_key, permit, inquiry_digest(permit.inquiry))

    # The inquirer's again.

    def opened(self, permit: ProvisionPermit, asked: Asked, answer: SignedAnswer) -> OpenedAnswer:
        """What an answer says. Raises: HUB_ANSWER_INVALID when it is none to this permit."""
        return open_answer(
            answer,
            context=asked.inquiry.context,
            asked=inquiry_digest(asked.inquiry),
            processing_number=permit.processing_number,
            provider=self.provider,
            answer_key=asked.answer_key,
        )


def processing_number() -> str:
    """A new one, 20 digits."""
    return f"{secrets.randbelow(10**20):020d}"
