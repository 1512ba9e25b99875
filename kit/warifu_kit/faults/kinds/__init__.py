"""Which faults there are. One more is one small file here, one line below, and its page says itself (``faults.md``)."""

from __future__ import annotations

from warifu_kit.faults.fault import Fault
from warifu_kit.faults.kinds.delay import Delay
from warifu_kit.faults.kinds.drop_reply import DropReply
from warifu_kit.faults.kinds.drop_request import DropRequest
from warifu_kit.faults.kinds.duplicate import Duplicate
from warifu_kit.faults.kinds.expiring_permit import ExpiringPermit
from warifu_kit.faults.kinds.refuse import Refuse
from warifu_kit.faults.kinds.retired_key import RetiredKey
from warifu_kit.faults.kinds.short_page import ShortPage
from warifu_kit.faults.kinds.skew import Skew
from warifu_kit.faults.kinds.tamper import Tamper
from warifu_kit.faults.kinds.unavailable_after import UnavailableAfter
from warifu_kit.faults.kinds.unavailable_before import UnavailableBefore
from warifu_kit.faults.kinds.unknown_field import UnknownField

__all__ = ["KINDS", "KNOBS", "chain_text", "parse_chain"]

_IN_ORDER: tuple[type[Fault], ...] = (
    Delay,
    UnavailableBefore,
    UnavailableAfter,
    Duplicate,
    ExpiringPermit,
    RetiredKey,
    UnknownField,
    ShortPage,
    Skew,
    Refuse,
    DropRequest,
    DropReply,
    Tamper,
)

KINDS: dict[str, type[Fault]] = {kind.name: kind for kind in _IN_ORDER}
"""Every fault by its name."""

KNOBS: tuple[type[Fault], ...] = tuple(kind for kind in _IN_ORDER if kind.knob is not None)
"""Those that are drawn at random."""

_LONGEST_CHAIN = 8


def parse_chain(text: str) -> tuple[Fault, ...]:
    """Faults as people write them, ``delay:200ms+refuse:OVERLOADED``. Raises: ValueError, saying what is wrong."""
    parts = [part.strip() for part in text.split("+")]
    if len(parts) > _LONGEST_CHAIN:
        raise ValueError(f"a chain has {_LONGEST_CHAIN} faults at most")
    faults = tuple(_parsed(part) for part in parts)
    ends = [fault.name for fault in faults if fault.ends]
    if len(ends) > 1:
        raise ValueError(f"{ends[0]} and {ends[1]} each end a call, and it ends once")
    return faults


def chain_text(faults: tuple[Fault, ...]) -> str:
    """The same, the other way."""
    return "+".join(map(str, faults))


def _parsed(part: str) -> Fault:
    name, _, argument = part.partition(":")
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(sorted(KINDS))}")
    return kind.parse(argument)
