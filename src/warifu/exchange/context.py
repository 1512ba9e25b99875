"""The context of one exchange: the 116 bytes that every signature, sealed body and randomiser is bound to.

Decides the canonical layout, so that inquirer, hub and provider hash the same bytes. It names institutions, procedure
and item in full rather than by an index: no table has to be shared for two parties to agree on what was asked. The hub
reads all of it, so it must never hold anything by which a person could be told from another; of the person it says only
what the flags say (a consent is on record, the fact is not to be disclosed).

Layout, big-endian, in this order: suite u8, kind u8, request_id 16, inquirer 16, provider 16, item 16, procedure 16,
flags u16, issued u64, expires u64 (both Unix milliseconds), epoch_from u32, epoch_to u32, key_id_to 8. The same bytes
are the HPKE ``info`` of the sealed query.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode

__all__ = [
    "CONTEXT_SIZE",
    "KEY_ID_SIZE",
    "LONGEST_SKEW",
    "LONGEST_VALIDITY",
    "NO_ITEM",
    "NO_PROCEDURE",
    "REQUEST_ID_SIZE",
    "ContextKind",
    "ExchangeContext",
    "ExchangeFlags",
    "ExchangeKey",
    "request_id_of",
]

_LAYOUT = struct.Struct(">BB16s16s16s16s16sHQQII8s")
CONTEXT_SIZE = _LAYOUT.size
"""Length of an encoded context in bytes."""

REQUEST_ID_SIZE = 16
"""Bytes in a request_id."""

KEY_ID_SIZE = 8
"""Bytes in a key id."""

LONGEST_VALIDITY = timedelta(minutes=10)
"""The longest time from issue to expiry that a hub or provider accepts."""

LONGEST_SKEW = timedelta(minutes=2)
"""How far two parties' clocks may differ."""

_VALIDITY_MS = LONGEST_VALIDITY // timedelta(milliseconds=1)
_SKEW_MS = LONGEST_SKEW // timedelta(milliseconds=1)

NO_ITEM = ItemCode("TM00000000000000")
"""Stands in a context of kind ISSUE or ROTATE, where no item is asked for."""

NO_PROCEDURE = ProcedureCode("JT00000000000000")
"""Stands in a context of kind ISSUE or ROTATE, where no procedure is under way."""


ExchangeKey: TypeAlias = tuple[InstitutionCode, bytes]
"""The inquirer, and the request_id that it gave."""


class ContextKind(enum.IntEnum):
    """What the context is for; a value of one kind never verifies as another."""

    EXCHANGE = 1
    ISSUE = 2
    ROTATE = 3


class ExchangeFlags(enum.IntFlag):
    """What the inquirer declares about the exchange, visible to the hub."""

    NONE = 0
    ORDINANCE = 1
    """An affair by ordinance (Act Art. 19(9))."""
    CONSENT = 2
    """The person's consent is on record."""
    NON_DISCLOSURE = 4
    """The fact of the inquiry is not to be disclosed (Act Art. 23(2))."""


