"""The made-up residents of a test: who they are, and under which number each agency has them.

Decides nothing: the residents come from the seed, their local numbers and replicas from the demonstration's plan. SIMULATED.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warifu.client import NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu_kit.demo.agencies import agencies_in, homes
from warifu_kit.demo.progress import teller
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, Resident, generate_in
from warifu_kit.settling import Settled, settle

__all__ = ["People", "Person", "settle_people"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One resident. ``local_numbers`` is by party; a party that does not hold the person is not in it."""

    resident: Resident
    seed: int
    my_number: str = field(repr=False)
    local_numbers: dict[str, str] = field(repr=False)

    def at(self, party: str) -> str:
        """The local number at a party. Raises: ValueError when that does not hold the person."""
        if party not in self.local_numbers:
            held = ", ".join(self.local_numbers)
            raise ValueError(f"{party} does not have resident {self.resident.resident_number}, who is at: {held}")
        return self.local_numbers[party]


class People(tuple[Person, ...]):
    """The residents of a test, in the order in which they were made up."""

    __slots__ = ()

    def at(self, *parties: str) -> list[Person]:
        """Those whom each of ``parties`` holds, first those about whom it answers without a clerk.

        Raises: ValueError when there is nobody.
        """
        found = [each for each in self if all(party in each.local_numbers for party in parties)]
        if not found:
            raise ValueError(f"of {len(self)} residents, nobody is at {' and '.join(parties)}: ask for more of them")
        return sorted(found, key=lambda each: each.resident.auto_response_disabled)


def settle_people(folder: Path, seed: int, count: int, but_at: Collection[str] = ()) -> People:
    """Make up ``count`` residents and register them in the network in ``folder``, which is up, but not at ``but_at``.

    Raises: the reason for which an agency did not take somebody.
    """
    agencies = agencies_in(NetworkDescription.load(folder), but_at)
    residents = generate_in(seed, count, homes(agencies))
    settled = _beside(folder, residents, _numbering(seed, count), but_at)
    if refused := settled.population.not_acquired:
        raise WarifuError(Reason[max(refused, key=lambda reason: refused[reason])], where=f"residents of seed {seed}")
    at: dict[int, dict[str, str]] = {each.resident_number: {} for each in residents}
    for agency in settled.plan.agencies.values():
        for number, person in agency.people.items():
            at[number][agency.agency] = person.local_number
    numbers = settled.population.my_numbers
    return People(
        Person(
            resident=each,
            seed=seed,
            my_number=numbers[each.resident_number],
            local_numbers=at[each.resident_number],
        )
        for each in residents
    )


def _numbering(seed: int, count: int) -> int:
    """The seed of their numbers: of twelve and of forty residents, the first is the same person with other numbers.

    So both can be in one network.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{count}".encode()).digest()[:8], "big")


def _beside(folder: Path, residents: Sequence[Resident], seed: int, but_at: Collection[str]) -> Settled:
    """Register them on an event loop in a thread of its own, for the caller may be on one."""
    done: list[Settled] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with teller(Terminal(file=io.StringIO())) as telling:
                done.append(asyncio.run(settle(folder, residents, seed, AS_OF, telling, but_at=but_at)))
        except BaseException as error:  # noqa: BLE001  # raised again where it was asked for
            failed.append(error)

    thread = threading.Thread(target=run, name="settling people")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]
