"""Until when certificates and lists are good, and how long before that somebody should hear of it.

Decides what *soon* means, once, for every party's alarms and for ``warifu status``. A network that is up renews earlier
than this (``warifu_kit.network.custody``), so that whoever hears of an end hears it because nobody renews. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from warifu.errors import Reason, WarifuError
from warifu.saved_text import without_mark

__all__ = ["CERTIFICATE_WARNING", "LIST_WARNING", "ROOT_WARNING", "Validity", "validity_of"]

CERTIFICATE_WARNING: Final = timedelta(days=14)
"""How long before a party's certificate ends it is said."""

ROOT_WARNING: Final = timedelta(days=90)
"""How long before the root's certificate ends it is said: no party's certificate outlives it."""

LIST_WARNING: Final = timedelta(days=7)
"""How long before the revocation list is past its date it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """One certificate's serial number and the times between which it is good."""

    serial: int
    not_before: datetime
    not_after: datetime


def validity_of(cert_pem: bytes, where: str = "certificate") -> Validity:
    """From when until when the certificate in ``cert_pem`` is good. Raises: KEY_INVALID when it is none."""
    try:
        certificate = x509.load_pem_x509_certificate(without_mark(cert_pem))
    except ValueError:
        raise WarifuError(Reason.KEY_INVALID, where=where) from None
    return Validity(
        serial=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )
