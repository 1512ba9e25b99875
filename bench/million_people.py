"""A million people at both offices: whether an exchange costs more for the people who are not asked about.

    python bench/million_people.py [--people 1000000] [--rounds 12] [--seconds 1]

Makes a network with a thousand people, as ``make bench`` does, and a copy whose inquirer's and provider's files hold so many
more, each with a code and a record; a million take some half a minute and 1.3 GB of disk. Both are up, and are asked about the
thousand in turns, whose rows lie spread among all the others, 64 at a time. A second copy without more people is asked as well:
what that differs by is noise. Goal: throughput within 5 %. Prints one line of JSON a row, ``{name, value, low, high, unit, goal}``.
"""

from __future__ import annotations

import json
import random
import secrets
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Any

import typer
from measure import spread
from people import FISCAL_YEAR, tax_record
from stage import Side, prepare

from warifu.curve.suites import available_suites
from warifu.errors import WarifuError
from warifu.party.inherited import settle_process
from warifu.printable import printable
from warifu_services.agencies.tax import LOCAL_TAX

_RESULTS = Path(__file__).parent / "results"
_IN_FLIGHT, _SETTLE_S, _TOGETHER = 64, 0.25, 50_000
_ROW_KEY_BYTES = 16
_FEW, _AGAIN, _MANY = "few", "few again", "many"

People = Annotated[int, typer.Option(min=1_000, help="How many people there are beside the thousand.")]
Rounds = Annotated[int, typer.Option(min=2, help="How often each network has its slice.")]
Seconds = Annotated[float, typer.Option(min=0.1, help="How long a slice is measured.")]


def main(people: People = 1_000_000, rounds: Rounds = 12, seconds: Seconds = 1.0) -> None:
    """Measure exchanges among few and among many people, in turns."""
    _RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_RESULTS, prefix="people-") as folder, ExitStack() as ends:
        sides = {name: Side(ends, path, "stream") for name, path in _networks(Path(folder), people).items()}
        slices = [_round(sides, seconds) for _ in range(rounds + 1)][1:]  # nobody's first calls are measured
    for name in (_AGAIN, _MANY):
        of = "people_again_over_first" if name == _AGAIN else f"people_1e{len(str(people)) - 1}_over_1e3"
        _tell(of, [each[name][0] / each[_FEW][0] for each in slices], ">= 0.95")
        _tell(f"{of}_cpu", [each[name][1] / each[_FEW][1] for each in slices], "<= 1.05")
    print(json.dumps({"name": "exchanges_per_s", "value": statistics.median(each[_FEW][0] for each in slices)}))


def _networks(folder: Path, people: int) -> dict[str, Path]:
    """The network, and its two copies of which one has more people, by what they are called."""
    network = folder / "network"
    prepare({"always": network}, suite=available_suites()[0], sets=1, tell=lambda _: None)
    paths = {_FEW: network, _AGAIN: folder / "again", _MANY: folder / "many"}
    for path in (paths[_AGAIN], paths[_MANY]):
        shutil.copytree(network, path)
    for party in ("childcare", "tax"):
        with closing(sqlite3.connect(paths[_MANY] / party / "node.sqlite3")) as connection:
            _crowd(connection, people)
    return paths


def _crowd(connection: sqlite3.Connection, people: int) -> None:
    """Write people whom nobody asks about; as long as the others in every column."""
    columns, like = _a_person(connection)
    marks = ", ".join("?" * len(columns))
    person = f"INSERT INTO person ({', '.join(columns)}) VALUES ({marks})"  # the names are the table's
    replica = "INSERT INTO replica VALUES (?, ?, ?, ?, NULL, ?)"
    for first in range(0, people, _TOGETHER):
        numbers = [f"C{number:08d}" for number in range(first, min(people, first + _TOGETHER))]
        with connection:
            connection.executemany(person, (_another(like, columns, number) for number in numbers))
            connection.executemany(replica, _replicas(numbers))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _a_person(connection: sqlite3.Connection) -> tuple[list[str], tuple[Any, ...]]:
    found = connection.execute("SELECT * FROM person LIMIT 1")
    return [each[0] for each in found.description], found.fetchone()


def _another(like: tuple[Any, ...], columns: list[str], local_number: str) -> tuple[Any, ...]:
    own = {
        "row_key": secrets.token_bytes(_ROW_KEY_BYTES),
        "local_number": local_number,
        "sealed_code": secrets.token_bytes(len(like[columns.index("sealed_code")])),
    }
    return tuple(own.get(column, value) for column, value in zip(columns, like, strict=True))


def _replicas(numbers: list[str]) -> Iterator[tuple[str, str, int, str, bytes]]:
    return ((number, str(LOCAL_TAX), FISCAL_YEAR, "2025-06-01", tax_record(number)) for number in numbers)


def _round(sides: dict[str, Side], seconds: float) -> dict[str, tuple[float, float]]:
    """Exchanges a second, and processor time an exchange, of each network once, in an order by chance."""
    found = {}
    for name in random.sample(sorted(sides), len(sides)):
        side = sides[name]
        pids = [side.load.pid, side.hub.pid, side.provider.pid]
        order = {"in_flight": _IN_FLIGHT, "settle_s": _SETTLE_S, "seconds": seconds, "pids": pids}
        told = side.load.order({"do": "slice", "in_bulk": False, "slice": order})
        if told["errors"]:
            raise RuntimeError(f"an exchange failed: {told['errors'][0]}")
        if not (ended := len(told["took_ms"])):
            raise RuntimeError("no exchange ended in a slice: give more --seconds")
        found[name] = ended / told["seconds"], sum(told["cpu_ns"]) / ended
    return found


def _tell(name: str, values: list[float], goal: str) -> None:
    found = spread(values)
    told = {"name": name, "value": found.median, "low": found.low, "high": found.high, "unit": "x", "goal": goal}
    print(json.dumps(told))


if __name__ == "__main__":
    settle_process()
    try:
        typer.run(main)
    except (WarifuError, RuntimeError, OSError) as error:
        sys.exit(f"bench: {printable(str(error))}")
