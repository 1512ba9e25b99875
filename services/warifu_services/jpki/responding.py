"""What the authority says of its certificates: revocation lists, and answers by OCSP (RFC 6960).

Decides how new a list or an answer is and until when it counts: a list for a day, an answer for a quarter of an hour, as the real ones are
renewed; but for what changed meanwhile, which is told at once. Each root answers for its own certificates alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from warifu.clock import Clock
from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import Revocation
from warifu_services.jpki.certifying import Revoked, RootKey, revocation_list, serial_bytes
from warifu_services.jpki.store import JpkiStore

__all__ = ["LARGEST_OCSP_REQUEST", "Responder"]

LARGEST_OCSP_REQUEST: Final = 4_096
"""Bytes in a request."""

_LIST_GOOD_FOR: Final = timedelta(days=1)
_ANSWER_GOOD_FOR: Final = timedelta(minutes=15)
_LONGEST_NONCE: Final = 32
_HASHES: Final = (hashes.SHA1(), hashes.SHA256())  # noqa: S303  names a key, and protects nothing
_OCSP_STATUS: Final = ocsp.OCSPCertStatus


@dataclass(frozen=True, slots=True)
class _HeldList:
    """A list that was signed ``since``. ``written``: how much the store had written when it was looked at last."""

    lines: list[tuple[bytes, int, str]]
    since: datetime
    written: int
    signed: bytes

    def is_of_today(self, now: datetime) -> bool:
        return self.since <= now < self.since + _LIST_GOOD_FOR


class Responder:
    """Answers with the two roots' keys from what the store has."""

    def __init__(self, *, roots: Mapping[CertificateUse, RootKey], store: JpkiStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._roots = roots
        self._lists: dict[CertificateUse, _HeldList] = {}
        self._named = {_name_of(root, hashed): root for root in roots.values() for hashed in _HASHES}

    def revocation_list(self, use: CertificateUse) -> bytes:
        """The list of a use, DER: the one signed last while nothing changed and its day is not over."""
        now, held, written = self._clock.now(), self._lists.get(use), self._store.database.mutations_committed
        if held is not None and held.written == written and held.is_of_today(now):
            return held.signed
        lines = self._store.revoked(use, self._clock.unix_ms())
        if held is None or held.lines != lines or not held.is_of_today(now):
            held = _HeldList(lines, now, written, self._signed_list(use, lines, now))
        self._lists[use] = replace(held, written=written)
        return held.signed

    def answer(self, request_der: bytes) -> bytes:
        """The answer to an OCSP request, DER. What is no request, or asks of several, is answered so, unsigned."""
        if len(request_der) > LARGEST_OCSP_REQUEST:
            return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        try:
            request = ocsp.load_der_ocsp_request(request_der)
            root = self._named.get((request.issuer_name_hash, request.issuer_key_hash))
            nonce = _nonce_of(request)
        except Exception:  # noqa: BLE001  # the library raises what its parser meets
            return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        if root is None:
            return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        return self._signed(request, root, nonce)

    def _signed(self, request: ocsp.OCSPRequest, root: RootKey, nonce: x509.OCSPNonce | None) -> bytes:
        row = self._store.certificate(serial_bytes(request.serial_number))
        known = row is not None and row.use is root.use
        why = row.revoked if known and row is not None else None
        now = self._clock.now()
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=request.issuer_name_hash,
            issuer_key_hash=request.issuer_key_hash,
            serial_number=request.serial_number,
            algorithm=request.hash_algorithm,
            cert_status=_OCSP_STATUS.UNKNOWN if not known else _OCSP_STATUS.REVOKED if why else _OCSP_STATUS.GOOD,
            this_update=now,
            next_update=now + _ANSWER_GOOD_FOR,
            revocation_time=_moment(row.changed_ms) if why and row is not None else None,
            revocation_reason=x509.ReasonFlags(why.value) if why else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, root.certificate)
        if nonce is not None:
            builder = builder.add_extension(nonce, critical=False)
        return builder.sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _signed_list(self, use: CertificateUse, lines: list[tuple[bytes, int, str]], now: datetime) -> bytes:
        revoked = [
            Revoked(int.from_bytes(serial, "big"), _moment(changed_ms), Revocation(why))
            for serial, changed_ms, why in lines
        ]
        number = self._clock.unix_ms()
        return revocation_list(self._roots[use], revoked, number, now, now + _LIST_GOOD_FOR)


def _name_of(root: RootKey, hashed: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """How a request names a root: hashes of its name and of its key."""
    key = root.key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return _hash(hashed, root.certificate.subject.public_bytes()), _hash(hashed, key)


def _hash(hashed: hashes.HashAlgorithm, message: bytes) -> bytes:
    hashing = hashes.Hash(hashed)
    hashing.update(message)
    return hashing.finalize()


def _nonce_of(request: ocsp.OCSPRequest) -> x509.OCSPNonce | None:
    """The nonce of a request, which is given back. Raises: ValueError for one that is too long (RFC 8954)."""
    try:
        found = request.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return None
    if not 1 <= len(found.nonce) <= _LONGEST_NONCE:
        raise ValueError("a nonce has 1 to 32 bytes")
    return found


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


def _moment(unix_ms: int | None) -> datetime:
    return datetime.fromtimestamp((unix_ms or 0) // 1000, UTC)
