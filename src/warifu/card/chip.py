"""The chip: a command's bytes in, a response's bytes out, and what the chip is afterwards.

Decides what every instruction does, in the order of a real card: class, instruction, parameters, file, PIN. Pure: chip and
session are values, randomness is an argument. Must never know readers, sockets, files on a disk or who holds the card.

A PIN is paid for before it is compared: the outcome of VERIFY lists the chip with one try fewer first, and behind it the chip
with all tries again where the PIN was right. Whoever keeps the chip keeps them in this order, durably, before the response
leaves: power that goes away at any moment gives no try back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from warifu.card import signing
from warifu.card.apdu import Command, StatusError, Word, parsed, tries
from warifu.card.chip_state import Application, Chip, ElementaryFile, Key, PinFile, Session
from warifu.card.secrets import Pin

__all__ = ["ISSUER_DOMAIN", "Outcome", "answer"]

ISSUER_DOMAIN: Final = bytes.fromhex("A0000001510000")
"""The GlobalPlatform issuer domain, which is selected at power-up. It holds nothing."""

_CHALLENGE_SIZE: Final = 8
_CURRENT: Final = 0x80


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to. ``kept`` are the chips to be kept before ``response`` leaves, in this order; often none."""

    session: Session
    response: bytes
    kept: tuple[Chip, ...] = ()


@dataclass(frozen=True, slots=True)
class _Done:
    """What an instruction did, before status words are put behind it."""

    session: Session
    returned: bytes = b""
    word: int = Word.DONE
    kept: tuple[Chip, ...] = ()


@dataclass(frozen=True, slots=True)
class _At:
    """Where a command finds the chip."""

    chip: Chip
    session: Session
    random_bytes: Callable[[int], bytes]

    def application(self) -> Application:
        """The selected application. Raises: StatusError (NOT_FOUND) at the issuer's domain, which has no files."""
        found = None if self.session.aid is None else self.chip.application(self.session.aid)
        if found is None:
            raise StatusError(Word.NOT_FOUND)
        return found


def answer(chip: Chip, session: Session, sent: bytes, random_bytes: Callable[[int], bytes]) -> Outcome:
    """What ``chip`` says to the command ``sent``: at least the two bytes of a status word, whatever was sent.

    ``random_bytes`` gives as many fresh ones as it is asked for.
    """
    counted = replace(session, commands=session.commands + 1)
    if _fails(chip, counted):
        return Outcome(counted, Word.FAILING.to_bytes(2, "big"))
    try:
        command = parsed(sent)
        done = _instruction(command)(command, _At(chip, counted, random_bytes))
    except StatusError as refused:
        return Outcome(counted, refused.word.to_bytes(2, "big"))
    returned = done.returned[: command.expected or 0]
    return Outcome(done.session, returned + done.word.to_bytes(2, "big"), done.kept)


