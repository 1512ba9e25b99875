"""What the authority's certificates, lists and OCSP answers are, byte for byte, from a root's key and values.

Decides the profile: which extensions, how critical, in which form, as far as the real one is known (``docs/limits.md`` says where it is
not). Keeps nothing and decides nothing about who gets one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from warifu.jpki.certificate import der_text
from warifu.jpki.four_items import FourItems, era_text, substituted
from warifu.jpki.profile import (
    ADDRESS,
    ADDRESS_SUBSTITUTES,
    BIRTH_DATE,
    NAME,
    NAME_SUBSTITUTES,
    SEX,
    CertificateUse,
    distribution_point,
    policy_of,
    root_name,
    root_names,
)
from warifu.jpki.status import Revocation

__all__ = ["Place", "Revoked", "RootKey", "Subject", "certify", "new_root", "revocation_list", "serial_bytes"]

_SERIAL_BITS: Final = 126
_STATEMENT = "SIMULATED: issued by warifu to nobody who exists. No practice statement."


@dataclass(frozen=True, slots=True)
class RootKey:
    """The root of one use: its certificate, and its key, which is masked."""

    use: CertificateUse
    certificate: x509.Certificate = field(repr=False)
    key: rsa.RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a holder lives, as a certificate's subject has it."""

    prefecture: str
    municipality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a certificate is for. ``items`` for signing only."""

    public_key: rsa.RSAPublicKey
    place: Place
    items: FourItems | None
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Revoked:
    """One line of a list."""

    serial: int
    at: datetime
    why: Revocation


def new_root(use: CertificateUse, key: rsa.RSAPrivateKey, not_before: datetime, not_after: datetime) -> RootKey:
    """A root, which signs itself: one tier, RSA-2048 with SHA-256."""
    name, point = root_name(use), x509.DirectoryName(root_name(use))
    builder = _builder(name, name, key.public_key(), not_before, not_after)
    builder = builder.add_extension(_usage(signs=False, is_root=True), critical=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DirectoryName(root_names())]), critical=False)
    builder = builder.add_extension(_points(point), critical=False)
    return RootKey(use, builder.sign(key, SHA256()), key)


def certify(root: RootKey, subject: Subject) -> x509.Certificate:
    """A certificate of the root's use for ``subject``. Its name is a stamp drawn for it, never the holder's."""
    builder = _builder(
        _subject_name(root.use, subject.place),
        root.certificate.subject,
        subject.public_key,
        subject.not_before,
        subject.not_after,
    )
    signs = root.use is CertificateUse.SIGNING
    builder = builder.add_extension(_usage(signs=signs, is_root=False), critical=True)
    policy = x509.PolicyInformation(policy_of(root.use), [x509.UserNotice(None, _STATEMENT)])
    builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=True)
    if signs and subject.items is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(_items(subject.items)), critical=False)
    builder = builder.add_extension(x509.IssuerAlternativeName([x509.DirectoryName(root_names())]), critical=False)
    point = distribution_point(root.use, subject.place.municipality)
    builder = builder.add_extension(_points(x509.DirectoryName(point)), critical=False)
    builder = builder.add_extension(_authority_key(root.certificate), critical=False)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(subject.public_key), critical=False)
    return builder.sign(root.key, SHA256())


def revocation_list(root: RootKey, revoked: Iterable[Revoked], number: int, since: datetime, until: datetime) -> bytes:
    """The list of one use, DER (RFC 5280, section 5)."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.certificate.subject)
    builder = builder.last_update(since).next_update(until)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    builder = builder.add_extension(_authority_key(root.certificate), critical=False)
    for line in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(line.serial).revocation_date(line.at)
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags(line.why.value)), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(root.key, SHA256()).public_bytes(Encoding.DER)


def serial_bytes(serial: int) -> bytes:
    """A serial number as messages and rows have it: unsigned, big-endian, no leading zero."""
    return serial.to_bytes((serial.bit_length() + 7) // 8 or 1, "big")


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(secrets.randbits(_SERIAL_BITS) | 1 << _SERIAL_BITS)  # 16 bytes, never negative
    return builder.not_valid_before(not_before).not_valid_after(not_after)


def _subject_name(use: CertificateUse, place: Place) -> x509.Name:
    stamp = hashlib.sha256(secrets.token_bytes(32)).hexdigest()[:26].upper()
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")]
    if use is CertificateUse.SIGNING:
        attributes += [
            x509.NameAttribute(NameOID.LOCALITY_NAME, place.prefecture),
            x509.NameAttribute(NameOID.LOCALITY_NAME, place.municipality),
        ]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, f"SIMULATED-{stamp}")])


def _items(items: FourItems) -> list[x509.GeneralName]:
    name, name_map = substituted(items.name)
    address, address_map = substituted(items.address)
    told = (
        (NAME, name),
        (BIRTH_DATE, era_text(items.birth_date)),
        (SEX, items.sex.value),
        (ADDRESS, address),
        (NAME_SUBSTITUTES, name_map),
        (ADDRESS_SUBSTITUTES, address_map),
    )
    return [x509.OtherName(kind, der_text(text)) for kind, text in told]


def _points(name: x509.GeneralName) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint(full_name=[name], relative_name=None, reasons=None, crl_issuer=None)
    return x509.CRLDistributionPoints([point])


def _authority_key(root: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(*, signs: bool, is_root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=signs,
        key_cert_sign=is_root,
        crl_sign=is_root,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
