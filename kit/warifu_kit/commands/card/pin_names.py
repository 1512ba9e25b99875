"""What people call the PINs of a card, and where on the chip each is."""

from __future__ import annotations

from typing import Final

__all__ = ["PIN_NAMES", "pin_name", "pin_place"]

PIN_NAMES: Final = ("authentication", "signing", "input-support", "resident-register", "common")


def pin_place(name: str) -> tuple[bytes, int]:
    """Application and file of a PIN. Raises: KeyError where no PIN has the name."""
    return _places()[name]


def pin_name(aid: bytes, identifier: int) -> str:
    """What the commands call a PIN; four hexadecimal digits where they know it not, as that of an application in the free space."""
    names = {place: name for name, place in _places().items()}
    return names.get((aid, identifier), f"{identifier:04X}")


def _places() -> dict[str, tuple[bytes, int]]:
    from warifu.card.applications import common, input_support, jpki, resident_register

    places = (
        (jpki.AID, jpki.AUTHENTICATION_PIN),
        (jpki.AID, jpki.SIGNING_PIN),
        (input_support.AID, input_support.PIN),
        (resident_register.AID, resident_register.PIN),
        (common.AID, common.PIN),
    )
    return dict(zip(PIN_NAMES, places, strict=True))
