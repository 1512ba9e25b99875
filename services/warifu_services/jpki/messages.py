"""Between the contract's messages and this party's values. Decides what is malformed, and names the field."""

from __future__ import annotations

import enum
import re
from typing import Final, TypeVar

from warifu.api.jpki.v1 import certificate_service_pb2 as pb
from warifu.errors import Reason, WarifuError
from warifu.jpki.four_items import FourItems
from warifu.jpki.profile import CertificateUse
from warifu_services.jpki.cards import APPLICATION_DIGITS

__all__ = [
    "REQUEST_ID_SIZE",
    "application_in",
    "chosen",
    "items_in",
    "items_message",
    "serial_in",
    "sized",
    "text_in",
    "use_in",
]

REQUEST_ID_SIZE: Final = 16
"""Bytes in a request_id and in the name of a consent."""

_APPLICATION: Final = re.compile(rf"[0-9]{{{APPLICATION_DIGITS}}}", re.ASCII)
_LONGEST_SERIAL: Final = 20
_USES: Final = {1: CertificateUse.SIGNING, 2: CertificateUse.AUTHENTICATION}

Chosen = TypeVar("Chosen", bound=enum.Enum)


def sized(found: bytes, size: int, where: str) -> bytes:
    """Bytes of one size. Raises: REQUEST_MALFORMED."""
    if len(found) != size:
        raise _malformed(where)
    return found


def text_in(found: str, longest: int, where: str) -> str:
    """A text that is there, printable and not too long. Raises: REQUEST_MALFORMED."""
    if not 1 <= len(found) <= longest or not found.isprintable():
        raise _malformed(where)
    return found


def application_in(found: str, where: str = "application_id") -> str:
    """The number of an application. Raises: REQUEST_MALFORMED."""
    if not _APPLICATION.fullmatch(found):
        raise _malformed(where)
    return found


def serial_in(found: bytes, where: str) -> bytes:
    """A serial number, without leading zeros. Raises: REQUEST_MALFORMED."""
    if not 1 <= len(found) <= _LONGEST_SERIAL or found[0] == 0:
        raise _malformed(where)
    return found


def use_in(found: int, where: str = "use") -> CertificateUse:
    """A use. Raises: REQUEST_MALFORMED."""
    if found not in _USES:
        raise _malformed(where)
    return _USES[found]


def chosen(kind: type[Chosen], number: int, where: str, most: int = 100) -> Chosen:
    """The member of ``kind`` that the contract's ``number`` means, up to ``most``. Raises: REQUEST_MALFORMED."""
    try:
        if number <= most:
            return kind(number)
    except ValueError:
        pass
    raise _malformed(where)


def items_in(found: pb.FourItems, where: str = "four_items") -> FourItems:
    """Four items. Raises: REQUEST_MALFORMED."""
    return FourItems.parse(
        name=found.name, address=found.address, birth_date=found.birth_date, sex=found.sex, where=where
    )


def items_message(items: FourItems, named: tuple[str, ...] = ("name", "address", "birth_date", "sex")) -> pb.FourItems:
    """Those of the items that are named; the others are left empty."""
    told = {"name": items.name, "address": items.address, "birth_date": items.birth_text, "sex": items.sex.value}
    return pb.FourItems(**{item: text for item, text in told.items() if item in named})


def _malformed(where: str) -> WarifuError:
    return WarifuError(Reason.REQUEST_MALFORMED, where=where)
