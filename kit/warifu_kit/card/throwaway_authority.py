"""Certificates for a specimen: two authorities that exist for the moment of its making, and whose keys nobody keeps.

Decides what such a certificate says: SIMULATED in every name, so that nobody takes one for a real one or for one of a network's own
authority, which alone can say whether a certificate was revoked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from warifu.card.personalisation import CardKey
from warifu.card.secrets import PrivateKey

__all__ = ["specimen_key"]

_DAYS: Final = 365
_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def specimen_key(purpose: str, *usages: str, now: datetime) -> CardKey:
    """A new key for ``purpose``, which stands in the authority's name, with a certificate for ``usages`` valid from ``now``."""
    authority_key, key = PrivateKey.generate(), PrivateKey.generate()
    authority = _name(f"SIMULATED specimen authority for {purpose}")
    issuer = _certificate(authority, authority, authority_key, authority_key, ("key_cert_sign", "crl_sign"), now)
    holder = _name(f"SIMULATED specimen, {purpose}")
    certificate = _certificate(holder, authority, key, authority_key, usages, now)
    return CardKey(key, certificate, issuer)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "SIMULATED warifu"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: PrivateKey,
    issuer_key: PrivateKey,
    usages: tuple[str, ...],
    now: datetime,
) -> bytes:
    public, begins = key.loaded().public_key(), now.astimezone(UTC)
    of_issuer = issuer_key.loaded().public_key()
    is_authority = "key_cert_sign" in usages
    usage = x509.KeyUsage(**{name: name in usages for name in _USAGES})
    made = (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - timedelta(minutes=5))
        .not_valid_after(begins + timedelta(days=_DAYS))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(of_issuer), critical=False)
    )
    return made.sign(issuer_key.loaded(), SHA256()).public_bytes(Encoding.DER)
