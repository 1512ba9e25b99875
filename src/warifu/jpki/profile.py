"""What our certificates are called and which object identifiers they carry.

Decides nothing. The shape is the real profile's, as far as it is public (the certificates that the real authority publishes, and
people's notes on their own); every identifier that is the real authority's own stands here below ``2.999``, the arc that ITU-T X.660
keeps for examples, and every name says SIMULATED, so that no program takes one of these for a real one.
"""

from __future__ import annotations

import enum
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

__all__ = [
    "ADDRESS",
    "ADDRESS_SUBSTITUTES",
    "ARC",
    "BIRTH_DATE",
    "KEY_BITS",
    "NAME",
    "NAME_SUBSTITUTES",
    "SEX",
    "CertificateUse",
    "distribution_point",
    "policy_of",
    "root_name",
    "root_names",
]

KEY_BITS: Final = 2048
"""Bits of every RSA key, the authority's and the cards'."""

ARC: Final = "2.999.392.200149.8.5"
"""Where the real authority has 1.2.392.200149.8.5."""

NAME: Final = x509.ObjectIdentifier(f"{ARC}.5.1")
NAME_SUBSTITUTES: Final = x509.ObjectIdentifier(f"{ARC}.5.2")
SEX: Final = x509.ObjectIdentifier(f"{ARC}.5.3")
BIRTH_DATE: Final = x509.ObjectIdentifier(f"{ARC}.5.4")
ADDRESS: Final = x509.ObjectIdentifier(f"{ARC}.5.5")
ADDRESS_SUBSTITUTES: Final = x509.ObjectIdentifier(f"{ARC}.5.6")

_MARK = "SIMULATED - warifu"


class CertificateUse(enum.Enum):
    """What a certificate is for. The value is its name in files, tables and messages."""

    SIGNING = "signing"
    """署名用電子証明書: signs what its holder writes; carries the four items."""
    AUTHENTICATION = "authentication"
    """利用者証明用電子証明書: says that it is the same holder again; carries nothing of the holder."""


_UNITS = {
    CertificateUse.SIGNING: "JPKI for digital signature",
    CertificateUse.AUTHENTICATION: "JPKI for user authentication",
}
_POLICIES = {
    CertificateUse.SIGNING: x509.ObjectIdentifier(f"{ARC}.1.0.20"),
    CertificateUse.AUTHENTICATION: x509.ObjectIdentifier(f"{ARC}.1.0.30"),
}


def policy_of(use: CertificateUse) -> x509.ObjectIdentifier:
    """The certificate policy of a use. The arc with a 0 is the one of the real authority's test cards."""
    return _POLICIES[use]


def root_name(use: CertificateUse) -> x509.Name:
    """The distinguished name of the root of one use, subject and issuer alike."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"JPKI ({_MARK})"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _UNITS[use]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"Certificate authority ({_MARK})"),
        ]
    )


def root_names() -> x509.Name:
    """The root's other name, in Japanese."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"公的個人認証サービス({_MARK})"),
        ]
    )


def distribution_point(use: CertificateUse, place: str) -> x509.Name:
    """Where a certificate says that its list is: a name, and no address. ``place`` is a prefecture or municipality."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"JPKI ({_MARK})"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, _UNITS[use]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "CRL Distribution Points"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{place} CRLDP"),
        ]
    )
