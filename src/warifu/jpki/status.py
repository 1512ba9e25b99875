"""Reading what the authority says of a certificate: its revocation list, and its answers by OCSP (RFC 6960).

Decides whether a list or an answer is the authority's, about this certificate, and new enough to be one. What is stale, or was
signed by somebody else, or says that it does not know, is no answer: nothing is ever taken for good because nobody said otherwise.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from warifu.errors import Reason, WarifuError

__all__ = ["CertificateStatus", "Revocation", "check_not_revoked", "ocsp_request", "status_by_list", "status_by_ocsp"]

_MALFORMED: Final = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension)


class Revocation(enum.Enum):
    """Why a certificate is not good, as lists write it (RFC 5280, 5.3.1)."""

    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"
    CERTIFICATE_HOLD = "certificateHold"
    UNSPECIFIED = "unspecified"


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """What the authority says of one certificate: good, or revoked for a reason. ``produced`` is when it said so."""

    revoked: Revocation | None
    produced: datetime


def check_not_revoked(status: CertificateStatus, *, where: str = "certificate") -> None:
    """Raises: CERTIFICATE_REVOKED, with the reason; a suspended certificate is revoked for as long as it is."""
    if status.revoked is not None:
        raise WarifuError(Reason.CERTIFICATE_REVOKED, where=f"{where}: {status.revoked.value}")


def status_by_list(
    certificate: x509.Certificate, issuer: x509.Certificate, list_der: bytes, now: datetime
) -> CertificateStatus:
    """What ``issuer``'s revocation list says of ``certificate`` at ``now``.

    Raises: CERTIFICATE_STATUS_UNKNOWN when the list is not the issuer's, is stale, or is of the future.
    """
    try:
        listed = x509.load_der_x509_crl(list_der)
        fits = listed.issuer == issuer.subject and listed.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        until, since = listed.next_update_utc, listed.last_update_utc
        entry = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
        reason = None if entry is None else _listed_reason(entry)
    except _MALFORMED:
        raise _unknown("list: not one") from None
    if not fits:
        raise _unknown("list: another's")
    _check_fresh("list", since, until, now)
    return CertificateStatus(reason, since)


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes) -> bytes:
    """The DER of a request for the status of ``certificate``, with a ``nonce`` of 16 to 32 bytes."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA256())
    return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build().public_bytes(Encoding.DER)


def status_by_ocsp(
    certificate: x509.Certificate, issuer: x509.Certificate, answer_der: bytes, nonce: bytes, now: datetime
) -> CertificateStatus:
    """What ``issuer``'s answer to :func:`ocsp_request` says of ``certificate`` at ``now``.

    Raises: CERTIFICATE_STATUS_UNKNOWN when it is not the issuer's, not to this request, stale, or does not know.
    """
    try:
        answer = ocsp.load_der_ocsp_response(answer_der)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise _unknown("OCSP: no answer")
        echoed = answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        fits = _is_about(answer, certificate, issuer) and echoed == nonce and _signed_by(answer, issuer)
        status, since, until = answer.certificate_status, answer.this_update_utc, answer.next_update_utc
        reason = answer.revocation_reason
    except (*_MALFORMED, x509.ExtensionNotFound):
        raise _unknown("OCSP: not an answer") from None
    if not fits:
        raise _unknown("OCSP: not to what was asked")
    _check_fresh("OCSP", since, until, now)
    if status is ocsp.OCSPCertStatus.UNKNOWN:
        raise _unknown("OCSP: unknown there")
    return CertificateStatus(_reason(reason) if status is ocsp.OCSPCertStatus.REVOKED else None, since)


def _check_fresh(what: str, since: datetime, until: datetime | None, now: datetime) -> None:
    if until is None or now >= until:
        raise _unknown(f"{what}: stale")
    if now < since:
        raise _unknown(f"{what}: of the future")


def _is_about(answer: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the answer names this certificate of this issuer, by SHA-256 as asked."""
    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or not isinstance(answer.hash_algorithm, SHA256):
        return False
    named = _sha256(issuer.subject.public_bytes()) == answer.issuer_name_hash
    keyed = _sha256(key.public_bytes(Encoding.DER, PublicFormat.PKCS1)) == answer.issuer_key_hash
    return named and keyed and answer.serial_number == certificate.serial_number


def _signed_by(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """Whether the issuer itself signed it: it has nobody who answers for it."""
    key = issuer.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or not isinstance(answer.signature_hash_algorithm, SHA256):
        return False
    try:
        key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _sha256(message: bytes) -> bytes:
    hashed = Hash(SHA256())
    hashed.update(message)
    return hashed.finalize()


def _listed_reason(entry: x509.RevokedCertificate) -> Revocation:
    try:
        return _reason(entry.extensions.get_extension_for_class(x509.CRLReason).value.reason)
    except x509.ExtensionNotFound:
        return Revocation.UNSPECIFIED


def _reason(flag: x509.ReasonFlags | None) -> Revocation:
    try:
        return Revocation.UNSPECIFIED if flag is None else Revocation(flag.value)
    except ValueError:
        return Revocation.UNSPECIFIED


def _unknown(where: str) -> WarifuError:
    return WarifuError(Reason.CERTIFICATE_STATUS_UNKNOWN, where=where)