def _fails(chip: Chip, session: Session) -> bool:
    if chip.worn_out is None:
        return False
    drawn = hashlib.sha256(f"worn out|{chip.worn_out.seed}|{session.commands}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % chip.worn_out.one_in == 0


def _instruction(command: Command) -> Callable[[Command, _At], _Done]:
    if command.cla & 0x10:
        raise StatusError(Word.NO_CHAINING)
    if command.cla & 0x0C:
        raise StatusError(Word.NO_SECURE_MESSAGING)
    if command.cla & 0x03:
        raise StatusError(Word.NO_CHANNELS)
    if command.cla not in {0x00, 0x80}:
        raise StatusError(Word.UNKNOWN_CLASS)
    known = _INSTRUCTIONS.get((command.cla, command.ins))
    if known is None:
        raise StatusError(Word.UNKNOWN_INSTRUCTION)
    return known


def _select(command: Command, at: _At) -> _Done:
    if command.p1 == 0x04:
        return _select_application(command, at)
    if command.p1 != 0x02 or command.p2 != 0x0C:
        raise StatusError(Word.WRONG_P1_P2)
    if len(command.body) != 2:
        raise StatusError(Word.WRONG_LENGTH)
    identifier = int.from_bytes(command.body, "big")
    if not at.application().holds(identifier):
        raise StatusError(Word.NOT_FOUND)
    return _Done(replace(at.session, selected=identifier))


def _select_application(command: Command, at: _At) -> _Done:
    """Selecting any application, the same one too, forgets PINs: terminals that know it log out that way."""
    issuers = command.body == ISSUER_DOMAIN
    if not issuers and at.chip.application(command.body) is None:
        raise StatusError(Word.NOT_FOUND)
    if command.p2 != 0x0C:
        raise StatusError(Word.WRONG_P1_P2)
    aid = None if issuers else command.body
    return _Done(replace(at.session, aid=aid, selected=None, verified=frozenset()))


def _read_binary(command: Command, at: _At) -> _Done:
    if command.body or command.expected is None:
        raise StatusError(Word.WRONG_LENGTH)
    if command.p1 & 0x80:
        if command.p1 & 0x60:
            raise StatusError(Word.WRONG_P1_P2)
        read, offset, session = _file(at, command.p1 & 0x1F), command.p2, _selecting(at, command.p1 & 0x1F)
    else:
        read, offset, session = _file(at, _selected(at)), command.p1 << 8 | command.p2, at.session
    if read.records:
        raise StatusError(Word.NOT_THIS_KIND_OF_FILE)
    if offset >= len(read.content):
        raise StatusError(Word.WRONG_OFFSET)
    return _Done(session, read.content[offset:])


def _read_record(command: Command, at: _At) -> _Done:
    if command.p2 & 0x07 != 0x04:
        raise StatusError(Word.WRONG_P1_P2)
    if command.body or command.expected is None:
        raise StatusError(Word.WRONG_LENGTH)
    short = command.p2 >> 3
    read, session = _file(at, short or _selected(at)), _selecting(at, short) if short else at.session
    if not read.records:
        raise StatusError(Word.NOT_THIS_KIND_OF_FILE)
    if not 1 <= command.p1 <= len(read.records):
        raise StatusError(Word.NO_SUCH_RECORD)
    return _Done(session, read.records[command.p1 - 1])


def _verify(command: Command, at: _At) -> _Done:
    if command.p1:
        raise StatusError(Word.WRONG_P1_P2)
    pin, session = _pin(at, command.p2)
    if not command.body:
        return _Done(session, word=tries(pin.tries_left))
    if not pin.tries_left:
        raise StatusError(Word.BLOCKED)
    spent = replace(pin, tries_left=pin.tries_left - 1)
    aid = at.application().aid
    paid = at.chip.with_pin(aid, spent)
    if Pin(command.body) != pin.pin:
        session = replace(session, verified=session.verified - {pin.identifier})
        return _Done(session, word=tries(spent.tries_left), kept=(paid,))
    session = replace(session, verified=session.verified | {pin.identifier})
    return _Done(session, kept=(paid, paid.with_pin(aid, replace(pin, tries_left=pin.most_tries))))


def _change_pin(command: Command, at: _At) -> _Done:
    if command.p1 != 0x01:
        raise StatusError(Word.WRONG_P1_P2)
    pin, session = _pin(at, command.p2)
    if pin.identifier not in session.verified:
        raise StatusError(Word.NOT_VERIFIED)
    chosen = Pin(command.body)
    if not pin.changeable or not pin.shape.fits(chosen):
        raise StatusError(Word.WRONG_DATA)
    return _Done(session, kept=(at.chip.with_pin(at.application().aid, replace(pin, pin=chosen)),))


def _sign(command: Command, at: _At) -> _Done:
    key, session = _key(at, command.p2)
    if key.opens_with is not None and key.opens_with not in at.session.verified:
        raise StatusError(Word.NOT_VERIFIED)
    if command.expected is None:
        raise StatusError(Word.WRONG_LENGTH)
    return _Done(session, signing.signed(key.private_key, command.p1, command.body))


def _get_challenge(command: Command, at: _At) -> _Done:
    if command.p1 or command.p2:
        raise StatusError(Word.WRONG_P1_P2)
    if command.body or command.expected is None:
        raise StatusError(Word.WRONG_LENGTH)
    return _Done(at.session, at.random_bytes(_CHALLENGE_SIZE))


def _internal_authenticate(command: Command, at: _At) -> _Done:
    """The terminal's challenge, signed by a key that needs no PIN: the chip is there."""
    if command.p1:
        raise StatusError(Word.WRONG_P1_P2)
    key, session = _key(at, command.p2)
    if key.opens_with is not None:
        raise StatusError(Word.NOT_VERIFIED)
    if command.expected is None:
        raise StatusError(Word.WRONG_LENGTH)
    return _Done(session, signing.signed(key.private_key, signing.SHA256_OF_MESSAGE, command.body))


def _selected(at: _At) -> int:
    at.application()
    if at.session.selected is None:
        raise StatusError(Word.NO_CURRENT_FILE)
    return at.session.selected


def _selecting(at: _At, short: int) -> Session:
    return replace(at.session, selected=short)


def _file(at: _At, identifier: int) -> ElementaryFile:
    application = at.application()
    read = application.file(identifier)
    if read is None:
        raise StatusError(Word.NOT_THIS_KIND_OF_FILE if application.holds(identifier) else Word.NOT_FOUND)
    if read.opens_with is not None and not read.opens_with & at.session.verified:
        raise StatusError(Word.NOT_VERIFIED)
    return read


def _named(at: _At, p2: int) -> tuple[int, Session]:
    """The file that P2 of VERIFY, CHANGE and SIGN names: 80 the current one, 80 | n the one with the short identifier n."""
    if p2 & 0x60 or not p2 & _CURRENT:
        raise StatusError(Word.WRONG_P1_P2)
    short = p2 & 0x1F
    return (short, _selecting(at, short)) if short else (_selected(at), at.session)


def _pin(at: _At, p2: int) -> tuple[PinFile, Session]:
    identifier, session = _named(at, p2)
    application = at.application()
    pin = application.pin(identifier)
    if pin is None:
        raise StatusError(Word.NOT_THIS_KIND_OF_FILE if application.holds(identifier) else Word.NOT_FOUND)
    return pin, session


def _key(at: _At, p2: int) -> tuple[Key, Session]:
    application = at.application()
    if p2:
        identifier, session = _named(at, p2)
    elif application.own_key is None:
        raise StatusError(Word.WRONG_P1_P2)
    else:
        identifier, session = application.own_key, at.session
    key = application.key(identifier)
    if key is None:
        raise StatusError(Word.NOT_THIS_KIND_OF_FILE if application.holds(identifier) else Word.NOT_FOUND)
    return key, session


_INSTRUCTIONS: Final[dict[tuple[int, int], Callable[[Command, _At], _Done]]] = {
    (0x00, 0xA4): _select,
    (0x00, 0xB0): _read_binary,
    (0x00, 0xB2): _read_record,
    (0x00, 0x20): _verify,
    (0x00, 0x24): _change_pin,
    (0x00, 0x84): _get_challenge,
    (0x00, 0x88): _internal_authenticate,
    (0x80, 0x2A): _sign,
}
