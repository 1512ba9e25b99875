"""What a reader tells of itself when a client asks for an attribute.

Decides which there are. Source: pcsc-lite, ``reader.h``.
"""

from __future__ import annotations

from typing import Final

from warifu_kit.reader.messages import ReaderState, State

__all__ = ["attribute"]

_VENDOR_NAME: Final = 0x00010100
_PRESENCE: Final = 0x00090300
_INTERFACE: Final = 0x00090301
_ATR: Final = 0x00090303
_FRIENDLY_NAME: Final = 0x7FFF0003


def attribute(state: ReaderState, number: int) -> bytes | None:
    """The attribute's value, None where the reader has none."""
    present = bytes([2 if state.state & State.PRESENT else 0])
    return {
        _VENDOR_NAME: b"warifu SIMULATED\0",
        _PRESENCE: present,
        _INTERFACE: bytes([1 if state.state & State.POWERED else 0]),
        _ATR: state.atr or None,
        _FRIENDLY_NAME: state.name.encode("ascii") + b"\0",
    }.get(number)
