"""``--seed``, ``--clock``, ``--residents``, ``--stop-with-parent``: a network for tests, started by a program.

Decides how what is for tests alone is asked for and told. Only ``warifu up`` and ``warifu new`` have these: a party that
somebody starts by itself never has a seed, nor a clock that is set.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu_kit.output import Terminal, say

if TYPE_CHECKING:
    from warifu_kit.network.for_tests import ForTests

__all__ = [
    "Parent",
    "Residents",
    "Seed",
    "SettableClock",
    "StopWithParent",
    "asked_for",
    "check_made_so",
    "made_from",
    "say_loudly",
    "settle",
]

_LARGEST_SEED = 10**18 - 1

Seed = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=_LARGEST_SEED,
        help="For tests: the same keys, people and numbers each time; they protect nothing. Awkward the same way, too.",
    ),
]
SettableClock = Annotated[
    bool, typer.Option("--clock", help="For tests: a clock of all parties that `warifu clock` sets.")
]
Residents = Annotated[
    int | None,
    typer.Option(min=1, max=100_000, help="Register so many made-up residents before saying that it is up."),
]
StopWithParent = Annotated[bool, typer.Option("--stop-with-parent", help="Stop when the starting process ends.")]


def asked_for(seed: int | None, settable_clock: bool) -> ForTests:
    """What is asked for."""
    from warifu_kit.network.for_tests import ForTests

    return ForTests(seed=seed, settable_clock=settable_clock)


def check_made_so(path: Path, asked: ForTests) -> None:
    """See that the network in ``path`` was made with what is asked for. Raises: CONFIG_INVALID, naming what differs."""
    from warifu.errors import Reason, WarifuError
    from warifu.party.network_file import read_network_file
    from warifu_kit.network.for_tests import ForTests

    made = ForTests.of(read_network_file(path))
    if asked.seed not in {None, made.seed}:
        was = "without a seed" if made.seed is None else f"from seed {made.seed}"
        awkward = f"for faults by that seed say --awkward --seed {asked.seed}"
        raise WarifuError(
            Reason.CONFIG_INVALID, where=f"{path}: was made {was}; a network never changes that; {awkward}"
        )
    if asked.settable_clock and not made.settable_clock:
        raise WarifuError(
            Reason.CONFIG_INVALID, where=f"{path}: was made without --clock; a network never changes that"
        )


def made_from(path: Path) -> int | None:
    """The seed that the network in ``path`` was made from, if it was. Raises: CONFIG_INVALID."""
    from warifu.party.network_file import read_network_file

    return read_network_file(path).seed


def say_loudly(told: list[str]) -> None:
    """Say what is for tests alone, on standard error as well as where the network is shown."""
    say(*(f"WARNING: {each}" for each in told), err=True)


def settle(path: Path, count: int, seed: int | None) -> Path:
    """Register ``count`` made-up residents in the network that is up in ``path``; the file that says where."""
    import asyncio

    from warifu.client import NetworkDescription
    from warifu_kit.demo.agencies import agencies_in, homes
    from warifu_kit.demo.progress import teller
    from warifu_kit.people.residents import AS_OF, generate_in
    from warifu_kit.settling import settle as settled

    seed = 1 if seed is None else seed
    people = generate_in(seed, count, homes(agencies_in(NetworkDescription.load(path))))
    with teller(Terminal(stderr=True)) as telling:
        return asyncio.run(settled(path, people, seed, AS_OF, telling)).written


class Parent:
    """The process that started this one."""

    def __init__(self) -> None:
        self._pid = os.getppid()

    @property
    def has_ended(self) -> bool:
        """Whether it has: the system then gives this process another parent, whichever thread had started it."""
        return os.getppid() != self._pid
