"""A whole replay: how each call compared, and what the command's exit status is.

Decides what can be asked again at all: what a node asked its business system. Everything else that a party is asked carries a
permit, a signature or a number that is good once, or stands on what others did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from warifu.errors import Reason, WarifuError
from warifu_kit.recording.comparing import Compared, Verdict
from warifu_kit.recording.recorded import MADE, RecordedCall
from warifu_kit.recording.recording_file import Recording

__all__ = ["REPLAYED_SERVICE", "ReplayOutcome", "Replayed", "as_json", "replayable", "summary_lines"]

REPLAYED_SERVICE = "AdapterService"
_FAILED, _NOTHING_TOLD = 1, 3


@dataclass(frozen=True, slots=True)
class Replayed:
    """A call of the recording by its line, and how it compares."""

    line: int
    rpc: str
    compared: Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutcome:
    """``left`` are calls of the recording that cannot be asked again."""

    recording: Recording
    target: str
    replayed: tuple[Replayed, ...]
    left: int

    @property
    def counts(self) -> Counter[Verdict]:
        """How many calls compare how."""
        return Counter(each.compared.verdict for each in self.replayed)

    @property
    def exit_status(self) -> int:
        """0 all the same; 1 something differs or failed; 3 there was nothing to compare."""
        if self.counts[Verdict.DIFFERS] or self.counts[Verdict.FAILED]:
            return _FAILED
        return 0 if self.counts[Verdict.SAME] else _NOTHING_TOLD


def replayable(recording: Recording) -> dict[int, RecordedCall]:
    """The calls that can be asked again, by line. Raises: FILE_INVALID when there is none, saying why."""
    found = {
        line: call
        for line, call in recording.calls.items()
        if call.direction == MADE and call.rpc.partition(".")[0] == REPLAYED_SERVICE and not call.is_stream
    }
    if not found:
        others = sorted({call.rpc.partition(".")[0] for call in recording.calls.values()})
        why = f"holds no call that {recording.beginning.party} made of {REPLAYED_SERVICE}"
        if others:
            why += (
                f"; those of {', '.join(others)} cannot be asked again: permits expire, and what is signed is good once"
            )
        raise WarifuError(Reason.FILE_INVALID, where=f"{recording.path}: {why}")
    return found


def summary_lines(outcome: ReplayOutcome) -> Iterator[str]:
    """What differs and failed, by the recording's lines, then the counts."""
    for each in outcome.replayed:
        if each.compared.verdict in (Verdict.DIFFERS, Verdict.FAILED):
            yield f"{outcome.recording.path.name}:{each.line}  {each.rpc}  {_told(each.compared)}"
    if outcome.left:
        yield f"{outcome.left} calls of other services are left out: permits expire, and what is signed is good once"
    counts = ", ".join(f"{outcome.counts[each]} {each.value}" for each in Verdict)
    yield f"SIMULATED  {outcome.recording.beginning.party} at {outcome.target}: {counts}"


def _told(compared: Compared) -> str:
    words = ", ".join(compared.fields)
    return f"{compared.verdict.value}: {words}{' ' if words else ''}{f'({compared.words})' if compared.words else ''}".strip()


def as_json(outcome: ReplayOutcome) -> dict[str, Any]:
    """All of it as one object, for machines; ``exit_status`` is the command's."""
    beginning = outcome.recording.beginning
    return {
        "notice": "SIMULATED",
        "recording": str(outcome.recording.path),
        "network": beginning.network,
        "party": beginning.party,
        "recorded_with": beginning.version,
        "target": outcome.target,
        "exit_status": outcome.exit_status,
        "counts": {each.value: outcome.counts[each] for each in Verdict},
        "left_out": outcome.left,
        "calls": [
            {
                "line": each.line,
                "rpc": each.rpc,
                "verdict": each.compared.verdict.value,
                "fields": list(each.compared.fields),
                "words": each.compared.words,
            }
            for each in outcome.replayed
        ],
    }
