"""What came of a demonstration: values, and the JSON they are written as.

Decides whether the demonstration holds: every check does. The JSON is the fields of :class:`DemoResult` by name, down
to plain numbers and texts, with "schema" and "simulated" in front; ``docs/demo.md`` describes it. A result names nobody:
people appear as counts, exchanges as processing numbers.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from warifu.errors import Reason, WarifuError

__all__ = [
    "SCHEMA",
    "AnswerCounts",
    "Check",
    "DemoResult",
    "InquirerCounts",
    "Latency",
    "Outcome",
    "ProcedureResult",
    "RefusalResult",
    "count_answers",
    "latency_of",
    "to_json",
    "write_json",
]

SCHEMA = "warifu-demo/1"
"""Names the layout of the JSON. It changes when a field changes its meaning or goes."""


class Outcome(StrEnum):
    """How an inquiry ended for the business system."""

    ANSWERED = "answered"
    PENDING = "pending"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds from the first attempt to the end, by nearest rank; 0 when nothing was asked."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCounts:
    """What came of the inquiries to one provider. ``reasons`` counts refusals and failures by catalogue reason."""

    provider: str
    item: str
    asked: int
    answered: int
    pending: int
    refused: int
    failed: int
    reasons: Mapping[str, int]
    latency: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class InquirerCounts:
    """What one agency came to that asked: its applications, how many it decided, and all it asked."""

    inquirer: str
    applications: int
    decided: int
    total: AnswerCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureResult:
    """One procedure, asked in by the agencies of the kind ``inquirer``. ``decided`` applications had every answer; ``certificates`` need not be brought any more.

    ``expected_pending`` inquiries had to wait for a clerk, by the flags of the people they were about.
    """

    procedure: str
    procedure_code: str
    inquirer: str
    applications: int
    decided: int
    decisions: Mapping[str, int]
    certificates: Sequence[str]
    expected_pending: int
    first_answer_unix_s: float | None
    seconds: float
    inquirers: Sequence[InquirerCounts]
    questions: Sequence[AnswerCounts]
    total: AnswerCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalResult:
    """One refusal made on purpose: what should come of it, what did, and what was done, in order."""

    name: str
    expected: str
    got: str
    steps: Sequence[str]

    @property
    def holds(self) -> bool:
        """Whether it came as it should."""
        return self.got == self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must hold. ``detail`` says what was looked at, or what does not hold."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """The whole demonstration. ``seconds`` by phase; ``retries`` by reason; ``restarts`` by party.

    ``first_exchange_unix_s`` is when the first inquiry was answered, by the machine's clock; None if none was.
    """

    network: str
    suite: int
    proofs: str
    seed: int
    residents: int
    residents_file: str | None
    first_exchange_unix_s: float | None
    seconds: Mapping[str, float]
    retries: Mapping[str, int]
    restarts: Mapping[str, int]
    procedures: Sequence[ProcedureResult]
    refusals: Sequence[RefusalResult]
    checks: Sequence[Check]

    @property
    def holds(self) -> bool:
        """Whether everything that must hold does."""
        return all(check.holds for check in self.checks)


def latency_of(seconds: Sequence[float]) -> Latency:
    """The latencies of some inquiries, each in seconds."""
    ordered = sorted(seconds)
    return Latency(p50_ms=_rank(ordered, 50), p99_ms=_rank(ordered, 99))


def _rank(ordered: Sequence[float], percent: int) -> float:
    if not ordered:
        return 0.0
    return round(1000 * ordered[math.ceil(len(ordered) * percent / 100) - 1], 1)


def count_answers(provider: str, item: str, ended: Sequence[tuple[Outcome, str, float]]) -> AnswerCounts:
    """The counts over inquiries that ended so, each an outcome, a reason (empty for none) and seconds."""
    outcomes = Counter(outcome for outcome, _, _ in ended)
    return AnswerCounts(
        provider=provider,
        item=item,
        asked=len(ended),
        answered=outcomes[Outcome.ANSWERED],
        pending=outcomes[Outcome.PENDING],
        refused=outcomes[Outcome.REFUSED],
        failed=outcomes[Outcome.FAILED],
        reasons=dict(sorted(Counter(reason for _, reason, _ in ended if reason).items())),
        latency=latency_of([seconds for _, _, seconds in ended]),
    )


def to_json(result: DemoResult) -> str:
    """The result as JSON text."""
    told: dict[str, Any] = {"schema": SCHEMA, "simulated": True, "holds": result.holds, **asdict(result)}
    for refusal, about in zip(result.refusals, told["refusals"], strict=True):
        about["holds"] = refusal.holds
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def write_json(path: Path, result: DemoResult) -> None:
    """Write the result to a file. Raises: PATH_UNUSABLE when it cannot be written."""
    try:
        path.write_text(to_json(result), "utf-8")
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error
