"""The basic resident register application (住基AP): a PIN, and a record nobody has described.

Source: a survey of real cards. The file of the resident record code (住民票コード) was not found, so there is none here: the record says
that it is SIMULATED and holds nothing of a person.
"""

from __future__ import annotations

from typing import Final

from warifu.card.chip_state import Application, ElementaryFile, PinFile, PinShape
from warifu.card.personalisation import Personalisation

__all__ = ["AID", "PIN", "RECORD", "resident_register_application"]

AID: Final = bytes.fromhex("D3921000310001010401")
RECORD: Final = 0x02
PIN: Final = 0x1C
_TRIES: Final = 3
_NOT_FOUND: Final = b"SIMULATED: what a real card has here was not found"


def resident_register_application(given: Personalisation) -> Application:
    """The application of a card."""
    record = ElementaryFile(RECORD, opens_with=frozenset({PIN}), records=(_NOT_FOUND,))
    pin = PinFile(PIN, given.pins.resident_register, PinShape.FOUR_DIGITS, _TRIES, _TRIES)
    return Application(AID, "basic resident register", (record,), (pin,))
