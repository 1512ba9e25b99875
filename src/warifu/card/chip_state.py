"""What a chip is at one moment: its applications with their files, PINs and keys, and what the terminal has done so far.

Decides which values there are and how one becomes the next. All are frozen: a command takes a :class:`Chip` and a
:class:`Session` and gives back new ones. Knows neither commands nor where a chip is kept.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace

from warifu.card.personalisation import CardKind
from warifu.card.secrets import Pin, PrivateKey

__all__ = [
    "LAST_FILE",
    "Application",
    "Chip",
    "ElementaryFile",
    "Key",
    "PinFile",
    "PinShape",
    "Session",
    "WornOut",
]

LAST_FILE = 0x1E
"""The highest identifier of a file: all of them have a short one of five bits, and 1F is none."""


class PinShape(enum.Enum):
    """What a PIN may be made of: (characters, fewest, most)."""

    FOUR_DIGITS = (b"0123456789", 4, 4)
    PASSWORD = (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 6, 16)
    REFERENCE_A = (b"0123456789", 12, 12)
    REFERENCE_B = (b"0123456789", 14, 14)
    BIRTH_DATE = (b"0123456789", 6, 6)

    def fits(self, pin: Pin) -> bool:
        """Whether ``pin`` could be one of this shape."""
        characters, fewest, most = self.value
        return fewest <= len(pin.sent) <= most and all(each in characters for each in pin.sent)


@dataclass(frozen=True, slots=True)
class PinFile:
    """One PIN: what it is, how often it may still be tried, and how often it could be at first.

    ``tries_left`` 0 is blocked. ``changeable`` is false for what is printed on the card.
    """

    identifier: int
    pin: Pin
    shape: PinShape
    most_tries: int
    tries_left: int
    changeable: bool = True


@dataclass(frozen=True, slots=True)
class ElementaryFile:
    """One file.

    ``opens_with`` are the PIN files any of which opens it; nothing is needed where it is None, and an empty one stays shut. ``records`` instead of ``content`` in a file that is read by records, counted from 1.
    """

    identifier: int
    content: bytes = field(default=b"", repr=False)
    opens_with: frozenset[int] | None = None
    records: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Key:
    """One private key file, and the PIN file that opens it; anybody may use it where that is None."""

    identifier: int
    private_key: PrivateKey
    opens_with: int | None


@dataclass(frozen=True, slots=True)
class Application:
    """One application (AP). None of its files, PINs and keys can be reached from another.

    ``own_key`` is used where a command names none.
    """

    aid: bytes
    name: str
    files: tuple[ElementaryFile, ...] = ()
    pins: tuple[PinFile, ...] = ()
    keys: tuple[Key, ...] = ()
    own_key: int | None = None

    def file(self, identifier: int) -> ElementaryFile | None:
        """The file with this identifier."""
        return next((each for each in self.files if each.identifier == identifier), None)

    def pin(self, identifier: int) -> PinFile | None:
        """The PIN file with this identifier."""
        return next((each for each in self.pins if each.identifier == identifier), None)

    def key(self, identifier: int) -> Key | None:
        """The key file with this identifier."""
        return next((each for each in self.keys if each.identifier == identifier), None)

    def holds(self, identifier: int) -> bool:
        """Whether anything here has this identifier."""
        return bool(self.file(identifier) or self.pin(identifier) or self.key(identifier))


@dataclass(frozen=True, slots=True)
class WornOut:
    """A chip that fails now and then: one command in ``one_in``, drawn by ``seed``; the same ones after each power-up."""

    one_in: int
    seed: int


@dataclass(frozen=True, slots=True)
class Chip:
    """All that outlives the field. ``switches`` names what a tester did to it; a chip does not know that itself."""

    kind: CardKind
    applications: tuple[Application, ...]
    worn_out: WornOut | None = None
    switches: frozenset[str] = frozenset()

    def application(self, aid: bytes) -> Application | None:
        """The application with this identifier."""
        return next((each for each in self.applications if each.aid == aid), None)

    def with_application(self, changed: Application) -> Chip:
        """The chip with ``changed`` in place of the application with the same identifier, or besides the others."""
        if self.application(changed.aid) is None:
            return replace(self, applications=(*self.applications, changed))
        kept = tuple(changed if each.aid == changed.aid else each for each in self.applications)
        return replace(self, applications=kept)

    def with_pin(self, aid: bytes, changed: PinFile) -> Chip:
        """The chip with ``changed`` in place of the PIN file with the same identifier in the application ``aid``."""
        application = self.application(aid)
        if application is None:
            raise ValueError("no such application")
        pins = tuple(changed if each.identifier == changed.identifier else each for each in application.pins)
        return self.with_application(replace(application, pins=pins))


@dataclass(frozen=True, slots=True)
class Session:
    """What lasts until the chip loses power or is reset.

    ``aid`` is the selected application's, None at the issuer's domain, where a chip begins; ``selected`` the current file;
    ``verified`` the PIN files whose PIN was given since the application was selected; ``commands`` how many commands there were.
    """

    aid: bytes | None = None
    selected: int | None = None
    verified: frozenset[int] = frozenset()
    commands: int = 0
