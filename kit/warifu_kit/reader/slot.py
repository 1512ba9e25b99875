"""The reader's one slot: which card is in it, who is connected to it, and whose turn it is.

Decides what pcsc-lite's server decides: sharing, transactions, what the others are told when a card was reset or taken out. Single
steps without waiting: whoever calls waits until :meth:`Slot.is_free_for` says yes. Knows no socket and no disk.

Source: pcsc-lite, ``winscard.c`` and ``readerfactory.c``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from warifu_kit.reader.messages import Disposition, ReaderState, Rv, Share, State

__all__ = ["ATR", "MOST_HANDLES", "PROTOCOL_T1", "Inserted", "Slot", "UnknownHandleError"]

ATR: Final = bytes.fromhex("3BDA13FF8131FB468012392F31C173C601C03B")
"""The answer to reset of a real card by contact. Programs find the card by its applications, not by this."""

PROTOCOL_T1: Final = 2
MOST_HANDLES: Final = 64
"""Connections of one client."""

_ANY_OLD: Final = 0x1000
_COUNTED: Final = 0xFFFF


class Inserted(Protocol):
    """A card in the slot."""

    def answer(self, command: bytes) -> bytes:
        """The response to a command. Raises: OSError when nothing may be answered."""

    def reset(self) -> None:
        """Power off and on."""


class UnknownHandleError(Exception):
    """A client used a handle that is not its own: its connection is closed, as pcsc-lite does."""


@dataclass(slots=True)
class _Handle:
    client: object
    share: Share
    told: Rv | None = None  # what this handle must hear before it may go on


class Slot:
    """One reader with at most one card."""

    def __init__(self, name: str) -> None:
        """``name`` is what programs list, up to 127 ASCII characters."""
        self.name = name
        self._card: Inserted | None = None
        self._handles: dict[int, _Handle] = {}
        self._next = 1
        self._owner: int | None = None  # of the transaction
        self._depth = 0
        self._events = 0

    def state(self) -> ReaderState:
        """What everybody may know."""
        exclusive = any(each.share is Share.EXCLUSIVE for each in self._handles.values())
        sharing = -1 if exclusive else len(self._handles)
        if self._card is None:
            return ReaderState(self.name, self._events, State.ABSENT, sharing, b"", 0)
        state = State.PRESENT | State.POWERED | State.NEGOTIABLE
        return ReaderState(self.name, self._events, state, sharing, ATR, PROTOCOL_T1)

    def insert(self, card: Inserted) -> None:
        """Put a card in. There must be none."""
        self._card = card
        self._events = self._events + 1 & _COUNTED

    def remove(self) -> Inserted | None:
        """Take the card out, whatever is under way, as a hand does; give it back."""
        card, self._card = self._card, None
        if card is not None:
            self._events = self._events + 1 & _COUNTED
            self._owner, self._depth = None, 0
            for handle in self._handles.values():
                handle.told = Rv.REMOVED_CARD
        return card

    def is_free_for(self, handle: int | None) -> bool:
        """Whether nobody else has a transaction under way."""
        return self._owner is None or self._owner == handle

    def connect(self, client: object, reader: bytes, share: int, protocols: int) -> tuple[Rv, int, int]:
        """A new handle of ``client`` and the protocol in use; 0 for both where the first says why not."""
        refused = self._refusal(client, reader, share, protocols)
        if refused is not None:
            return refused, 0, 0
        handle, self._next = self._next, self._next % 0x7FFFFFFF + 1
        self._handles[handle] = _Handle(client, Share(share))
        return Rv.SUCCESS, handle, 0 if self._card is None else PROTOCOL_T1

    def _refusal(self, client: object, reader: bytes, share: int, protocols: int) -> Rv | None:
        if share not in set(Share):
            return Rv.INVALID_VALUE
        if reader != self.name.encode("ascii"):
            return Rv.UNKNOWN_READER
        held = [each.client for each in self._handles.values()]
        if len([each for each in held if each is client]) >= MOST_HANDLES:
            return Rv.INVALID_VALUE
        if any(each.share is Share.EXCLUSIVE for each in self._handles.values()):
            return Rv.SHARING_VIOLATION
        if share == Share.EXCLUSIVE and held:
            return Rv.SHARING_VIOLATION
        return None if share == Share.DIRECT else self._refusal_of_card(protocols)

    def _refusal_of_card(self, protocols: int) -> Rv | None:
        if self._card is None:
            return Rv.NO_SMARTCARD
        return None if protocols & (PROTOCOL_T1 | _ANY_OLD) else Rv.PROTO_MISMATCH

    def reconnect(self, client: object, handle: int, share: int, protocols: int, disposition: int) -> tuple[Rv, int]:
        """Go on after what was told; the protocol in use."""
        held = self._own(client, handle)
        if share not in set(Share) or disposition not in set(Disposition):
            return Rv.INVALID_VALUE, 0
        if share == Share.EXCLUSIVE and len(self._handles) > 1:
            return Rv.SHARING_VIOLATION, 0
        refused = None if share == Share.DIRECT else self._refusal_of_card(protocols)
        if refused is not None:
            return refused, 0
        held.share, held.told = Share(share), None
        self._dispose(handle, disposition)
        return Rv.SUCCESS, 0 if self._card is None else PROTOCOL_T1

    def disconnect(self, client: object, handle: int, disposition: int) -> Rv:
        """Let go; the transaction of this handle, if any, ends."""
        self._own(client, handle)
        if disposition not in set(Disposition):
            return Rv.INVALID_VALUE
        del self._handles[handle]
        self._free(handle)
        self._dispose(handle, disposition)
        return Rv.SUCCESS

    def disconnect_all(self, client: object) -> None:
        """A client is gone. Whoever goes in the middle of a transaction leaves a card that is reset: its PINs were given to it alone."""
        for handle in [number for number, each in self._handles.items() if each.client is client]:
            in_the_middle = self._owner == handle
            self.disconnect(client, handle, Disposition.RESET if in_the_middle else Disposition.LEAVE)

    def begin(self, client: object, handle: int) -> Rv:
        """Begin a transaction, or another within it. It must be this handle's turn."""
        told = self._own(client, handle).told
        if told is not None:
            return told
        self._owner = handle
        self._depth += 1
        return Rv.SUCCESS

    def end(self, client: object, handle: int, disposition: int) -> Rv:
        """End what :meth:`begin` began."""
        told = self._own(client, handle).told
        if told is not None:
            return told
        if disposition not in set(Disposition):
            return Rv.INVALID_VALUE
        if self._owner != handle:
            return Rv.SHARING_VIOLATION
        self._dispose(handle, disposition)
        self._depth -= 1
        if not self._depth:
            self._owner = None
        return Rv.SUCCESS

    def transmit(self, client: object, handle: int, command: bytes) -> tuple[Rv, bytes]:
        """The card's response. It must be this handle's turn."""
        told = self.status(client, handle)
        if told is not Rv.SUCCESS or self._card is None:
            return (told if told is not Rv.SUCCESS else Rv.NO_SMARTCARD), b""
        try:
            return Rv.SUCCESS, self._card.answer(command)
        except OSError:
            return Rv.NOT_TRANSACTED, b""

    def status(self, client: object, handle: int) -> Rv:
        """Whether this handle can go on."""
        return self._own(client, handle).told or Rv.SUCCESS

    def holds(self, client: object, handle: int) -> bool:
        """Whether the handle is this client's."""
        held = self._handles.get(handle)
        return held is not None and held.client is client

    def _own(self, client: object, handle: int) -> _Handle:
        if not self.holds(client, handle):
            raise UnknownHandleError
        return self._handles[handle]

    def _free(self, handle: int) -> None:
        if self._owner == handle:
            self._owner, self._depth = None, 0

    def _dispose(self, handle: int, disposition: int) -> None:
        """Reset the card, if that is asked, and have everybody else hear of it."""
        if disposition == Disposition.LEAVE or self._card is None:
            return
        self._card.reset()
        for number, each in self._handles.items():
            if number != handle and each.told is None:
                each.told = Rv.RESET_CARD
