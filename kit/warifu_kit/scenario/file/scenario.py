"""What a scenario file comes to: frozen values, with every name in them found.

Decides nothing; it is what the two engines are given, and knows neither of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from warifu_kit.scenario.file.arrival_kinds import Arrivals
from warifu_kit.scenario.file.shape import FaultEntry, ScenarioFile

__all__ = ["HUB", "Institution", "Scenario", "Stream"]

HUB = "hub"
"""The hub's name, in a file and in a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """One institution with its node. ``weight``: how often it is chosen, beside others of its kind."""

    name: str
    kind: str
    institution_code: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One entry of traffic. ``inquirers`` and ``providers`` are positions among the institutions of the scenario."""

    name: str
    row: str
    inquirers: tuple[int, ...]
    providers: tuple[int, ...]
    arrivals: Arrivals
    at: float
    lasting: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All of it. ``folder`` is where files named in it lie, ``replayed`` the moments of those, by stream."""

    name: str
    folder: Path
    file: ScenarioFile
    institutions: tuple[Institution, ...]
    streams: tuple[Stream, ...]
    replayed: Mapping[str, tuple[float, ...]]

    @property
    def seed(self) -> int:
        """Everything random follows from it."""
        return self.file.general.seed

    @property
    def duration(self) -> float:
        """Seconds in which calls arrive."""
        return self.file.general.duration

    @property
    def faults(self) -> tuple[FaultEntry, ...]:
        """In the order of the file."""
        return self.file.faults

    @property
    def is_national(self) -> bool:
        """Whether its network is a nation's."""
        return self.file.network.nation is not None
