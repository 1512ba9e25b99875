"""What is made under the labels of certificates of people: statements that cards sign, and digests by which requests are told apart."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from warifu.identifiers import InstitutionCode
from warifu.jpki.four_items import FourItems, Sex
from warifu.jpki.profile import CertificateUse
from warifu.jpki.statements import (
    bank_statement,
    consent_statement,
    login_statement,
    possession_statement,
    registration_statement,
)
from warifu_services.jpki import cards, issuing
from warifu_services.jpki.certifying import Place

__all__ = ["Made", "made_for_certificates"]

Made = tuple[str, str, bytes, str, list[bytes]]
"""A label, what is made, its value, by which function, of which items."""

_SERVICE = InstitutionCode("9940000000000001")
_NONCE, _REQUEST_ID, _KEY = bytes(range(32)), bytes(range(16)), b"a public key, DER"
_APPLICATION_ID, _PORTRAIT = "1" * 23, b"a portrait"
_ITEMS = FourItems(name="割符　花子", address="札幌市", birth_date=datetime.date(1990, 7, 4), sex=Sex.FEMALE)
_PLACE = Place(prefecture="北海道", municipality="札幌市")


def made_for_certificates() -> Iterator[Made]:
    """One for each label."""
    prefixed, service = "prefixed", _SERVICE.encode()
    use = CertificateUse.SIGNING
    possession = possession_statement(_REQUEST_ID, use, _KEY)
    items = [_REQUEST_ID, use.value.encode(), _KEY]
    yield "warifu-v1/jpki-possession", "that a card has the key", possession, prefixed, items
    for label, statement in (("registration", registration_statement), ("login", login_statement)):
        made = statement(_SERVICE, _NONCE)
        yield f"warifu-v1/jpki-{label}", f"statement of a {label}", made, prefixed, [service, _NONCE]
    consent = consent_statement(_SERVICE, ("name", "address"), _NONCE)
    yield "warifu-v1/jpki-consent", "consent", consent, prefixed, [service, _NONCE, b"name", b"address"]
    written = ("割符　花子", "札幌市", "19900704", "2", "生計費決済", "会社員")
    bank = bank_statement(_SERVICE, _NONCE, written)
    yield "warifu-v1/bank-application", "application", bank, prefixed, [service, _NONCE, *(t.encode() for t in written)]
    yield from _digests()


def _digests() -> Iterator[Made]:
    keys = {CertificateUse.SIGNING: issuing.CardKey(_KEY, b"")}
    issue = issuing._digest(_APPLICATION_ID, keys)  # noqa: SLF001  # it is shown nowhere
    yield "warifu-v1/jpki-issue", "request for one certificate", issue, "digest", [_APPLICATION_ID.encode(), _KEY, b""]
    asked = cards.Application(request_id=_REQUEST_ID, items=_ITEMS, place=_PLACE, portrait=_PORTRAIT)
    texts = ("割符　花子", "札幌市", "19900704", "2", "", "北海道", "札幌市")
    told = [*(text.encode() for text in texts), _PORTRAIT]
    yield "warifu-v1/jpki-application", "application for a card", cards._digest(asked), "digest", told  # noqa: SLF001
