"""What two providers get of a third agency's cases, measured on networks that are really run.

``python -m warifu_kit.pooling.measure [--spread SECONDS ...] [--rate PER_SECOND] [--residents N] [--seed N] [--waiting | --bulk]``

For each spread it makes a network, registers made-up residents, asks about every applicant of both shipped procedures while
both providers listen, and prints what each clue joins. This is the command behind the table in ``docs/limits.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.plan import make_plan
from warifu_kit.demo.population import populate
from warifu_kit.demo.progress import teller
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import party_command
from warifu_kit.output import Terminal, say
from warifu_kit.people.residents import AS_OF, generate
from warifu_kit.pooling.listening import listening_command
from warifu_kit.pooling.pooled import Pooling, audit_pooling, pooling_lines
from warifu_kit.pooling.traffic import ask_about_everybody, ask_in_bulk

__all__ = ["main", "measure"]

PROVIDERS = ("residence", "tax")
"""Whom the shipped procedures ask."""


def measure(
    folder: Path,
    *,
    residents: int,
    seed: int,
    rate: float,
    spread: float = 0.0,
    waiting: bool = False,
    bulk: bool = False,
) -> list[Pooling]:
    """Run a network in ``folder``, which must not be there, and lay its providers' records side by side.

    ``bulk``: each office asks about everybody at once, case after case.
    """
    create_network(folder)

    def command(party: str, path: Path, options: Sequence[str]) -> list[str]:
        if party in PROVIDERS:
            return listening_command(party, path, options)
        asking = ["--spread", str(spread)] if spread and party not in ("hub", "authority") else []
        return party_command(party, path, [*options, *asking])

    plan = make_plan(generate(seed, residents), seed, AS_OF)

    async def ask() -> None:
        async with open_offices(folder) as offices:
            with teller(Terminal(stderr=True)) as telling:
                await populate(offices, plan, telling)
            if bulk:
                await ask_in_bulk(offices, plan)
            else:
                await ask_about_everybody(offices, plan, rate=rate, seed=seed, waiting=waiting)

    with Network(folder, command=command):
        asyncio.run(ask())
        return list(audit_pooling(folder, seed))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure at each spread and print it; the exit status."""
    parser = argparse.ArgumentParser(prog="warifu_kit.pooling.measure", description="What two providers can join.")
    parser.add_argument("--spread", type=float, nargs="+", default=[0.0], help="seconds, one network for each")
    parser.add_argument("--rate", type=float, default=4.0, help="applicants a second")
    parser.add_argument("--residents", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--waiting", action="store_true", help="the office waits for each answer")
    parser.add_argument("--bulk", action="store_true", help="the office asks about everybody at once")
    given = parser.parse_args(arguments)
    for spread in given.spread:
        with tempfile.TemporaryDirectory(prefix="warifu-pooling-") as outer:
            found = measure(
                Path(outer) / "net",
                residents=given.residents,
                seed=given.seed,
                rate=given.rate,
                spread=spread,
                waiting=given.waiting,
                bulk=given.bulk,
            )
        say(f"SIMULATED. spread {spread:g} s, {given.rate:g} applicants a second, seed {given.seed}")
        say(*pooling_lines(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
