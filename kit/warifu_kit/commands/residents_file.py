"""``--residents-file`` and ``--encoding``: one's own made-up people, for every command that registers people.

Decides how the faults of such a file are told on a terminal, and by which day the ages of its people go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu_kit.output import say
from warifu_kit.people import spreadsheet

if TYPE_CHECKING:
    from datetime import date

    from warifu.identifiers import MunicipalityCode
    from warifu_kit.people.residents import Resident

__all__ = ["Encoding", "ResidentsFile", "numbering_seed", "people_of"]

ResidentsFile = Annotated[
    Path | None, typer.Option("--residents-file", metavar="people.csv", help="Your own made-up residents instead.")
]
Encoding = Annotated[
    spreadsheet.Encoding,
    typer.Option(
        help="Encoding of the residents' file. auto: UTF-16 where its byte order mark says so, else UTF-8; cp932 is"
        " never guessed."
    ),
]


def people_of(
    file: Path | None,
    encoding: spreadsheet.Encoding,
    seed: int,
    count: int,
    homes: Callable[[], Sequence[MunicipalityCode]],
) -> tuple[list[Resident], date]:
    """The residents of ``file``, or else ``count`` made up from ``seed``; and the day by which their ages go.

    ``homes`` gives the municipalities in which made-up residents live (:func:`warifu_kit.demo.agencies.homes`); it is
    asked only where residents are made up, so that a file is looked at before any network is.

    Ends the command with status 1 and a line for each fault when the file is not good, and with status 2 for an
    encoding without a file.
    """
    from warifu.agency import day_in_japan
    from warifu.clock import SystemClock
    from warifu.errors import Reason, WarifuError
    from warifu_kit.people.residents import AS_OF, generate_in
    from warifu_kit.people.residents_csv import read_csv

    if file is None and encoding != "auto":
        raise typer.BadParameter("is about a residents' file: give one with --residents-file", param_hint="--encoding")
    if file is None:
        return generate_in(seed, count, homes()), AS_OF
    try:
        people = read_csv(file, encoding)
        if not people:
            raise WarifuError(Reason.FILE_INVALID, where=f"{file}: lists nobody")
    except WarifuError as error:
        first, *others = error.where.split(f"; {file}:")
        faults = [f"  {first}", *(f"  {file}:{fault}" for fault in others)]
        say(f"warifu: {error.reason.value}: {error.entry.public_text}", *faults, err=True)
        raise typer.Exit(1) from None
    return people, day_in_japan(SystemClock().now())


def numbering_seed(file: Path | None, people: Sequence[Resident], seed: int) -> int:
    """The seed from which the local numbers and record codes of ``people`` are drawn in a network that is up.

    For those of a file it depends on all that the file says of them: in a network that has other people already they
    get numbers of their own, and the same people again get the same.
    """
    import hashlib

    from warifu_kit.people.residents_columns import COLUMNS, as_cell

    if file is None:
        return seed
    cells = [str(seed), *(as_cell(getattr(each, column)) for each in people for column in COLUMNS)]
    return int.from_bytes(hashlib.sha256("\0".join(cells).encode()).digest())
