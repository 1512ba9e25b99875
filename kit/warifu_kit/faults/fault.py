"""What a fault is: a value with a name that changes the plan of a call.

Decides how faults are written (``delay:200ms``, chained by ``+``), and what a knob is: how often a fault is drawn, and at
which RPCs. Which faults there are, it does not know (``warifu_kit.faults.kinds``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from warifu_kit.faults.draws import Draws
from warifu_kit.faults.plan import Plan

__all__ = ["EXCHANGES", "INQUIRIES", "LONGEST_DELAY_MS", "Fault", "Knob", "milliseconds"]

LONGEST_DELAY_MS = 20_000
"""The longest delay that may be asked for, in milliseconds."""

INQUIRIES = frozenset({"NodeService.Inquire", "NodeService.SubmitInquiry"})
"""What begins an exchange at the inquirer's node."""

EXCHANGES = INQUIRIES | {"NodeService.FetchAnswer", "HubService.Exchange", "AgencyService.Provide"}
"""The RPCs of which an exchange consists. Nothing else is awkward at random, but for lists."""

_LENGTH = re.compile(r"([+-]?)(\d{1,7})(ms|s|m)")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """How often a fault is drawn.

    ``rate`` is the share of calls, 0 to 1, unless told otherwise; ``rpcs`` at which; after ``attempts`` attempts at one
    exchange it is not drawn any more, so that whoever tries again gets through.
    """

    rate: float
    rpcs: frozenset[str]
    attempts: int = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. ``str()`` writes it as it is asked for."""

    name: ClassVar[str]
    written: ClassVar[str]
    """How it is asked for, with what its argument is called."""
    told: ClassVar[str]
    """What it does, for a page: the rest of a sentence that begins with *the call*. Markdown."""
    on_reply: ClassVar[bool] = False
    """Whether it does something to the one reply of a call, and so needs one."""
    served_only: ClassVar[bool] = False
    """Whether it is for calls that a party serves, and not for those that it makes."""
    needs: ClassVar[str] = ""
    """The field of a request without which it does nothing."""
    changes_bytes: ClassVar[bool] = False
    """Whether it changes a field of bytes of what the party sends, and so needs one."""
    services: ClassVar[frozenset[str]] = frozenset()
    """At whose calls alone it means something; empty for all."""
    ends: ClassVar[bool] = False
    """Whether the call does not end as it would."""
    knob: ClassVar[Knob | None] = None

    def __str__(self) -> str:
        return self.name

    @property
    def done(self) -> str:
        """What this one does, in plain words: the rest of the same sentence."""
        return self.told

    @classmethod
    def parse(cls, argument: str) -> Fault:
        """The fault with the argument that follows its name. Raises: ValueError, saying what is wrong."""
        if argument:
            raise ValueError(f"{cls.name} takes no argument")
        return cls()

    @classmethod
    def drawn(cls, _: Draws) -> Fault:
        """The fault as its knob draws it."""
        return cls()

    def change(self, plan: Plan) -> Plan:
        """``plan`` with this fault in it."""
        raise NotImplementedError


def milliseconds(text: str) -> int:
    """A length of time: ``200ms``, ``-90s``, ``5m``. Raises: ValueError."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no length of time, such as 200ms, -90s or 5m")
    return int(found[1] + found[2]) * _UNIT_MS[found[3]]