# A plain number: what ~ gives for an IntFlag lets unknown bits through.
_KNOWN_FLAGS = int(ExchangeFlags.ORDINANCE | ExchangeFlags.CONSENT | ExchangeFlags.NON_DISCLOSURE)
_KINDS = {int(kind): kind for kind in ContextKind}
_FLAGS = {number: ExchangeFlags(number) for number in range(_KNOWN_FLAGS + 1) if not number & ~_KNOWN_FLAGS}
"""Every kind and every set of flags by its number: each party reads each context once and more, and an enum is slow to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeContext:
    """Who asks whom for what, when and with which keys. ``request_id`` is 16 bytes, times are Unix milliseconds."""

    suite: int
    kind: ContextKind
    request_id: bytes
    inquirer: InstitutionCode
    provider: InstitutionCode
    item_code: ItemCode
    procedure_code: ProcedureCode
    flags: ExchangeFlags
    issued_ms: int
    expires_ms: int
    epoch_from: int
    epoch_to: int
    key_id_to: bytes

    def encode(self) -> bytes:
        """The canonical bytes, ``CONTEXT_SIZE`` long.

        Raises:
            ValueError: when request_id or key_id_to has another length; padding would make two of them one.
        """
        if len(self.request_id) != REQUEST_ID_SIZE or len(self.key_id_to) != KEY_ID_SIZE:
            raise ValueError("request_id has 16 bytes and key_id_to 8")
        return _LAYOUT.pack(
            self.suite,
            self.kind,
            self.request_id,
            str(self.inquirer).encode(),
            str(self.provider).encode(),
            str(self.item_code).encode(),
            str(self.procedure_code).encode(),
            self.flags,
            self.issued_ms,
            self.expires_ms,
            self.epoch_from,
            self.epoch_to,
            self.key_id_to,
        )

    @classmethod
    def decode(cls, encoded: bytes, *, where: str = "context") -> ExchangeContext:
        """Read canonical bytes back. ``decode(c).encode() == c`` for everything accepted.

        Raises:
            WarifuError: REQUEST_MALFORMED, located at the field that does not fit.
        """
        if len(encoded) != CONTEXT_SIZE:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=where, debug=f"{len(encoded)} bytes")
        suite, kind, request_id, *names, flags, issued, expires, epoch_from, epoch_to, key_id = _LAYOUT.unpack(encoded)
        if kind not in _KINDS:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.kind")
        if flags not in _FLAGS:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.flags")
        inquirer, provider, item_code, procedure_code = _names(*names, where)
        return cls(
            suite=suite,
            kind=_KINDS[kind],
            request_id=request_id,
            inquirer=inquirer,
            provider=provider,
            item_code=item_code,
            procedure_code=procedure_code,
            flags=_FLAGS[flags],
            issued_ms=issued,
            expires_ms=expires,
            epoch_from=epoch_from,
            epoch_to=epoch_to,
            key_id_to=key_id,
        )

    @property
    def key(self) -> ExchangeKey:
        """What tells this exchange from every other of the network."""
        return self.inquirer, self.request_id

    def check_times(self, now: datetime, *, where: str = "context") -> None:
        """Refuse a context from the future, an expired one, and one that claims too long a life.

        Raises:
            WarifuError: CLOCK_SKEWED.
        """
        now_ms = int(now.timestamp() * 1000)
        if self.issued_ms > now_ms + _SKEW_MS:
            raise WarifuError(Reason.CLOCK_SKEWED, where=f"{where}.issued", debug="from the future")
        if self.expires_ms < now_ms - _SKEW_MS:
            raise WarifuError(Reason.CLOCK_SKEWED, where=f"{where}.expires", debug="expired")
        if not 0 < self.expires_ms - self.issued_ms <= _VALIDITY_MS:
            raise WarifuError(Reason.CLOCK_SKEWED, where=f"{where}.expires", debug="too long a life")


def request_id_of(encoded_context: bytes) -> str:
    """The request_id in hexadecimal, for log lines: read where it lies, whatever the rest of the context is."""
    return encoded_context[2:18].hex()


@lru_cache(maxsize=4096)
def _names(
    inquirer: bytes, provider: bytes, item_code: bytes, procedure_code: bytes, where: str
) -> tuple[InstitutionCode, InstitutionCode, ItemCode, ProcedureCode]:
    """What the four names in a context say; remembered, because a network asks few things of few. Raises as decode."""
    return (
        InstitutionCode.parse(_ascii(inquirer, where), f"{where}.inquirer"),
        InstitutionCode.parse(_ascii(provider, where), f"{where}.provider"),
        ItemCode.parse(_ascii(item_code, where), f"{where}.item_code"),
        ProcedureCode.parse(_ascii(procedure_code, where), f"{where}.procedure_code"),
    )


def _ascii(raw: bytes, where: str) -> str:
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise WarifuError(Reason.REQUEST_MALFORMED, where=where) from error
