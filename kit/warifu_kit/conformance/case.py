"""What a case is, and how one may end.

Decides that a case names the rule it holds a party to and the place where that is written, that its name is for good, and
that only four ends exist. What is no clear end of its own is unknown: nothing passes by not having been seen to fail.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from warifu_kit.conformance.evidence import Step

__all__ = ["Case", "CaseEnd", "Check", "Finished", "Subject", "Turn", "Verdict", "expect", "fail", "skip", "unknown"]

Check = Callable[[Any], Awaitable[None]]
_SECONDS = 10.0


class Verdict(enum.Enum):
    """How a case ended. The value is what every output says."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Turn(enum.IntEnum):
    """When a case is run: the basics before all others, what looks back at the whole run after them."""

    BASIC = 0
    USUAL = 1
    LAST = 2


class CaseEnd(Exception):  # noqa: N818  # not always an error
    """Ends a case before its own end: it failed, cannot be told, or was not meant for this party."""

    def __init__(self, verdict: Verdict, words: str) -> None:
        super().__init__(words)
        self.verdict = verdict
        self.words = words


def fail(words: str) -> CaseEnd:
    """The rule was not kept: ``words`` say what was seen."""
    return CaseEnd(Verdict.FAIL, words)


def unknown(words: str) -> CaseEnd:
    """Whether the rule was kept cannot be told: ``words`` say why."""
    return CaseEnd(Verdict.UNKNOWN, words)


def skip(words: str) -> CaseEnd:
    """The case has nothing to look at: ``words`` say what it would need."""
    return CaseEnd(Verdict.SKIPPED, words)


def expect(holds: object, words: str) -> None:
    """Go on if it holds. Raises: CaseEnd, a failure of which ``words`` say what was seen."""
    if not holds:
        raise fail(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One rule, and what is done to see whether it is kept.

    ``case_id`` is ``party.subject.name`` and stays what it is; ``place`` is a page's path and heading from the root of the
    tree; ``mend`` says what to change in a party that fails; ``seconds`` is how long it may take at most.
    """

    case_id: str
    title: str
    rule: str
    place: str
    mend: str
    check: Check
    seconds: float = _SECONDS
    turn: Turn = Turn.USUAL

    @property
    def party(self) -> str:
        """The kind of party that it is about."""
        return self.case_id.split(".")[0]

    @property
    def subject(self) -> str:
        """The file it stands in."""
        return self.case_id.split(".")[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How one case ended, why, and what was sent and came back until then; or why it was not ``begun``."""

    case: Case
    verdict: Verdict
    words: str
    steps: tuple[Step, ...]
    seconds: float
    begun: bool = True


class Subject:
    """Collects the cases of one file, in their order."""

    def __init__(self, party: str, name: str, page: str) -> None:
        """``page`` is the page of docs/protocol/ in which their rules stand."""
        self.cases: list[Case] = []
        self._name = f"{party}.{name}"
        self._page = f"docs/protocol/{page}"

    def case(
        self,
        name: str,
        title: str,
        *,
        rule: str,
        at: str,
        mend: str,
        seconds: float = _SECONDS,
        turn: Turn = Turn.USUAL,
    ) -> Callable[[Check], Case]:
        """Make a function a case. ``at`` is the heading's anchor in the subject's page, or ``page.md#anchor``."""

        def made(check: Check) -> Case:
            return self.add(name, title, rule=rule, at=at, mend=mend, check=check, seconds=seconds, turn=turn)

        return made

    def add(
        self,
        name: str,
        title: str,
        *,
        rule: str,
        at: str,
        mend: str,
        check: Check,
        seconds: float = _SECONDS,
        turn: Turn = Turn.USUAL,
    ) -> Case:
        """The same for a function that serves several."""
        place = f"docs/protocol/{at}" if ".md#" in at else f"{self._page}#{at}"
        case_id = f"{self._name}.{name}"
        made = Case(
            case_id=case_id, title=title, rule=rule, place=place, mend=mend, check=check, seconds=seconds, turn=turn
        )
        self.cases.append(made)
        return made
