"""A whole network of processes, files of inquiries about its people, and the command that asks them."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.tlog import verify_copy
from warifu_kit.bulk.journal import JOURNAL_FILE
from warifu_kit.bulk.layout import read_sheet
from warifu_kit.bulk.order import request_id_of
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.outside import look_from_outside

PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def town(begin_town: Callable[[], Any]) -> Any:
    """One of our own: nobody plays a party in it, so that the three sides can be compared."""
    return begin_town()


@pytest.fixture
async def offices(town: Any) -> AsyncIterator[Offices]:
    async with open_offices(town.path) as opened:
        yield opened


class Batch:
    """A file of inquiries of the child allowance office, and the folder of its run."""

    def __init__(self, town: Any, folder: Path) -> None:
        self._town = town
        self.folder = folder
        self.folder.mkdir(exist_ok=True)
        self.file = folder / "P640R110_20261128000000_0001.DAT"
        self.out = folder / "out"

    def beside(self) -> Batch:
        """Another one, of the same office at the same time."""
        return Batch(self._town, self.folder / "beside")

    def row(self, case: Any, provider: str, item_code: str, year: int | None = None, **change: str) -> str:
        """One row of the real layout; ``change`` puts text into a field, by ``f`` and its number."""
        start, end = ("", "") if year is None else (f"{year:04d}0401", f"{year + 1:04d}0331")
        cells = [
            "01", case.local_number.rjust(15, "0"), "", "20261128103000000", "3595115400".ljust(20), "",
            self._town.institution("childcare"), "0", "JM01000000121000", self.procedure, "", "",
            self._town.institution(provider), item_code, "0", "0", start, end,
        ]  # fmt: skip
        for name, text in change.items():
            cells[int(name[1:]) - 1] = text
        return ",".join(cells)

    @property
    def procedure(self) -> str:
        return str(self._town.plan.procedures[0].procedure_code)

    def cases(self) -> list[Any]:
        """Whom the office may ask about, and who is answered for at once."""
        found = [case for case in self._town.plan.procedures[0].cases if not case.clerk_needed]
        assert found
        return found

    def rows(self, count: int, last_year: int = 2026) -> list[str]:
        """That many rows, all different: about everybody, of everything, year after year into the past."""
        years = [None, *range(last_year, 1000, -1)]
        asked = ((case, *question, year) for year in years for case in self.cases() for question in case.questions)
        return [self.row(*each) for each in itertools.islice(asked, count)]

    def write(self, rows: Sequence[str]) -> None:
        self.file.write_bytes("".join(f"{row}\r\n" for row in rows).encode("cp932"))

    def command(self, *options: str) -> list[str]:
        words = ["bulk", str(self.file), "--out", str(self.out), "--network", str(self._town.path), *options]
        return [sys.executable, "-m", "warifu_kit.cli", *words]

    def run(self, *options: str, **how: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*options), capture_output=True, text=True, timeout=PATIENCE_S, check=False, **how
        )

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self.command("--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    async def told(self, run: subprocess.Popen[str]) -> dict[str, Any]:
        """What a run tells at its end."""
        said, why = await asyncio.to_thread(run.communicate, None, PATIENCE_S)
        assert said, why
        told: dict[str, Any] = json.loads(said)
        return told

    def journal(self) -> list[dict[str, Any]]:
        """The whole lines of the journal."""
        content = (self.out / JOURNAL_FILE).read_text("ascii") if (self.out / JOURNAL_FILE).exists() else ""
        return [json.loads(line) for line in content.split("\n")[:-1]]

    async def until_ended(self, rows: int) -> None:
        """Wait until that many rows are in the journal."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.journal()) - 1 < rows:  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.005)

    def results(self) -> list[list[str]]:
        """The lines of the file of results, header first."""
        import csv

        text = (self.out / "result.csv").read_bytes().decode("cp932")
        return list(csv.reader(text.splitlines()))

    def request_ids(self) -> list[bytes]:
        """Under which the rows that can be asked are asked, in the order of the file."""
        key = bytes.fromhex(self.journal()[0]["key"])
        return [request_id_of(key, row) for row in read_sheet(self.file.read_bytes()).good()]


@pytest.fixture
def batch(town: Any, tmp_path: Path) -> Batch:
    return Batch(town, tmp_path)


class Outside:
    """Whoever looks at the network from outside: its log, verified offline, and the nodes' own records."""

    def __init__(self, town: Any, offices: Offices, folder: Path) -> None:
        self._town = town
        self._offices = offices
        self._folder = folder

    async def permitted(self, request_ids: Iterable[bytes]) -> Counter[bytes]:
        """How often each was permitted, by the log; and the three sides agree."""
        folder = self._folder / "copy"
        seen = await look_from_outside(self._offices, folder, self._offices.network.log_verifier_key)
        assert seen.verified.holds, seen.verified.detail
        assert seen.reconciled.holds, seen.reconciled.detail
        leaves = map(
            log_pb2.ExchangeLeaf.FromString, verify_copy(folder, self._offices.network.log_verifier_key).leaves()
        )
        found = Counter(leaf.request_id for leaf in leaves if leaf.event == log_pb2.LEAF_EVENT_PERMITTED)
        return Counter({request_id: found[request_id] for request_id in request_ids})


@pytest.fixture
def outside(town: Any, offices: Offices, tmp_path: Path) -> Outside:
    return Outside(town, offices, tmp_path)


@pytest.fixture
def batch_in(tmp_path: Path) -> Callable[[Any], Batch]:
    """A batch in a network of the test's own."""
    return lambda town: Batch(town, tmp_path)


@pytest.fixture
def outside_of(tmp_path: Path) -> Callable[[Any, Offices], Outside]:
    """Whoever looks at that network."""
    return lambda town, offices: Outside(town, offices, tmp_path)
