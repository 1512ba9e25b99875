"""From a scenario file to a scenario: strictly, with every fault by its line.

Decides whether the names in it are anybody's: permission rows, parties, kinds, life events, the party of a fault. It reads the
file, the members file and replayed moments that it names, and nothing else; what it returns no longer depends on a disk.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from warifu.errors import Reason, WarifuError
from warifu.party.config import Fault, load_yaml
from warifu.permissions.table import PermissionRow, PermissionTable
from warifu.pki import Role
from warifu_kit.network.members import DEFAULT_LIST, load_members
from warifu_kit.scenario.file.arrival_kinds import LifeEvents, Replay
from warifu_kit.scenario.file.nation import OPERATORS, nation
from warifu_kit.scenario.file.scenario import HUB, Institution, Scenario, Stream
from warifu_kit.scenario.file.shape import ScenarioFile, TrafficEntry
from warifu_kit.scenario.file.strict import did_you_mean

__all__ = ["SCHEMA_ID", "load_scenario", "scenario_schema"]

SCHEMA_ID: Final = "scenario.schema.json"
"""The JSON Schema of the file, below ``docs/schema``."""

_MOST_MOMENTS: Final = 5_000_000
_TOO_LATE: Final = "should be less than general.duration: the run is over by then"


def load_scenario(path: Path, *, seed: int | None = None) -> Scenario:
    """What the file asks. ``seed``: in place of its own.

    Raises: CONFIG_INVALID, with every fault as ``file:line field message``.
    """
    found = _Found(path.parent, _table())
    file = load_yaml(path, ScenarioFile, found.contradictions)
    if seed is not None:
        file = file.model_copy(update={"general": file.general.model_copy(update={"seed": seed})})
    return Scenario(
        name=path.stem,
        folder=path.parent,
        file=file,
        institutions=found.institutions,
        streams=tuple(found.streams),
        replayed={stream.name: _moments(path.parent, stream.arrivals) for stream in found.streams},
    )


@cache
def _table() -> PermissionTable:
    return PermissionTable.load()


def scenario_schema() -> dict[str, Any]:
    """The file's JSON Schema (draft 2020-12). It cannot say everything; :func:`load_scenario` does."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return schema | ScenarioFile.model_json_schema()


