"""``warifu populate``: fill a running network with made-up residents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from warifu_kit.commands.residents_file import Encoding, ResidentsFile, numbering_seed, people_of
from warifu_kit.output import Terminal, say, say_json

__all__ = ["populate"]


def populate(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a network that is up.")],
    residents: Annotated[int, typer.Option(min=1, max=100_000, help="How many residents to make up.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Decides who they are, and their local numbers.")] = 1,
    residents_file: ResidentsFile = None,
    encoding: Encoding = "auto",
    json: Annotated[bool, typer.Option("--json", help="Tell the result as one line of JSON.")] = False,
) -> None:
    """Register made-up residents in the running network in DIR: numbers, codes and replicas at every agency.

    Where several registries are, people live in their municipalities. Writes DIR/population.json: who is registered
    where, each agency's people by local number, and whom its office may ask for what.

    Example: warifu populate net --residents 500 --seed 7

    Example: warifu populate net --residents-file people.csv
    """
    import asyncio

    from warifu.client import NetworkDescription
    from warifu.errors import Reason, WarifuError
    from warifu_kit.demo.agencies import agencies_in, homes
    from warifu_kit.demo.offices import open_offices
    from warifu_kit.demo.plan import make_plan
    from warifu_kit.demo.population import populate as settle
    from warifu_kit.demo.progress import teller
    from warifu_kit.settled import describe_population, write_population

    people, on = people_of(
        residents_file, encoding, seed, residents, lambda: homes(agencies_in(NetworkDescription.load(path)))
    )
    agencies = agencies_in(NetworkDescription.load(path))
    plan = make_plan(people, numbering_seed(residents_file, people, seed), on, agencies)

    async def fill() -> tuple[Mapping[str, int], Path]:
        async with open_offices(path) as offices:
            with teller(Terminal(stderr=json)) as telling:
                population = await settle(offices, plan, telling)
            refused = population.not_acquired
            if refused and not population.codes:
                where = "nobody was taken: whoever is registered already keeps their numbers; make up others with another --seed"
                raise WarifuError(Reason[max(refused, key=lambda reason: refused[reason])], where=where)
            return refused, write_population(path, describe_population(plan, population, offices.network))

    refused, written = asyncio.run(fill())
    if json:
        say_json({"residents": len(people), "seed": seed, "population": str(written), "refused": dict(refused)})
        return
    say(f"{len(people)} SIMULATED residents registered; see {written}")
    if refused:
        say(f"not everywhere: {', '.join(f'{count} times {reason}' for reason, count in sorted(refused.items()))}")
