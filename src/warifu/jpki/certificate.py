"""Reading the certificate that a card presents.

Decides whether bytes are an X.509 certificate at all, and what it says of its holder. Whether anybody should believe it is for
``warifu.jpki.trust``: everything here may have been written by anyone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from warifu.errors import Reason, WarifuError
from warifu.jpki.four_items import FourItems, Sex, birth_date_in
from warifu.jpki.profile import ADDRESS, BIRTH_DATE, NAME, SEX

__all__ = ["LARGEST_CERTIFICATE", "LEAST_CERTIFICATE", "EndCertificate", "der_text", "read_text"]

LEAST_CERTIFICATE: Final = 256
LARGEST_CERTIFICATE: Final = 4_096
"""Bytes in a certificate: programs that read cards take its size from two bytes behind 30 82, so it has 256 at least."""

_UTF8_STRING: Final = 0x0C
_LONGEST_TEXT: Final = 0xFFFF
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)

Extension = TypeVar("Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class EndCertificate:
    """A certificate that was read and not yet believed. ``der`` is what was presented."""

    der: bytes = field(repr=False)
    certificate: x509.Certificate = field(repr=False)
    key: rsa.RSAPublicKey = field(repr=False)

    @classmethod
    def read(cls, der: bytes, where: str = "certificate") -> EndCertificate:
        """The certificate in ``der``, which is DER and nothing beside it, and has an RSA key.

        Raises: CERTIFICATE_NOT_TRUSTED for whatever is none.
        """
        if not LEAST_CERTIFICATE <= len(der) <= LARGEST_CERTIFICATE:
            raise WarifuError(Reason.CERTIFICATE_NOT_TRUSTED, where=f"{where}: its size")
        try:
            certificate = x509.load_der_x509_certificate(der)
            key = certificate.public_key()
            is_all = certificate.public_bytes(Encoding.DER) == der and certificate.version is x509.Version.v3
            _read_all(certificate)
        except _UNREADABLE:
            raise WarifuError(Reason.CERTIFICATE_NOT_TRUSTED, where=f"{where}: not X.509") from None
        if not is_all or not isinstance(key, rsa.RSAPublicKey):
            raise WarifuError(Reason.CERTIFICATE_NOT_TRUSTED, where=f"{where}: its form or kind of key")
        return cls(der, certificate, key)

    @property
    def serial(self) -> int:
        """Its serial number (発行番号)."""
        return self.certificate.serial_number

    @property
    def not_before(self) -> datetime:
        """From when on it is good."""
        return self.certificate.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """Until when it is good."""
        return self.certificate.not_valid_after_utc

    def extension(self, kind: type[Extension]) -> Extension | None:
        """The extension of that kind; None where there is none."""
        try:
            return self.certificate.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None

    def four_items(self, where: str = "certificate") -> FourItems:
        """What a signing certificate says of its holder. Raises: CERTIFICATE_NOT_TRUSTED when it does not say all four."""
        names = self.extension(x509.SubjectAlternativeName)
        told = {} if names is None else {name.type_id: name.value for name in names if isinstance(name, x509.OtherName)}
        try:
            return FourItems(
                name=read_text(told[NAME]),
                address=read_text(told[ADDRESS]),
                birth_date=birth_date_in(read_text(told[BIRTH_DATE])),
                sex=Sex(read_text(told[SEX])),
            )
        except (KeyError, ValueError, WarifuError):
            raise WarifuError(Reason.CERTIFICATE_NOT_TRUSTED, where=f"{where}: the four items") from None


def _read_all(certificate: x509.Certificate) -> list[object]:
    """Everything in it that is read only when it is asked for. Raises: whatever the library meets."""
    times = certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.signature_hash_algorithm
    return [*certificate.extensions, *certificate.subject, *certificate.issuer, *times]


def der_text(text: str) -> bytes:
    """``text`` as a DER UTF8String."""
    content = text.encode()
    if len(content) > _LONGEST_TEXT:
        raise ValueError("too long for a certificate")
    size = len(content)
    if size < 0x80:
        head = bytes([size])
    elif size < 0x100:
        head = bytes([0x81, size])
    else:
        head = b"\x82" + size.to_bytes(2, "big")
    return bytes([_UTF8_STRING]) + head + content


def read_text(der: bytes) -> str:
    """The text in a DER UTF8String, which is all of ``der``. Raises: ValueError."""
    for head in (2, 3, 4):
        try:
            text = der[head:].decode()
        except UnicodeDecodeError:
            continue
        if der_text(text) == der:
            return text
    raise ValueError("not a UTF8String")
