"""The agencies of a network, as the demonstration knows them: which are of which kind, and whom each serves.

Decides at which agency of a kind a person is. The only one of its kind has everybody, wherever they live. Of several, a
municipal one has those who live there. Offices of a wider area share the rest: an office for a prefecture's own staff has
some families from everywhere in it, and insurers share everybody. Pure; the same draws give the same answer.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from warifu.client import NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MunicipalityCode
from warifu.pki import Role
from warifu_kit.network.one_party import Member
from warifu_kit.people.municipalities import areas, covers, municipalities, places_to_live
from warifu_kit.people.residents import Resident

__all__ = [
    "KINDS",
    "ONE_OF_EACH",
    "DemoAgency",
    "agencies_in",
    "agencies_of",
    "agency_of",
    "check_kinds",
    "homes",
    "of_kind",
]

KINDS = ("residence", "tax", "childcare", "insurance")
"""The kinds of agency in the demonstration, in the order they are shown. Others stay empty."""

_ONE_IN = 8
"""Of the people whom a municipal office could have, one in so many is at an office of a wider area, if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAgency:
    """One agency: the name of its party, its kind, and its area; None for one without bounds."""

    party: str
    kind: str
    area: MunicipalityCode | None = None


ONE_OF_EACH = tuple(DemoAgency(party=kind, kind=kind) for kind in KINDS)
"""The agencies of a network nobody said anything about."""


def agencies_of(members: Iterable[Member]) -> tuple[DemoAgency, ...]:
    """The agencies of a network to be made, those of the demonstration's kinds, kind by kind."""
    return _in_order(
        DemoAgency(party=member.party, kind=member.kind, area=member.institution.municipality)
        for member in members
        if member.role is Role.AGENCY
    )


def agencies_in(network: NetworkDescription, but: Collection[str] = ()) -> tuple[DemoAgency, ...]:
    """The agencies of a network that is there, as :func:`agencies_of`, without the parties in ``but``."""
    return _in_order(
        DemoAgency(party=party, kind=network.kind(party), area=network.institution(party).municipality)
        for party in network.agencies()
        if party not in but
    )


def _in_order(agencies: Iterable[DemoAgency]) -> tuple[DemoAgency, ...]:
    known = [agency for agency in agencies if agency.kind in KINDS]
    return tuple(sorted(known, key=lambda agency: KINDS.index(agency.kind)))


def of_kind(agencies: Iterable[DemoAgency], kind: str) -> tuple[DemoAgency, ...]:
    """Those of one kind."""
    return tuple(agency for agency in agencies if agency.kind == kind)


def check_kinds(agencies: Sequence[DemoAgency], needed: Sequence[str]) -> None:
    """See that there is at least one of each kind that is needed. Raises: CONFIG_INVALID."""
    missing = [kind for kind in needed if not of_kind(agencies, kind)]
    if missing:
        kinds = (
            f"an agency of each kind of {', '.join(needed)}" if len(needed) > 1 else f"an agency of kind {needed[0]}"
        )
        where = f"made-up people need {kinds}; there is none of {', '.join(missing)}"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)


def homes(agencies: Iterable[DemoAgency]) -> tuple[MunicipalityCode, ...]:
    """Where the people of a network with several registries live, each place once; with one, where several tax offices are.

    None where one registry and at most one tax office have all. An agency of a city has people in its first ward, one of a
    prefecture in the prefecture's first place.
    """
    listed = tuple(agencies)
    registries, offices = of_kind(listed, "residence"), of_kind(listed, "tax")
    several = next((each for each in (registries, offices) if len(each) > 1), ())
    found = (_home(agency.area) for agency in several)
    return tuple(dict.fromkeys(home for home in found if home is not None))


def _home(area: MunicipalityCode | None) -> MunicipalityCode | None:
    return next((place.municipality_code for place in places_to_live() if covers(area, place.municipality_code)), None)


def agency_of(agencies: Sequence[DemoAgency], resident: Resident, seed: int) -> DemoAgency | None:
    """The one of several agencies of one kind at which a person is; None where none serves the person's home.

    A household is at one agency of a kind. The same seed gives the same answer.
    """
    if len(agencies) == 1:
        return agencies[0]
    household = f"{seed}/{agencies[0].kind}/{resident.municipality_code}/{resident.household_number}"
    rng = random.Random(household)  # noqa: S311 - made-up people
    serving = [agency for agency in agencies if covers(agency.area, resident.municipality_code)]
    near = [agency for agency in serving if agency.area is not None and not _is_wide(agency.area)]
    wide = [agency for agency in serving if agency not in near]
    if near and (not wide or rng.randrange(_ONE_IN)):
        return near[rng.randrange(len(near))]
    return wide[rng.randrange(len(wide))] if wide else None


def _is_wide(area: MunicipalityCode) -> bool:
    return area in areas() and area not in municipalities()
