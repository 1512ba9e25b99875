"""The shape of a scenario file: every key, its unit, its default. What contradicts what, ``contradictions`` says.

Decides what may be written. It knows neither a clock nor an engine; a value is what its unit says, in seconds, a number a
second, or a share from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from warifu_kit.scenario.file.arrival_kinds import Arrivals
from warifu_kit.scenario.file.expectations import MEASURES, Expectation, expectation
from warifu_kit.scenario.file.fault_words import FAULT_PATTERN, FaultWords, fault_words
from warifu_kit.scenario.file.strict import Length, Share, Strict, with_unit

__all__ = [
    "Adversary",
    "FaultEntry",
    "General",
    "Nation",
    "NetworkPart",
    "Population",
    "ScenarioFile",
    "TrafficEntry",
]

_NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
_Name = Annotated[str, Field(pattern=_NAME)]


class General(Strict):
    """What holds for the whole run."""

    seed: Annotated[int, Field(ge=0, le=2**63 - 1, strict=True, description="Everything random follows from it.")]
    duration: Annotated[Length, Field(description="How long calls arrive; those under way then end.")]
    clock: Annotated[
        Literal["virtual", "real"],
        Field(description="virtual: a model with measured costs. real: real parties; not in this version."),
    ] = "virtual"
    starts: Annotated[
        str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="The time of day at which it begins.")
    ] = "00:00"
    deadline: Annotated[Length, Field(description="How long a caller waits for one attempt.")] = 20.0
    patience: Annotated[Length, Field(description="How long a caller goes on with the same call. 0s: one attempt.")] = (
        30.0
    )


class Nation(Strict):
    """A network of everybody: real municipality codes, sizes by a made-up law."""

    municipalities: Annotated[int, Field(ge=1, le=1741, strict=True, description="The largest so many.")] = 1741
    prefectures: Annotated[int, Field(ge=0, le=47, strict=True)] = 47
    national_bodies: Annotated[
        int, Field(ge=0, le=2000, strict=True, description="170 had built systems in 2017 (Board of Audit).")
    ] = 170
    insurers: Annotated[
        int, Field(ge=0, le=5000, strict=True, description="How many take part was found nowhere: an assumption.")
    ] = 100
    people: Annotated[int, Field(ge=1000, le=10**9, strict=True, description="Resident register, 2024-01-01.")] = (
        124_885_175
    )
    spread: Annotated[
        float, Field(gt=0, le=3, description="Sigma of the lognormal sizes: SYNTHETIC. 1.5: mean over median is 3.1.")
    ] = 1.5


class NetworkPart(Strict):
    """Who takes part."""

    members: Annotated[
        str | None, Field(min_length=1, max_length=400, description="A members file, or a shipped one by its name.")
    ] = None
    nation: Annotated[Nation | None, Field(description="Instead of members.")] = None
    hub_workers: Annotated[
        int, Field(ge=1, le=4096, strict=True, description="Processors that serve the hub's one queue.")
    ] = 1
    distance: Annotated[Length | None, Field(description="One way between two parties; left out: as calibrated.")] = (
        None
    )


class Population(Strict):
    """Whom it is about."""

    people: Annotated[int, Field(ge=1, le=10**9, strict=True)] = 10_000
    household: Annotated[float, Field(ge=1, le=10, description="People in a household, on average.")] = 2.2
    not_held: Annotated[Share, Field(description="Of inquiries, about whom the provider has no record.")] = 0.0
    held_back: Annotated[
        Share, Field(description="Of inquiries, which a clerk must release: DV support and the like.")
    ] = 0.0
    life_events: Mapping[_Name, Share] = Field(
        default_factory=dict,
        description="Event to the share of people it happens to in a year, such as move: 4%.",
    )


class TrafficEntry(Strict):
    """One stream of inquiries under one row of the permission table."""

    row: Annotated[str, Field(pattern=r"^[A-Z]\d{2}$", description="Number of a permission row, such as R01.")]
    provider: Annotated[
        _Name | None, Field(description="A party, or a kind; may be left out where the row has one kind.")
    ] = None
    inquirer: Annotated[_Name | None, Field(description="A party, or a kind; left out: all that the row lets.")] = None
    arrivals: Arrivals
    at: Annotated[Length, Field(description="From when it arrives.")] = 0.0
    lasting: Annotated[Length | None, Field(alias="for", description="For how long; left out: to the end.")] = None


class FaultEntry(Strict):
    """One fault, for a while."""

    at: Length
    lasting: Annotated[Length, Field(alias="for")]
    who: Annotated[_Name, Field(description="A party: hub, or an institution of the network.")]
    what: Annotated[
        FaultWords,
        with_unit(fault_words),
        WithJsonSchema(
            {"type": "string", "pattern": FAULT_PATTERN, "examples": ["crash", "delay:3s", "slow_disk:50ms"]}
        ),
        Field(
            description="crash, partition, slow_disk:LENGTH, overload:SHARE, …, or faults of the kit (delay:1s+duplicate)."
        ),
    ]
    share: Annotated[Share, Field(description="Of calls that meet it.")] = 1.0


class Adversary(Strict):
    """Who holds what, and whether it keeps to the rules. No engine of this version plays one."""

    name: _Name
    holds: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    conduct: Literal["honest_but_curious", "dishonest"] = "honest_but_curious"


class ScenarioFile(Strict):
    """The whole file."""

    model_config = Strict.model_config | {"title": "A scenario: one question asked of a SIMULATED My Number network"}

    question: Annotated[str, Field(min_length=10, max_length=400, description="What the run is to answer.")]
    general: General
    network: NetworkPart
    population: Population = Population()
    traffic: Annotated[tuple[TrafficEntry, ...], Field(max_length=200, json_schema_extra={"minItems": 1})]
    faults: Annotated[tuple[FaultEntry, ...], Field(max_length=200)] = ()
    adversaries: Annotated[tuple[Adversary, ...], Field(max_length=20)] = ()
    expect: Annotated[
        tuple[Expectation, ...],
        PlainValidator(expectation),
        WithJsonSchema(
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    name: {"type": "string", "description": measure.told, "examples": [measure.example]}
                    for name, measure in MEASURES.items()
                },
            }
        ),
        Field(description="What must hold of the result."),
    ] = ()
