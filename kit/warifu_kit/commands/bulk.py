"""``warifu bulk``: a file of inquiries, asked in bulk through the inquirer's own node."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu_kit.output import Terminal, say, say_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from warifu.client import Connection, NetworkDescription
    from warifu.identifiers import InstitutionCode
    from warifu_kit.bulk.journal import Journal
    from warifu_kit.bulk.layout import Sheet
    from warifu_kit.bulk.told import End

__all__ = ["bulk"]

_LARGEST_FILE = 16 * 1024 * 1024
_MOST_LISTED = 100
_RESULT_FILE = "result.csv"


def bulk(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file of at most 10,000 rows, 18 fields each, in CP932.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where results and what is known so far are kept.")],
    network: Annotated[
        Path, typer.Option("--network", metavar="DIR", help="The folder of a network that is up.")
    ] = Path("net"),
    agency: Annotated[
        str | None,
        typer.Option("--agency", metavar="AGENCY", help="Who asks; the institution in field 7 unless given."),
    ] = None,
    digits: Annotated[
        int | None, typer.Option(min=1, max=15, help="The local number is that many last characters of field 2.")
    ] = None,
    patience: Annotated[
        float, typer.Option(min=0.0, help="Seconds for which a node that is away is waited for.")
    ] = 30.0,
    json: Annotated[bool, typer.Option("--json", help="Tell the result as one line of JSON.")] = False,
) -> None:
    """Ask every row of FILE in bulk (一括照会) and write DIR/result.csv: each row with its status, its words and what came.

    A run that was broken off goes on with the same command: what has ended is not asked again, and what has not is asked under
    the request_ids it had. A row that cannot be asked is told with its line and field, and the others are asked.

    Exit status 0: every row has ended. 1: a row could not be asked, or what came of one is not known yet; the same command
    asks those again.

    Example: warifu bulk P640R110_20261128_0001.DAT --out results --network net
    """
    from warifu.client import NetworkDescription
    from warifu_kit.bulk.result_file import result_file

    described = NetworkDescription.load(network)
    raw = _read(file)
    sheet = _sheet(file, raw, described.institution(agency) if agency else None, digits)
    party = agency or _party_of(file, sheet, described)
    _tell_bad(file, sheet)
    ends = _asked(sheet, raw, described, party, out, patience, quiet=json)
    _write(out / _RESULT_FILE, result_file(sheet, ends.get))
    _tell(sheet, ends, out / _RESULT_FILE, json=json)


def _read(file: Path) -> bytes:
    from warifu.errors import Reason, WarifuError

    try:
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{file}: {error.strerror}") from error
    if len(raw) > _LARGEST_FILE:
        raise WarifuError(Reason.FILE_INVALID, where=f"{file}: is larger than 16 MiB")
    return raw


def _sheet(file: Path, raw: bytes, inquirer: InstitutionCode | None, digits: int | None) -> Sheet:
    from warifu.errors import Reason, WarifuError
    from warifu.saved_text import NotTextError
    from warifu_kit.bulk.layout import read_sheet

    try:
        return read_sheet(raw, inquirer, digits)
    except NotTextError as error:
        raise WarifuError(Reason.FILE_INVALID, where=error.at(str(file))) from error


def _party_of(file: Path, sheet: Sheet, network: NetworkDescription) -> str:
    """The agency that the good rows name as their inquirer."""
    from warifu.errors import Reason, WarifuError

    good = sheet.good()
    if not good:
        _tell_bad(file, sheet)
        raise WarifuError(Reason.FILE_INVALID, where=f"{file}: no row can be asked")
    for party in network.agencies():
        if network.institution(party) == good[0].inquirer:
            return party
    raise WarifuError(Reason.INSTITUTION_UNKNOWN, where=f"{file}:{good[0].line} field 7: no agency of the network")


def _tell_bad(file: Path, sheet: Sheet) -> None:
    """Each row that cannot be asked, with its line and its fields; of very many the first, and how many more there are."""
    bad = sheet.bad()
    for row in bad[:_MOST_LISTED]:
        say(f"{file}:{row.line} {'; '.join(map(str, row.faults))}", err=True)
    if len(bad) > _MOST_LISTED:
        say(f"{len(bad) - _MOST_LISTED} more rows cannot be asked; the file of results says which", err=True)


def _asked(
    sheet: Sheet, raw: bytes, network: NetworkDescription, party: str, out: Path, patience: float, *, quiet: bool
) -> dict[int, End]:
    import asyncio
    import hashlib

    from warifu_kit.bulk.journal import Journal
    from warifu_kit.demo.progress import teller

    rows = sheet.good()
    about = {"file_sha256": hashlib.sha256(raw).hexdigest(), "network": network.network, "inquirer": party}
    with Journal(out, about) as journal, teller(Terminal(stderr=quiet)) as telling:
        left = sum(row.line not in journal.ends for row in rows)
        if journal.ends:
            telling.note(f"going on: {len(rows) - left} of {len(rows)} rows have ended")
        with telling.phase(f"{party} asks in bulk", left) as phase, _told_when_broken_off(sheet, journal, out):
            return asyncio.run(_ask(network.to_node(party), sheet, journal, patience, phase.advance))


@contextmanager
def _told_when_broken_off(sheet: Sheet, journal: Journal, out: Path) -> Iterator[None]:
    """Within it, whatever ends the run leaves a file of results with what is known, and the word that the command goes on."""
    from warifu.errors import WarifuError
    from warifu_kit.bulk.result_file import result_file

    try:
        yield
    except (WarifuError, KeyboardInterrupt):
        with suppress(WarifuError):
            _write(out / _RESULT_FILE, result_file(sheet, journal.ends.get))
        say("broken off: the same command goes on where this one was", err=True)
        raise


async def _ask(
    connection: Connection, sheet: Sheet, journal: Journal, patience: float, ended: Callable[[int], None]
) -> dict[int, End]:
    from warifu.client import NodeClient
    from warifu_kit.bulk.running import ask_all

    async with NodeClient(connection) as node:
        return await ask_all(node, sheet.good(), journal, patience_s=patience, ended=ended)


def _write(path: Path, content: bytes) -> None:
    from warifu.errors import Reason, WarifuError
    from warifu.pki import write_private_file

    try:
        write_private_file(path, content)
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error


def _tell(sheet: Sheet, ends: dict[int, End], written: Path, *, json: bool) -> None:
    """How many rows stand where. Ends with status 1 unless all have ended."""
    from warifu_kit.bulk.told import Standing, standing_of

    standings = Counter(standing_of(ends.get(row.line)) for row in sheet.good())
    standings[Standing.NOT_ASKED] = len(sheet.bad())
    reasons = Counter(end.reason for end in ends.values() if end.reason)
    counts = {standing.name.lower(): standings[standing] for standing in Standing}
    if json:
        say_json({"rows": len(sheet.rows), **counts, "reasons": dict(sorted(reasons.items())), "result": str(written)})
    else:
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count)
        say(f"SIMULATED  {len(sheet.rows)} rows: {told}; see {written}")
        say(*(f"  {count} × {reason}" for reason, count in sorted(reasons.items())))
    if sum(standings[standing] for standing in (Standing.WAITS, Standing.NOT_ENDED, Standing.NOT_ASKED)):
        raise typer.Exit(1)
