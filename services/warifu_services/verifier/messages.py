"""Between the contract's messages and this party's values. Decides what is malformed, and names the field."""

from __future__ import annotations

from typing import Final

from warifu.api.verifier.v1 import platform_service_pb2 as pb
from warifu.errors import Reason, WarifuError
from warifu.jpki.certificate import LARGEST_CERTIFICATE, LEAST_CERTIFICATE
from warifu.jpki.four_items import FourItems
from warifu.jpki.signature import SIGNATURE_SIZE
from warifu.jpki.statements import NONCE_SIZE
from warifu_services.verifier.checks import Presented

__all__ = ["ITEMS", "bounded", "items_in", "items_message", "presented_in", "text_in"]

ITEMS: Final = ("name", "address", "birth_date", "sex")
"""The items, as consents name them, in this order."""


def bounded(found: bytes, least: int, most: int, where: str) -> bytes:
    """Bytes of a size within bounds. Raises: REQUEST_MALFORMED."""
    if not least <= len(found) <= most:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
    return found


def text_in(found: str, most: int, where: str) -> str:
    """A printable text that is there and not too long. Raises: REQUEST_MALFORMED."""
    if not 1 <= len(found) <= most or not found.isprintable():
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where)
    return found


def presented_in(found: pb.Presented, where: str = "presented") -> Presented:
    """What a card presents. Raises: REQUEST_MALFORMED."""
    return Presented(
        nonce=bounded(found.nonce, NONCE_SIZE, NONCE_SIZE, f"{where}.nonce"),
        certificate=bounded(found.certificate, LEAST_CERTIFICATE, LARGEST_CERTIFICATE, f"{where}.certificate"),
        signature=bounded(found.signature, SIGNATURE_SIZE, SIGNATURE_SIZE, f"{where}.signature"),
    )


def items_in(found: pb.FourItems, where: str) -> FourItems:
    """Four items. Raises: REQUEST_MALFORMED."""
    return FourItems.parse(
        name=found.name, address=found.address, birth_date=found.birth_date, sex=found.sex, where=where
    )


def items_message(items: FourItems) -> pb.FourItems:
    """All four."""
    return pb.FourItems(name=items.name, address=items.address, birth_date=items.birth_text, sex=items.sex.value)
