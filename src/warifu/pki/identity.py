"""The name a certificate carries.

Decides what an institution is called on the wire, ``warifu://<network>/<role>/<institution code>``, and reads that name
back out of a certificate. A certificate must hold exactly one such URI; none or two is no identity at all. It does not
decide whether the certificate is trusted: TLS did that before anything here is called.

The form follows SPIFFE's (one URI SAN, trust domain first), with a scheme of its own because the path means something.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode

__all__ = ["Identity", "PeerCertificate", "Role", "identity_of", "network_name"]

_NETWORK = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)
_URI = re.compile(r"warifu://([^/]*)/([^/]*)/([^/]*)", re.ASCII)


class Role(enum.Enum):
    """What a party is on the network. The value is its name in the certificate."""

    HUB = "hub"
    AUTHORITY = "authority"
    AGENCY = "agency"
    BUSINESS = "business"
    SUPERVISOR = "supervisor"
    JPKI = "jpki"
    VERIFIER = "verifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One institution in one role on one network. Public: it stands in every certificate and log line."""

    network: str
    role: Role
    institution: InstitutionCode

    def __post_init__(self) -> None:
        network_name(self.network)

    @property
    def uri(self) -> str:
        """The one URI of this identity's certificate."""
        return f"warifu://{self.network}/{self.role.value}/{self.institution}"

    @property
    def dns_name(self) -> str:
        """The one DNS name of this identity's certificate, which a caller pins: it names the same three things."""
        return f"i{self.institution}.{self.role.value}.{self.network}.warifu.test"

    @classmethod
    def parse_uri(cls, uri: str, where: str = "certificate") -> Identity:
        """The identity that ``uri`` names.

        Raises: CALLER_NOT_IDENTIFIED unless it has exactly the shape that :attr:`uri` gives.
        """
        found = _URI.fullmatch(uri)
        try:
            if found is None:
                raise ValueError
            return cls(
                network=network_name(found[1]), role=Role(found[2]), institution=InstitutionCode.parse(found[3], where)
            )
        except (ValueError, WarifuError):
            raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where=where) from None


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What a certificate says that the network goes by: whose it is, its serial number, and when it is good."""

    identity: Identity
    serial: int
    not_before: datetime
    not_after: datetime

    def is_good_at(self, now: datetime) -> bool:
        """Whether ``now`` lies between its dates, both included. TLS asks that once in a connection's life at most."""
        return self.not_before <= now <= self.not_after


def network_name(text: str) -> str:
    """``text`` when it can name a network: 1 to 32 of ``a-z``, ``0-9`` and inner hyphens. Raises: ValueError."""
    if _NETWORK.fullmatch(text) is None:
        raise ValueError("a network is named by 1 to 32 lower-case letters, digits and inner hyphens")
    return text


@lru_cache(maxsize=4096)
def identity_of(cert_pem: bytes) -> PeerCertificate:
    """Whose certificate this is. Remembered by its bytes, since the same few peers call again and again.

    Raises: CALLER_NOT_IDENTIFIED when it is not a certificate, or does not hold exactly one URI that names an identity.
    """
    try:
        certificate = x509.load_pem_x509_certificate(cert_pem)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        (uri,) = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="certificate") from None
    return PeerCertificate(
        identity=Identity.parse_uri(uri),
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )
