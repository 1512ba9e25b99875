"""Opening a bank account with a card: one service on the operator (犯罪収益移転防止法施行規則 6-1-1, カ; 新ヌ from 2027-04-01).

Decides that an account is its applicant's: the signature is over the application's own text, and what she wrote of herself is what her
certificate says. Signature and certificate are kept, for seven years after the contract ends; whoever has them and the root can verify
them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.jpki.four_items import FourItems
from warifu.jpki.profile import CertificateUse
from warifu.jpki.statements import bank_statement
from warifu_services.verifier.checks import CHECKS, Presented, check_same_items
from warifu_services.verifier.store import Evidence, VerifierStore
from warifu_services.verifier.verifying import RandomBytes, Verification

__all__ = ["ACCOUNT_DIGITS", "KEPT_FOR", "Bank", "BankApplication"]

ACCOUNT_DIGITS: Final = 7
"""Digits of an account number."""

KEPT_FOR: Final = timedelta(days=7 * 365 + 2)
"""Seven years, with their leap days."""

_TRIES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BankApplication:
    """What an applicant wrote, and signs."""

    items: FourItems
    purpose: str
    occupation: str

    def written(self) -> tuple[str, ...]:
        """All of it, in the order in which it is signed."""
        items = self.items
        return items.name, items.address, items.birth_text, items.sex.value, self.purpose, self.occupation


class Bank:
    """Opens accounts."""

    def __init__(
        self, *, verification: Verification, store: VerifierStore, clock: Clock, random_bytes: RandomBytes
    ) -> None:
        self._verification = verification
        self._store = store
        self._clock = clock
        self._random = random_bytes

    async def open(
        self, service: InstitutionCode, application: BankApplication, presented: Presented
    ) -> tuple[str, tuple[str, ...]]:
        """The account's number, its evidence durable, and what was checked. Raises: as ``Verification.verify``; ITEMS_DIFFER; OVERLOADED."""

        def statement(of: InstitutionCode, nonce: bytes) -> bytes:
            return bank_statement(of, nonce, application.written())

        believed = await self._verification.verify(service, presented, CertificateUse.SIGNING, statement)
        check_same_items(application.items, believed.leaf.four_items())
        account = await self._keep(service, presented, statement(service, presented.nonce))
        return account, tuple(CHECKS)

    async def close(self, service: InstitutionCode, account: str) -> int:
        """End a contract; until when (Unix milliseconds) its evidence is kept. Raises: USER_UNKNOWN; STORE_UNAVAILABLE."""
        until = int((self._clock.now() + KEPT_FOR).timestamp() * 1000)
        return await self._store.end_contract(account, service, until)

    async def _keep(self, service: InstitutionCode, presented: Presented, statement: bytes) -> str:
        for _ in range(_TRIES):
            account = f"{int.from_bytes(self._random(8), 'big') % 10**ACCOUNT_DIGITS:0{ACCOUNT_DIGITS}d}"
            evidence = Evidence(
                account=account,
                service=service,
                statement=statement,
                certificate=presented.certificate,
                signature=presented.signature,
                verified_ms=self._clock.unix_ms(),
            )
            if await self._store.keep_evidence(evidence):
                return account
        raise WarifuError(Reason.OVERLOADED, where="accounts")
