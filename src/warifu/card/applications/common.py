"""The common application (共通カードAP): which card this is, whose municipality's, until when; and that it is really there.

Source: a survey of real cards: record 1 of file 0001 is ``01 1C``, serial (15), municipality (5), last day (8 digits). Its PIN is taken to be
the basic resident register's (four digits, three tries); whether real cards keep the two apart was not found.
"""

from __future__ import annotations

from typing import Final

from warifu.card.chip_state import Application, ElementaryFile, Key, PinFile, PinShape
from warifu.card.personalisation import Personalisation
from warifu.card.tlv import tlv

__all__ = ["AID", "IDENTITY", "PIN", "PRESENCE_KEY", "common_application"]

AID: Final = bytes.fromhex("D3921000310001010100")
IDENTITY: Final = 0x01
PRESENCE_KEY: Final = 0x19
PIN: Final = 0x1C
_TRIES: Final = 3


def common_application(given: Personalisation) -> Application:
    """The application of a card."""
    identity = f"{given.serial}{given.municipality[:5]}{given.expires:%Y%m%d}".encode("ascii")
    record = ElementaryFile(IDENTITY, records=(tlv(0x01, identity),))
    pin = PinFile(PIN, given.pins.resident_register, PinShape.FOUR_DIGITS, _TRIES, _TRIES)
    keys = (Key(PRESENCE_KEY, given.presence_key, None),)
    return Application(AID, "common", (record,), (pin,), keys, own_key=PRESENCE_KEY)
