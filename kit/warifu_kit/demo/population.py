"""Filling the network: My Numbers designated, codes acquired, replicas registered, flags set.

Decides the order: first each registry has its residents' numbers designated; then all agencies at once acquire codes for
their own people and register what they hold. A My Number goes to the authority and to the nodes of the agencies that
hold the person, and to nobody else. Every step can be made again without harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warifu.api.node.v1.node_service_pb2 import PersonToAcquire, SetFlagsRequest
from warifu.client import NodeClient
from warifu.client.pieces import pieces
from warifu.errors import Reason, WarifuError
from warifu_kit.demo.offices import Offices
from warifu_kit.demo.patience import Patience, is_worth_another_attempt
from warifu_kit.demo.progress import Phase, Teller
from warifu_kit.demo.registrations import AgencyPlan, Registration, Registrations
from warifu_kit.people.residents import Resident

__all__ = ["Population", "flags_of", "populate"]

_DESIGNATED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What came of it. ``my_numbers`` by resident number; the others count over all agencies."""

    my_numbers: Mapping[int, str]
    codes: int
    replicas: int
    not_acquired: Mapping[str, int]

    def __repr__(self) -> str:
        return f"Population({len(self.my_numbers)} residents, …)"


async def populate(offices: Offices, plan: Registrations, teller: Teller) -> Population:
    """Register everybody everywhere. Raises: whatever a call ends with when patience has run out."""
    with teller.phase("My Numbers designated", len(plan.residents)) as phase:
        my_numbers = await _designate(offices, plan, phase)
    settling = (_settle(offices, each, my_numbers, teller) for each in plan.agencies.values())
    settled = await asyncio.gather(*settling)
    refused: dict[str, int] = {}
    for each in settled:
        for reason in each.refused.values():
            refused[reason] = refused.get(reason, 0) + 1
    return Population(
        my_numbers=my_numbers,
        codes=sum(each.codes for each in settled),
        replicas=sum(each.replicas for each in settled),
        not_acquired=refused,
    )


async def _designate(offices: Offices, plan: Registrations, phase: Phase) -> dict[int, str]:
    numbers: dict[int, str] = {}
    for registry, people in plan.registered().items():
        for piece in pieces([code.digits for _, code in people], "resident_record_codes", count=_DESIGNATED_AT_ONCE):
            with piece.told():
                given = await _designated(offices, registry, piece.things)
            some = people[piece.first : piece.first + len(piece.things)]
            numbers.update(zip((number for number, _ in some), given, strict=True))
            phase.advance(len(given))
    return numbers


async def _designated(offices: Offices, registry: str, codes: Sequence[str]) -> list[str]:
    return await offices.patience.of(lambda: offices.authorities[registry].designate_my_numbers(codes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    codes: int
    replicas: int
    refused: Mapping[str, str]


async def _settle(offices: Offices, plan: AgencyPlan, my_numbers: Mapping[int, str], teller: Teller) -> _Settled:
    """Acquire the codes of one agency's people, then register their replicas and set their flags."""
    node, patience = offices.nodes[plan.agency], offices.patience
    people = list(plan.people.values())
    with teller.phase(f"{plan.agency}: codes acquired", len(people)) as phase:
        refused = await _acquire(node, people, my_numbers, patience, phase)
    known = [person for person in people if person.local_number not in refused]
    with teller.phase(f"{plan.agency}: replicas registered", len(known)) as phase:
        replicas = [person.replica for person in known]
        registered = await patience.of(lambda: node.register_replicas(replicas))
        phase.advance(registered)
        await asyncio.gather(*(_set_flags(node, person, patience) for person in known))
    return _Settled(codes=len(known), replicas=registered, refused=refused)


async def _acquire(
    node: NodeClient,
    people: Sequence[Registration],
    my_numbers: Mapping[int, str],
    patience: Patience,
    phase: Phase,
) -> dict[str, str]:
    """Acquire codes until each person has one or a definite reason for having none, which is returned."""
    left = {
        person.local_number: PersonToAcquire(
            local_number=person.local_number, my_number=my_numbers[person.resident.resident_number]
        )
        for person in people
    }
    refused: dict[str, str] = {}

    async def attempt() -> None:
        unsure: WarifuError | None = None
        async for result in node.acquire_codes(list(left.values())):
            error = WarifuError(Reason[result.reason]) if result.reason else None
            if error is not None and is_worth_another_attempt(error):
                unsure = error
                continue
            del left[result.local_number]
            phase.advance()
            if error is not None:
                refused[result.local_number] = error.reason.value
        if unsure is not None:
            raise unsure

    await patience.of(attempt)
    return refused


async def _set_flags(node: NodeClient, person: Registration, patience: Patience) -> None:
    """Tell the node a person's flags; a person without any needs no word."""
    flags = flags_of(person.resident, person.local_number)
    if flags.auto_response_disabled or flags.non_disclosure or flags.self_info_blocked:
        await patience.of(lambda: node.set_flags(flags))


def flags_of(resident: Resident, local_number: str) -> SetFlagsRequest:
    """A resident's flags as a node is told them."""
    return SetFlagsRequest(
        local_number=local_number,
        auto_response_disabled=resident.auto_response_disabled,
        non_disclosure=resident.non_disclosure,
        self_info_blocked=resident.self_info_blocked,
    )
