"""What a secret looks like wherever it might lie: as it is, in hexadecimal, base64, UTF-16 and as programs print it.

Decides which byte strings a search for leaked values has to look for, and how short one may be before finding it would
mean nothing. Pure. It holds what nobody else may hold, so it is never used inside a party's process.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["SHORTEST_NEEDLE", "Needle", "Secret", "Skipped", "needles"]

SHORTEST_NEEDLE = 8
"""Shorter byte strings are not searched for, and reported as skipped.

In a gigabyte of random bytes, 20,000 needles of 8 bytes are found by chance once in about a million searches; of 6
bytes, once in about fourteen. A My Number is 12 bytes, a code 32.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A value that must not be found. ``kind`` (such as "my_number") and ``owner`` are printed, ``value`` never is.

    Text is looked for in UTF-8 and in the wide forms text takes in memory; bytes as they are.
    """

    kind: str
    owner: str
    value: str | bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """One form of one secret."""

    kind: str
    owner: str
    encoding: str
    pattern: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A form that is too short to be searched for: ``length`` bytes."""

    kind: str
    owner: str
    encoding: str
    length: int


def needles(secret: Secret, *, shortest: int = SHORTEST_NEEDLE) -> tuple[list[Needle], list[Skipped]]:
    """Every form of ``secret``, each once, and those too short to search for.

    Numbers written as binary integers are not among them: a My Number fills five bytes, which chance alone finds.
    """
    found: dict[bytes, str] = {}
    for encoding, pattern in _forms(secret.value):
        found.setdefault(pattern, encoding)
    kind, owner = secret.kind, secret.owner
    sought = [Needle(kind=kind, owner=owner, encoding=e, pattern=p) for p, e in found.items() if len(p) >= shortest]
    skipped = [
        Skipped(kind=kind, owner=owner, encoding=e, length=len(p)) for p, e in found.items() if len(p) < shortest
    ]
    return sought, skipped


def _forms(value: str | bytes) -> Iterator[tuple[str, bytes]]:
    raw = value.encode() if isinstance(value, str) else value
    yield "raw", raw
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield from _base64_forms(raw)
    yield "escaped bytes", repr(raw)[2:-1].encode()
    if isinstance(value, str):
        yield from _text_forms(value)
    else:
        yield "hex in utf-16-le", raw.hex().encode("utf-16-le")
        yield "hex in utf-16-be", raw.hex().encode("utf-16-be")


def _text_forms(value: str) -> Iterator[tuple[str, bytes]]:
    yield "utf-16-le", value.encode("utf-16-le")
    yield "utf-16-be", value.encode("utf-16-be")
    yield "utf-32-le", value.encode("utf-32-le")
    yield "escaped text", json.dumps(value)[1:-1].encode()


def _base64_forms(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The characters that ``raw`` alone decides, for each of the three places in a group where it can begin."""
    for before in range(3):
        first, end = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        padded = bytes(before) + raw
        yield f"base64 at {before}", base64.b64encode(padded)[first:end]
        yield f"base64url at {before}", base64.urlsafe_b64encode(padded)[first:end]
