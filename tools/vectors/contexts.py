"""context.json: contexts of each kind, field by field and as bytes, and bytes that are none."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vectors.drawn import Drawn
from warifu.exchange.context import NO_ITEM, NO_PROCEDURE, ContextKind, ExchangeContext, ExchangeFlags
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode

__all__ = [
    "ASKED",
    "AUTHORITY",
    "CHILDCARE",
    "HUB",
    "ISSUED",
    "ISSUED_MS",
    "ROTATED",
    "TAX",
    "contexts",
    "exchange_context",
]

CHILDCARE, TAX = InstitutionCode("9031310008000001"), InstitutionCode("9021310008000002")
HUB, AUTHORITY = InstitutionCode("9990000000000000"), InstitutionCode("9980000000000001")
ISSUED_MS = 1_781_492_400_000  # 2026-06-15 03:00 UTC
_LIFE_MS = 600_000

ASKED = {"item_code": ItemCode("TM00000000000002"), "procedure_code": ProcedureCode("JT99000000000001")}
_NONE = {"item_code": NO_ITEM, "procedure_code": NO_PROCEDURE}
ISSUED = {"kind": ContextKind.ISSUE, "inquirer": AUTHORITY, "epoch_from": 0, **_NONE}
ROTATED = {"kind": ContextKind.ROTATE, "inquirer": TAX, "epoch_from": 3, **_NONE}


def exchange_context(suite: int, request_id: bytes, key_id: bytes, **changes: Any) -> ExchangeContext:
    """Childcare asks tax, unless ``changes`` say otherwise."""
    fields: dict[str, Any] = {
        "suite": suite,
        "kind": ContextKind.EXCHANGE,
        "request_id": request_id,
        "inquirer": CHILDCARE,
        "provider": TAX,
        **ASKED,
        "flags": ExchangeFlags.NONE,
        "issued_ms": ISSUED_MS,
        "expires_ms": ISSUED_MS + _LIFE_MS,
        "epoch_from": 2,
        "epoch_to": 4,
        "key_id_to": key_id,
    }
    return ExchangeContext(**{**fields, **changes})


def contexts() -> dict[str, Any]:
    """The whole file."""
    drawn = Drawn("context")
    every = ExchangeFlags.ORDINANCE | ExchangeFlags.CONSENT | ExchangeFlags.NON_DISCLOSURE
    cases: list[tuple[int, dict[str, Any]]] = [(1, {}), (1, {"flags": every}), (2, {}), (1, ISSUED), (2, ROTATED)]
    made = [exchange_context(suite, drawn(16), drawn(8), **changes) for suite, changes in cases]
    good = [{"fields": _told(each), "bytes": each.encode().hex()} for each in made]
    return {
        "about": "SIMULATED. Times are Unix milliseconds; bytes are hexadecimal.",
        "good": good,
        "bad": _bad(made[0]),
    }


def _told(context: ExchangeContext) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(context).items()}


def _plain(value: Any) -> str | int:
    if isinstance(value, bytes):
        return value.hex()
    return int(value) if isinstance(value, int) else str(value)


def _bad(context: ExchangeContext) -> list[dict[str, str]]:
    """Bytes that no party takes, with the field at fault."""
    encoded = context.encode()

    def spoilt(at: int, value: bytes) -> str:
        return (encoded[:at] + value + encoded[at + len(value) :]).hex()

    return [
        {"field": "", "why": "one byte short", "bytes": encoded[:-1].hex()},
        {"field": "", "why": "one byte long", "bytes": (encoded + b"\0").hex()},
        {"field": "kind", "why": "0 is no kind", "bytes": spoilt(1, b"\0")},
        {"field": "kind", "why": "4 is no kind", "bytes": spoilt(1, b"\4")},
        {"field": "flags", "why": "an unknown bit", "bytes": spoilt(82, b"\0\x08")},
        {"field": "inquirer", "why": "no digit", "bytes": spoilt(18, b"A")},
        {"field": "provider", "why": "a space", "bytes": spoilt(34, b" ")},
        {"field": "item_code", "why": "not TM", "bytes": spoilt(50, b"JT")},
        {"field": "procedure_code", "why": "a small letter", "bytes": spoilt(66, b"JTa")},
        {"field": "", "why": "not ASCII", "bytes": spoilt(66, b"\xff")},
    ]
