"""What a service asks of a card's holder: to register, to log in, to open an account, to show the card at a counter.

Decides which statement the card signs for each. The PINs are the holder's; they go to the card and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warifu.api.verifier.v1 import bank_service_pb2 as bank_pb
from warifu.api.verifier.v1 import counter_service_pb2 as counter_pb
from warifu.api.verifier.v1 import platform_service_pb2 as pb
from warifu.card.applications.reference_numbers import reference_b
from warifu.card.personalisation import FourItems
from warifu.card.secrets import Pin
from warifu.client import BlockingVerifierClient
from warifu.identifiers import InstitutionCode
from warifu.jpki.profile import CertificateUse
from warifu.jpki.statements import bank_statement, login_statement, registration_statement
from warifu_kit.jpki.applicant import ApplicationOnFile
from warifu_kit.jpki.holder import HeldCard

__all__ = ["ServiceDesk"]

Statement = Callable[[InstitutionCode, bytes], bytes]


@dataclass(frozen=True, slots=True)
class ServiceDesk:
    """One service on the verifier, and a card before it. Raises what the verifier refuses with, and CardRefusedError."""

    client: BlockingVerifierClient
    card: HeldCard

    def register(self, password: Pin) -> bytes:
        """The user that the holder is from now on."""
        presented = self._presented(CertificateUse.SIGNING, password, registration_statement)
        return self.client.register(presented).user_id

    def log_in(self, pin: Pin) -> bytes:
        """The user that the holder is."""
        return self.client.log_in(self._presented(CertificateUse.AUTHENTICATION, pin, login_statement)).user_id

    def replace(self, password: Pin) -> bytes:
        """The user that the holder was with her former card, and is with this one."""
        presented = self._presented(CertificateUse.SIGNING, password, registration_statement)
        return self.client.replace(presented).user_id

    def open_account(self, items: FourItems, purpose: str, occupation: str, password: Pin) -> tuple[str, Sequence[str]]:
        """The number of a new bank account, and what was checked."""
        born, sex = f"{items.born:%Y%m%d}", str(int(items.sex))
        written = (items.name, items.address, born, sex, purpose, occupation)

        def statement(service: InstitutionCode, nonce: bytes) -> bytes:
            return bank_statement(service, nonce, written)

        opened = self.client.open_account(
            bank_pb.OpenAccountRequest(
                application=bank_pb.BankApplication(
                    four_items=pb.FourItems(name=items.name, address=items.address, birth_date=born, sex=sex),
                    purpose=purpose,
                    occupation=occupation,
                ),
                presented=self._presented(CertificateUse.SIGNING, password, statement),
            )
        )
        return opened.account_number, list(opened.checks)

    def check_identity(self, kept: ApplicationOnFile) -> Sequence[str]:
        """What a counter checked, by 照合番号B, with a card whose print the clerk reads."""
        items, nonce = kept.applicant.items, self.client.nonce()
        read = self.card.read_face(reference_b(items.born, kept.last_day, kept.security_code), nonce)
        checked = self.client.check_identity(
            counter_pb.CheckIdentityRequest(
                nonce=nonce,
                reference_number=counter_pb.REFERENCE_NUMBER_B,
                cv_certificate=read.cv_certificate,
                face_record=read.face_record,
                presence=read.presence,
                printed_birth_date=f"{items.born:%Y%m%d}",
                printed_sex=str(int(items.sex)),
                printed_expiry=f"{kept.last_day:%Y%m%d}",
                texts_agree=True,
                faces_agree=True,
            )
        )
        return list(checked.checks)

    def _presented(self, use: CertificateUse, pin: Pin, statement: Statement) -> pb.Presented:
        nonce = self.client.nonce()
        return pb.Presented(
            nonce=nonce,
            certificate=self.card.certificate(use, pin),
            signature=self.card.sign(use, pin, statement(self.client.service, nonce)),
        )
