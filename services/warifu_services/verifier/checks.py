"""The order in which what a card presents is believed. Pure, but for the two steps that somebody else takes.

1. the nonce was given to this service, is open, and is used up now, durably, whatever comes of the rest (``nonces`` in the store);
2. the signature is the certificate's key's over the statement, PKCS #1 v1.5 compared whole;
3. the certificate is no authority's own;
4. a root of the store for this use issued it: name byte for byte, key identifier, signature;
5. it is for this use: key usage, policy, no critical extension that nobody looked at;
6. it is good at this time;
7. it was not revoked, by the authority's own word of just now (:mod:`warifu_services.verifier.standing`); no word is no;
8. where something was written, it is what the certificate says, once both are normalised.

Steps 2 to 6 and 8 are here. Which service asks, and what it does with the answer, is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509

from warifu.errors import Reason, WarifuError
from warifu.jpki.certificate import EndCertificate
from warifu.jpki.four_items import FourItems
from warifu.jpki.signature import check_signature
from warifu.jpki.trust import TrustStore, check_in_date, check_leaf

__all__ = ["CHECKS", "Believed", "Presented", "believed_so_far", "check_same_items"]

CHECKS: Final[Sequence[str]] = (
    "the nonce was open and is used up",
    "the signature is over this statement",
    "the certificate is no authority's own",
    "a root of this use issued it",
    "it is for this use",
    "it is good at this time",
    "it is not revoked",
    "what was written is what it says",
)
"""What each step found when it found nothing amiss, in order, for people to read."""

_WHERE: Final = "presented"


@dataclass(frozen=True, slots=True)
class Presented:
    """What a card presents, as it came: certificate (DER), signature, and the nonce that both are for."""

    nonce: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Believed:
    """A certificate that stood every check so far, and the root that issued it."""

    leaf: EndCertificate
    root: x509.Certificate


def believed_so_far(presented: Presented, statement: bytes, store: TrustStore, now: datetime) -> Believed:
    """Steps 2 to 6. Raises: SIGNATURE_INVALID; CERTIFICATE_NOT_TRUSTED; CERTIFICATE_NOT_IN_DATE."""
    leaf = EndCertificate.read(presented.certificate, where=f"{_WHERE}.certificate")
    check_signature(leaf.key, presented.signature, statement, where=f"{_WHERE}.signature")  # 2
    root = check_leaf(leaf, store, where=f"{_WHERE}.certificate")  # 3, 4, 5
    check_in_date(leaf, now, where=f"{_WHERE}.certificate")  # 6
    return Believed(leaf, root)


def check_same_items(written: FourItems, certified: FourItems) -> None:
    """Step 8. Raises: ITEMS_DIFFER, naming the items and nothing of them."""
    differing = written.differing(certified)
    if differing:
        raise WarifuError(Reason.ITEMS_DIFFER, where=f"four_items: {', '.join(differing)}")
