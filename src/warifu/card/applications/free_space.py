"""The free space: applications that a municipality puts on the card by its ordinance (条例): a library's, seal registration, points.

Decides what such an application may be: an identifier of its own that begins with :data:`PREFIX`, a few files, and a PIN or none. It cannot
read another application, for no command reaches from one to another. Layouts of real ones were not found; this is ours.

Source: Act on the Use of Numbers, Article 18 (use of the card's free area by ordinance); ISO/IEC 7816-5 (identifiers beginning with F
are nobody's and need no registration).
"""

from __future__ import annotations

from typing import Final

from warifu.card.chip_state import LAST_FILE, Application, Chip, ElementaryFile, PinFile, PinShape
from warifu.card.personalisation import CardKind
from warifu.card.secrets import Pin
from warifu.errors import Reason, WarifuError

__all__ = ["MOST_APPLICATIONS", "MOST_BYTES", "PIN", "PREFIX", "with_free_space"]

PREFIX: Final = b"\xf0WARIFU"
PIN: Final = 0x1C
MOST_APPLICATIONS: Final = 8
MOST_BYTES: Final = 4096
"""Of all files of one application; how much room a real card has was not found."""

_TRIES: Final = 3


def with_free_space(
    chip: Chip, name: str, number: int, contents: tuple[bytes, ...], pin: Pin | None, *, where: str = ""
) -> Chip:
    """The chip with one application more, ``PREFIX`` and ``number`` in two bytes.

    Its files are 0001, 0002 and so on, open to whoever knows ``pin``, or to everybody where that is None.

    Raises: REQUEST_MALFORMED: it is a phone, there is one with that number, there are too many, or they are too large.
    """
    aid = PREFIX + number.to_bytes(2, "big")
    fault = _fault(chip, aid, contents, pin)
    if fault:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}: {fault}" if where else fault)
    shut = None if pin is None else frozenset({PIN})
    files = tuple(ElementaryFile(number, content, shut) for number, content in enumerate(contents, start=1))
    pins = () if pin is None else (PinFile(PIN, pin, PinShape.FOUR_DIGITS, _TRIES, _TRIES),)
    return chip.with_application(Application(aid, name, files, pins))


def _fault(chip: Chip, aid: bytes, contents: tuple[bytes, ...], pin: Pin | None) -> str:
    others = [each for each in chip.applications if each.aid.startswith(PREFIX)]
    if chip.kind is not CardKind.CARD:
        return "a phone has no free space"
    if any(each.aid == aid for each in others):
        return "there is an application with this number"
    if len(others) >= MOST_APPLICATIONS:
        return f"the free space holds {MOST_APPLICATIONS} applications"
    if not 1 <= len(contents) < LAST_FILE - 1 or sum(map(len, contents)) > MOST_BYTES or not all(contents):
        return f"an application holds 1 to {LAST_FILE - 2} files, none empty, of {MOST_BYTES} bytes together"
    if pin is not None and not PinShape.FOUR_DIGITS.fits(pin):
        return "its PIN should be four digits"
    return ""
