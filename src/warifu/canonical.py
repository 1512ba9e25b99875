"""One unambiguous byte string for several values, and one digest of it.

Decides how values are joined before they are hashed, signed or fed to a keyed function: each with its length in
front, so that no two different lists of values ever give the same bytes. Must never know what the values mean.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

__all__ = ["DIGEST_SIZE", "digest", "length_prefixed"]

DIGEST_SIZE = 32
"""Bytes in a :func:`digest`."""

_LONGEST_ITEM = 0xFFFF


def length_prefixed(*items: bytes) -> bytes:
    """Join ``items``, each behind its length as two big-endian bytes.

    Items are at most 65,535 bytes, for they are labels, identifiers, points and contexts, never payloads.

    Raises:
        ValueError: an item is longer; a mistake of the calling code, not of an input.
    """
    parts = []
    for item in items:
        if len(item) > _LONGEST_ITEM:
            raise ValueError(f"an item of {len(item)} bytes does not fit a two-byte length")
        parts.append(len(item).to_bytes(2, "big"))
        parts.append(item)
    return b"".join(parts)


def digest(label: bytes, *items: bytes) -> bytes:
    """BLAKE2b-256 (RFC 7693) over ``label`` and ``items`` of any length; 32 bytes.

    The label comes first in the form of :func:`length_prefixed`; each item follows behind its length as eight
    big-endian bytes. Labels keep the uses apart: a digest made for one purpose never equals one made for another.
    """
    parts = [_label_prefix(label)]
    for item in items:
        parts.append(len(item).to_bytes(8, "big"))
        parts.append(item)
    return hashlib.blake2b(b"".join(parts), digest_size=DIGEST_SIZE).digest()


@lru_cache(maxsize=64)
def _label_prefix(label: bytes) -> bytes:
    return length_prefixed(label)