class _Found:
    """What the names of a file stand for, found while it is checked."""

    def __init__(self, folder: Path, table: PermissionTable) -> None:
        self._folder = folder
        self._table = table
        self._rows = {row.row_number: row for row in table.rows}
        self.institutions: tuple[Institution, ...] = ()
        self.streams: list[Stream] = []

    def contradictions(self, file: ScenarioFile) -> Iterator[Fault]:
        if file.general.clock == "real":
            yield Fault(("general", "clock"), "is real, and this version plays scenarios on the virtual clock alone")
        if file.adversaries:
            told = "are read, and no engine of this version plays them: leave them out, nothing would be tried"
            yield Fault(("adversaries",), told)
        if file.network.members is not None and file.network.nation is not None:
            yield Fault(("network", "members"), "should be left out where there is a nation")
            return
        try:
            self.institutions = self._who(file)
        except WarifuError as error:
            yield Fault(("network", "members"), f"names no good list: {error.where}")
            return
        if not file.traffic:
            yield Fault(("traffic",), "should have an entry: nobody would ask anything")
        yield from self._of_traffic(file)
        yield from self._of_faults(file)

    def _who(self, file: ScenarioFile) -> tuple[Institution, ...]:
        if file.network.nation is not None:
            return tuple(nation(file.network.nation))
        named = file.network.members or DEFAULT_LIST
        beside = self._folder / named
        members = load_members(str(beside) if beside.exists() else named, self._table.kinds).members
        return tuple(
            Institution(name=each.party, kind=each.kind, institution_code=each.institution, weight=1.0)
            for each in members
            if each.role is Role.AGENCY
        )

    def _of_traffic(self, file: ScenarioFile) -> Iterator[Fault]:
        for position, entry in enumerate(file.traffic):
            at = ("traffic", position)
            row = self._rows.get(entry.row)
            if row is None:
                yield Fault((*at, "row"), f"is no row of the permission table: {did_you_mean(entry.row, self._rows)}")
                continue
            if isinstance(entry.arrivals, LifeEvents) and entry.arrivals.event not in file.population.life_events:
                nearest = did_you_mean(entry.arrivals.event, file.population.life_events or ["none"])
                yield Fault((*at, "arrivals", "event"), f"is not among population.life_events: {nearest}")
            if isinstance(entry.arrivals, Replay):
                yield from self._of_replay((*at, "arrivals", "file"), entry.arrivals)
            yield from self._of_sides(at, file, entry, row)

    def _of_replay(self, at: tuple[str | int, ...], told: Replay) -> Iterator[Fault]:
        try:
            _moments(self._folder, told)
        except WarifuError as error:
            yield Fault(at, error.where)

    def _of_sides(
        self, at: tuple[str | int, ...], file: ScenarioFile, entry: TrafficEntry, row: PermissionRow
    ) -> Iterator[Fault]:
        kinds = list(dict.fromkeys(grant.provider_kind for grant in row.grants))
        sides = []
        for side, named, allowed in (
            ("inquirer", entry.inquirer, row.inquirer_kinds),
            ("provider", entry.provider, kinds),
        ):
            if side == "provider" and named is None and len(kinds) > 1:
                yield Fault((*at, side), f"is missing: in row {entry.row} it can be {', '.join(kinds)}")
                continue
            found = self._chosen(named, allowed)
            if not found:
                yield Fault((*at, side), self._nobody(named, allowed))
                continue
            sides.append(found)
        if entry.at >= file.general.duration:
            yield Fault((*at, "at"), _TOO_LATE)
        if len(sides) < 2:
            return
        lasting = entry.lasting or file.general.duration
        self.streams.append(
            Stream(
                name=f"{at[1]}-{entry.row}",
                row=entry.row,
                inquirers=sides[0],
                providers=sides[1],
                arrivals=entry.arrivals,
                at=entry.at,
                lasting=min(lasting, file.general.duration - entry.at),
            )
        )

    def _chosen(self, named: str | None, allowed: Sequence[str]) -> tuple[int, ...]:
        """The institutions that may be meant: of a kind that the row has, and of the name or kind that the file says."""
        places = []
        for place, each in enumerate(self.institutions):
            acts_for = [kind for kind in OPERATORS.get(each.kind, [each.kind]) if kind in allowed]
            if acts_for and (named is None or named in {each.name, each.kind, *acts_for}):
                places.append(place)
        return tuple(places)

    def _nobody(self, named: str | None, allowed: Iterable[str]) -> str:
        who = ", ".join(allowed)
        if named is None:
            return f"is nobody in this network: the row has {who}"
        there_are = {each.name for each in self.institutions} | {each.kind for each in self.institutions}
        if named in there_are:
            return f"is none whom the row lets: it has {who}"
        return f"is no institution of this network: {_nearest(named, there_are)}"

    def _of_faults(self, file: ScenarioFile) -> Iterator[Fault]:
        there_are = {HUB, *(each.name for each in self.institutions)}
        for position, entry in enumerate(file.faults):
            if entry.who not in there_are:
                told = f"is no institution of this network: {_nearest(entry.who, there_are)}"
                yield Fault(("faults", position, "who"), told)
            if entry.at >= file.general.duration:
                yield Fault(("faults", position, "at"), _TOO_LATE)
            if entry.what.condition == "partition" and entry.who == HUB:
                yield Fault(("faults", position, "who"), "should be who is cut off from the hub")


def _nearest(named: str, there_are: Iterable[str]) -> str:
    """A nation has too many names to list."""
    told = did_you_mean(named, there_are)
    return told if len(told) <= 200 else "there are too many to list"


def _moments(folder: Path, arrivals: object) -> tuple[float, ...]:
    """The moments that a replay names, in order; none for any other process. Raises: CONFIG_INVALID."""
    if not isinstance(arrivals, Replay):
        return ()
    path = folder / arrivals.file
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            moments = sorted(_moment(row, line) / arrivals.faster for line, row in enumerate(csv.DictReader(file), 2))
    except OSError as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"cannot be read ({error.strerror})") from None
    except (ValueError, csv.Error) as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"names a file that {error}") from None
    return tuple(moments[:_MOST_MOMENTS])


def _moment(row: dict[str, str], line: int) -> float:
    text = row.get("at_s")
    if text is None:
        raise ValueError("has no column at_s")
    try:
        moment = float(text)
    except ValueError:
        moment = -1.0
    if not 0 <= moment < 1e9:
        raise ValueError(f"has no seconds from 0 on in column at_s of line {line}")
    return moment
