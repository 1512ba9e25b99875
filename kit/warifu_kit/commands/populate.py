"""``warifu populate``: fill a running network with made-up residents."""

from __future__ import annotations

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

    A registry is all it takes. Where there are several, people live in their municipalities. Writes DIR/population.json: who is registered
    where, each agency's people by local number, and whom its office may ask for what.

    Example: warifu populate net --residents 500 --seed 7

    Example: warifu populate net --residents-file people.csv
    """
    import asyncio

    from warifu.client import NetworkDescription
    from warifu_kit.demo.agencies import agencies_in, homes
    from warifu_kit.demo.progress import teller
    from warifu_kit.settling import settle

    people, on = people_of(
        residents_file, encoding, seed, residents, lambda: homes(agencies_in(NetworkDescription.load(path)))
    )
    with teller(Terminal(stderr=json)) as telling:
        settled = asyncio.run(settle(path, people, numbering_seed(residents_file, people, seed), on, telling))
    refused, written = settled.population.not_acquired, settled.written
    if json:
        say_json({"residents": len(people), "seed": seed, "population": str(written), "refused": dict(refused)})
        return
    say(f"{len(people)} SIMULATED residents registered; see {written}")
    if refused:
        say(f"not everywhere: {', '.join(f'{count} times {reason}' for reason, count in sorted(refused.items()))}")
