"""Every two providers of a network against every inquirer: what they get by laying their records side by side."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from warifu.party.network_file import read_network_file
from warifu_kit.pooling.held import cases_of, inquiries_held, provisions_held
from warifu_kit.pooling.joining import Pooled, join

__all__ = ["Pooling", "audit_pooling", "pooling_lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """What ``providers`` get of ``inquirer``'s cases; all three are names of parties."""

    inquirer: str
    providers: tuple[str, str]
    pooled: Pooled


def audit_pooling(network: Path, seed: int = 1) -> Iterator[Pooling]:
    """Each inquirer with each two providers that it asked. ``seed`` decides where a clue leaves it open.

    Raises: CONFIG_INVALID; FILE_INVALID; KEY_INVALID.
    """
    described = read_network_file(network)
    agencies = [party for party, about in described.parties.items() if about.role == "agency"]
    held = {party: provisions_held(network, party) for party in agencies}
    for inquirer in agencies:
        code = str(described.parties[inquirer].institution_code)
        asked = [party for party in agencies if held[party].get(code)]
        if len(asked) < 2 or not inquiries_held(network, inquirer):
            continue
        cases = cases_of(network, inquirer)
        for one, other in combinations(asked, 2):
            pooled = join(held[one][code], held[other][code], cases, random.Random(seed))  # noqa: S311  # no secret
            yield Pooling(inquirer=inquirer, providers=(one, other), pooled=pooled)


def pooling_lines(poolings: Iterable[Pooling]) -> list[str]:
    """What each came to, as lines to read."""
    lines = []
    for each in poolings:
        pooled = each.pooled
        lines.append(
            f"{' and '.join(each.providers)} about {each.inquirer}: {pooled.exchanges} exchanges, "
            f"chance {pooled.chance:.1%}"
        )
        lines += [
            f"  {clue.clue}: joined {clue.accuracy.part:.1%} ({clue.accuracy.low:.1%} to {clue.accuracy.high:.1%}), "
            f"AUC {clue.auc.part:.3f} ({clue.auc.low:.3f} to {clue.auc.high:.3f})"
            for clue in pooled.clues
        ]
    return lines
