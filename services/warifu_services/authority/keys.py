"""The numbering authority's secrets, and what each is for.

Decides how one key file becomes three keys that share nothing: one turns a person into a point, one finds a number
without showing it, one seals a number at rest. So a stolen database is no list of My Numbers, and one without the key
file cannot even be searched, although there are only 10^11 numbers to try. Must never know an agency's code.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import lru_cache

from warifu.canonical import length_prefixed
from warifu.curve.group import Group, Point, RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import person_point
from warifu.exchange.seal import open_at_rest, seal_at_rest
from warifu.identifiers import InstitutionCode, MyNumber, ResidentRecordCode

__all__ = ["LOOKUP_SIZE", "AuthorityKeys"]

LOOKUP_SIZE = 32
"""Bytes in a lookup key."""

_KEY_SIZE = 32
_REMEMBERED_POINTS = 65_536
_LOOKUP_KEY = b"warifu-v1/authority-lookup-key"
_STORAGE_KEY = b"warifu-v1/authority-storage-key"
_HEDGE_KEY = b"warifu-v1/authority-hedge-key"
_RESIDENT = b"warifu-v1/authority-resident"
_NUMBER = b"warifu-v1/authority-number"


class AuthorityKeys:
    """Everything the authority derives from ``point_key`` (32 bytes). Masked when printed.

    ``hedge_key`` goes into the randomness of encryptions. Raises: KEY_INVALID for a key of another length.
    """

    __slots__ = ("_lookup_key", "_point", "_storage_key", "hedge_key")

    def __init__(self, group: Group, point_key: bytes) -> None:
        if len(point_key) != _KEY_SIZE:
            raise WarifuError(Reason.KEY_INVALID, where="point.key")
        self._lookup_key = _derived(point_key, _LOOKUP_KEY)
        self._storage_key = _derived(point_key, _STORAGE_KEY)
        self.hedge_key = _derived(point_key, _HEDGE_KEY)
        self._point = _remembering(lambda person_id: person_point(group, point_key, person_id))

    def __repr__(self) -> str:
        return "AuthorityKeys(…)"

    def point(self, person_id: bytes) -> Point:
        """The point of a person. The latest 65,536 are remembered, because several agencies acquire the same people."""
        return self._point(person_id)

    def resident_lookup(self, registry: InstitutionCode, resident: ResidentRecordCode) -> bytes:
        """Finds what was designated for an entry of one registry; 32 bytes, keyed BLAKE2b (RFC 7693)."""
        return self._lookup(_RESIDENT, registry.encode(), resident.digits.encode())

    def number_lookup(self, number: MyNumber) -> bytes:
        """Finds a designated number; 32 bytes, keyed BLAKE2b."""
        return self._lookup(_NUMBER, number.digits.encode())

    def seal_number(self, number: MyNumber, random_bytes: RandomBytes = secrets.token_bytes) -> bytes:
        """The number as it is stored, sealed to its own place in the table."""
        return seal_at_rest(self._storage_key, number.digits.encode(), self.number_lookup(number), random_bytes)

    def open_number(self, lookup: bytes, sealed: bytes) -> MyNumber:
        """The number that was stored under ``lookup``. Raises: KEY_INVALID when the key is not the one it was sealed with."""
        return MyNumber(open_at_rest(self._storage_key, sealed, lookup).decode())

    def _lookup(self, label: bytes, *items: bytes) -> bytes:
        return hashlib.blake2b(length_prefixed(label, *items), key=self._lookup_key, digest_size=LOOKUP_SIZE).digest()


def _derived(point_key: bytes, label: bytes) -> bytes:
    return hmac.digest(point_key, length_prefixed(label), "sha512")[:_KEY_SIZE]


def _remembering(point_of: Callable[[bytes], Point]) -> Callable[[bytes], Point]:
    return lru_cache(maxsize=_REMEMBERED_POINTS)(point_of)
