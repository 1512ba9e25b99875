"""What is printed on a made-up card, as pictures: black on white, one bit a pixel, and one drawn portrait for everybody.

Decides the letters: those of numbers and plain capitals, five dots by seven. A name or an address is shown as SIMULATED and its length, for
a real one is set in a font that this project does not ship. Sizes but the My Number's (72 by 12) are ours.

Source of the file format: Portable Network Graphics, third edition (W3C), sections 5 and 11.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from warifu.card.personalisation import FaceData, FourItems
from warifu.card.secrets import Pin
from warifu.identifiers import MyNumber

__all__ = ["face_of", "lettered"]

_PORTRAIT: Final = Path(__file__).with_name("portrait.jp2")
_WIDTH, _HEIGHT = 5, 7
_BLANK: Final = (0,) * _HEIGHT
# Seven rows of five dots each, the leftmost in the highest bit.
_LETTERS: Final = {
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
    "A": (14, 17, 17, 31, 17, 17, 17),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
}


def face_of(items: FourItems, number: MyNumber, security_code: Pin) -> FaceData:
    """The pictures of one made-up card."""
    return FaceData(
        portrait=_PORTRAIT.read_bytes(),
        name=lettered(f"SIMULATED {len(items.name)}", 240, 24),
        address=lettered(f"SIMULATED {len(items.address)}", 240, 48),
        my_number=lettered(number.digits, 72, 12),
        security_code=lettered(security_code.sent.decode("ascii"), 32, 12),
    )


def lettered(text: str, width: int, height: int) -> bytes:
    """``text`` in one line as PNG of ``width`` by ``height`` pixels; what does not fit is cut off."""
    top = (height - _HEIGHT) // 2
    rows = [_row(text, row - top, width) for row in range(height)]
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    header = _chunk(b"IHDR", size + bytes([1, 0, 0, 0, 0]))  # one bit a pixel, grey
    content = _chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9))
    return b"\x89PNG\r\n\x1a\n" + header + content + _chunk(b"IEND", b"")


def _row(text: str, row: int, width: int) -> bytes:
    """One row of pixels: 1 is white, 0 is ink."""
    dots = ""
    for letter in text:
        drawn = _LETTERS.get(letter, _BLANK)[row] if 0 <= row < _HEIGHT else 0
        dots += f"{drawn:0{_WIDTH}b}0"
    pixels = dots[:width].ljust(width, "0").translate({48: "1", 49: "0"})
    filled = pixels.ljust(-(-width // 8) * 8, "1")
    return int(filled, 2).to_bytes(len(filled) // 8, "big")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
