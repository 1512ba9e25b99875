"""Letting a service have the newest four items (最新の4情報提供), by consent.

Decides that a consent is the holder's: signed with her signing certificate, which is good then. It lasts ten years from the day after it
was recorded and survives the certificate it was signed with; nothing is told while she has no certificate for signing in force.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from warifu.clock import Clock, day_in_japan
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.jpki.certificate import EndCertificate
from warifu.jpki.four_items import FourItems
from warifu.jpki.profile import CertificateUse
from warifu.jpki.signature import check_signature
from warifu.jpki.statements import consent_statement
from warifu.jpki.status import Revocation
from warifu.jpki.trust import check_in_date
from warifu_services.jpki.rows import CertificateRow, ConsentRow
from warifu_services.jpki.store import JpkiStore
from warifu_services.jpki.validity import end_of_day

__all__ = ["ITEMS", "Consents"]

ITEMS: Final = ("name", "address", "birth_date", "sex")
"""The items, as consents name them, in this order."""

_YEARS: Final = 10
_CONSENT_ID_SIZE: Final = 16


class Consents:
    """Records consents, ends them, and tells what they allow."""

    def __init__(self, *, store: JpkiStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def give(
        self,
        *,
        verifier: str,
        service: InstitutionCode,
        items: Sequence[str],
        nonce: bytes,
        serial: bytes,
        signature: bytes,
    ) -> ConsentRow:
        """Record a consent, durably; the same one when it is brought again.

        Raises: REQUEST_MALFORMED; CERTIFICATE_UNKNOWN; CERTIFICATE_REVOKED; CERTIFICATE_NOT_IN_DATE; SIGNATURE_INVALID; REQUEST_REUSED; STORE_UNAVAILABLE.
        """
        named = tuple(item for item in ITEMS if item in items)
        if not named or list(named) != list(items):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="items")
        row = self._good_signing_certificate(serial)
        key = x509.load_der_x509_certificate(row.der).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise WarifuError(Reason.SIGNATURE_INVALID, where="signature")
        check_signature(key, signature, consent_statement(service, named, nonce), where="signature")
        now = self._clock.now()
        return await self._store.consents.keep(
            ConsentRow(
                consent_id=secrets.token_bytes(_CONSENT_ID_SIZE),
                verifier=verifier,
                service=service,
                items=named,
                nonce=nonce,
                signing_serial=serial,
                signature=signature,
                holder=row.holder,
                consented_ms=self._clock.unix_ms(),
                expires_ms=int(_ten_years_on(now).timestamp() * 1000),
            )
        )

    async def end(self, consent_id: bytes, verifier: str) -> None:
        """End a consent. Raises: CONSENT_NOT_IN_FORCE where that verifier has none such; STORE_UNAVAILABLE."""
        if not await self._store.consents.end(consent_id, verifier, self._clock.unix_ms()):
            raise WarifuError(Reason.CONSENT_NOT_IN_FORCE, where="consent_id")

    def latest(self, consent_id: bytes, verifier: str) -> tuple[ConsentRow, FourItems, bool]:
        """A consent in force, the holder's items now, and whether they differ from those that were certified then.

        Raises: CONSENT_NOT_IN_FORCE; CERTIFICATE_REVOKED while she has no certificate for signing that is good.
        """
        consent = self._store.consents.find(consent_id, verifier)
        if consent is None or consent.ended_ms is not None or consent.expires_ms < self._clock.unix_ms():
            raise WarifuError(Reason.CONSENT_NOT_IN_FORCE, where="consent_id")
        newest = self._store.newest_of(consent.holder, CertificateUse.SIGNING)
        if newest is None or newest.revoked is Revocation.CERTIFICATE_HOLD:
            raise WarifuError(Reason.CERTIFICATE_REVOKED, where="the holder's certificate")
        items, signed = self._store.items_of(consent.holder), self._store.certificate(consent.signing_serial)
        certified = None if signed is None else EndCertificate.read(signed.der).four_items()
        return consent, items, certified is None or bool(certified.differing(items))

    def _good_signing_certificate(self, serial: bytes) -> CertificateRow:
        row = self._store.certificate(serial)
        if row is None or row.use is not CertificateUse.SIGNING:
            raise WarifuError(Reason.CERTIFICATE_UNKNOWN, where="signing_serial")
        if row.revoked is not None:
            raise WarifuError(Reason.CERTIFICATE_REVOKED, where=f"signing_serial: {row.revoked.value}")
        check_in_date(EndCertificate.read(row.der), self._clock.now(), where="signing_serial")
        return row


def _ten_years_on(now: datetime) -> datetime:
    """The end of the tenth year from the day after ``now``, in Japan."""
    day = day_in_japan(now) + timedelta(days=1)
    try:
        last = day.replace(year=day.year + _YEARS)
    except ValueError:
        last = day.replace(year=day.year + _YEARS, day=28)
    return end_of_day(last - timedelta(days=1)).astimezone(UTC)
