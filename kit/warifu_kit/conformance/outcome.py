"""A whole run: what it was about, how each case ended, and what the command's exit status is.

Decides what a list of expected failures changes: a case on it that fails ends no run badly, and one that passes is told, for
the list is out of date then. And that a run in which most cases had nothing to look at is no good run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.case import Finished, Verdict

__all__ = ["FAILED", "NOT_RUN", "UNKNOWN_ONLY", "XFAIL", "Outcome", "expected_failures", "foretold"]

FAILED, NOT_RUN, UNKNOWN_ONLY = 1, 2, 3
XFAIL = "xfail"
"""How a failure that was foretold is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``target`` and ``about`` are for people; ``expected`` are names of cases that may fail.

    ``advice`` says what would have let more cases be looked at; empty for nothing that is known.
    """

    party: str
    target: str
    about: str
    version: str
    finished: tuple[Finished, ...]
    expected: frozenset[str] = field(default=frozenset())
    advice: str = ""

    @property
    def counts(self) -> Counter[Verdict]:
        """How many cases ended how."""
        return Counter(each.verdict for each in self.finished)

    def is_expected(self, finished: Finished) -> bool:
        """Whether it failed as was foretold."""
        return foretold(finished, self.expected)

    def shown(self, finished: Finished) -> str:
        """How its end is named wherever it is told: as its verdict, or ``xfail`` where it failed as was foretold."""
        return XFAIL if self.is_expected(finished) else finished.verdict.value

    @property
    def counted(self) -> str:
        """How many ended how, in words: "80 pass, 0 fail, 2 xfail, 0 unknown, 1 skipped". Expected failures are no failures."""
        counts = Counter(self.shown(each) for each in self.finished)
        named = [Verdict.PASS.value, Verdict.FAIL.value, XFAIL, Verdict.UNKNOWN.value, Verdict.SKIPPED.value]
        return ", ".join(f"{counts[each]} {each}" for each in named if counts[each] or each != XFAIL)

    @property
    def passed_unexpectedly(self) -> list[str]:
        """Cases that were to fail, and passed."""
        passed = (each.case.case_id for each in self.finished if each.verdict is Verdict.PASS)
        return [case_id for case_id in passed if case_id in self.expected]

    @property
    def skipped_for(self) -> Counter[str]:
        """For want of what cases were skipped, in their words, and how many each."""
        return Counter(each.words for each in self.finished if each.verdict is Verdict.SKIPPED)

    @property
    def little_looked_at(self) -> bool:
        """Whether more than half of the cases had nothing to look at: what the others came to says little then."""
        return 2 * self.counts[Verdict.SKIPPED] > len(self.finished)

    @property
    def exit_status(self) -> int:
        """0 nothing is amiss; 1 a case failed, or passed that was to fail; 3 the worst is that something is unknown.

        3 as well where nothing was refuted, and most was not looked at.
        """
        if self.passed_unexpectedly:
            return FAILED
        if any(each.verdict is Verdict.FAIL and not self.is_expected(each) for each in self.finished):
            return FAILED
        nothing_seen = not self.counts[Verdict.PASS] and not self.counts[Verdict.FAIL]
        not_told = self.counts[Verdict.UNKNOWN] or self.little_looked_at or nothing_seen
        return UNKNOWN_ONLY if not_told else 0


def foretold(finished: Finished, expected: frozenset[str]) -> bool:
    """Whether it failed and stands on the list."""
    return finished.verdict is Verdict.FAIL and finished.case.case_id in expected


def expected_failures(path: Path, known: frozenset[str]) -> frozenset[str]:
    """Names of cases in a file, one a line; what follows a # is a remark. Raises: FILE_INVALID, PATH_UNUSABLE."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: not UTF-8") from None
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error
    named = {number: line.partition("#")[0].strip() for number, line in enumerate(lines, 1)}
    for number, name in named.items():
        if name and name not in known:
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}:{number}: no case is called {name}")
    return frozenset(name for name in named.values() if name)
