"""A log of ten million leaves: how long a hub takes to start on it, in how much memory, and what proofs and leaves cost.

    python bench/long_log.py [--leaves 10000000] [--folder /tmp]

Makes a hub's file with so many leaves of 250 bytes, and one with a thousand (ten million take some minutes and 3.2 GB of
disk), and removes both in the end. A start is timed in a process of its own, the file in the system's cache; proofs are of
leaves drawn at random, so that nearly each reads a tile that nobody has read. ``append`` is an exchange written through
the store, opened and closed, with a checkpoint for every thousand, at both lengths in turns: processor time.
Prints one line of JSON a row, ``{name, value, unit, goal}``.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import nacl.signing
import typer

from warifu.identifiers import InstitutionCode
from warifu.tlog.checkpoint import Checkpoint, log_origin, sign_checkpoint
from warifu.tlog.merkle import leaf_hash
from warifu.tlog.note import Verifier
from warifu.tlog.tiled_tree import TiledTree
from warifu_hub.ledger import Ledger
from warifu_hub.store import ExchangeState, StoredExchange
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.whole_check import look_at_all

_KEY = bytes(range(32))
_LEAF = bytes(242)
_TOGETHER = 1 << 16
_PROOFS, _EXCHANGES, _AT_ONCE, _ROUNDS = 1_000, 1_000, 16, 10
_INQUIRER = InstitutionCode("9030110020000001")

Leaves = Annotated[int, typer.Option(min=2_000, help="How long the log is.")]
Folder = Annotated[Path | None, typer.Option(help="Where the files are made.")]


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    value: float
    unit: str
    goal: str = ""


def main(leaves: Leaves = 10_000_000, folder: Folder = None, start: bool = False) -> None:
    """Measure a long log. ``--start`` is for itself: one start on the file in ``folder``."""
    if start:
        assert folder is not None
        _tell(_start(folder))
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix="long-log-") as made:
        long, short = Path(made) / "long.sqlite3", Path(made) / "short.sqlite3"
        began = time.monotonic()
        _fill(short, 1_000)
        _fill(long, leaves)
        _tell([_Row("log_1e7_made_s", time.monotonic() - began, "s")])
        subprocess.run([sys.executable, __file__, "--start", "--folder", str(long)], check=True)
        _tell(asyncio.run(_appends(short, long)))


def _tell(rows: list[_Row]) -> None:
    for row in rows:
        told = {"name": row.name, "value": round(row.value, 3), "unit": row.unit, "goal": row.goal}
        sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _verifier() -> Verifier:
    origin = log_origin("bench")
    return Verifier(origin, bytes(nacl.signing.SigningKey(_KEY).verify_key))


def _fill(file: Path, count: int) -> None:
    store = DatabaseHubStore(file)
    tree = TiledTree(store.tile)
    while tree.size < count:
        first, end = tree.size, min(tree.size + _TOGETHER, count)
        leaves = [number.to_bytes(8, "big") + _LEAF for number in range(first, end)]
        for leaf in leaves:
            tree.append(leaf_hash(leaf))
        rows = list(enumerate(leaves, start=first))
        store.database.write_now(lambda connection: connection.executemany("INSERT INTO leaf VALUES (?, ?)", rows))  # noqa: B023
        store.put_tiles(tuple(tree.unstored()))
        tree.stored(tree.size)
    checkpoint = Checkpoint(origin=log_origin("bench"), size=tree.size, root_hash=tree.root())
    asyncio.run(store.publish_checkpoint(sign_checkpoint(checkpoint, _KEY)))
    store.close()


def _memory_mb() -> float:
    status = Path("/proc/self/statm").read_text().split()
    return int(status[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _start(file: Path) -> list[_Row]:
    verifier, before, began = _verifier(), _memory_mb(), time.monotonic()
    store = DatabaseHubStore(file)
    ledger = Ledger(store, log_key=_KEY, verifier=verifier)
    took = time.monotonic() - began
    rows = [_Row("log_1e7_restart_s", took, "s", "<= 1")]
    ahead, cpu = _proofs_ms(ledger)
    rows.append(_Row("log_1e7_proof_ms", statistics.median(ahead), "ms", "<= 1"))
    rows.append(_Row("log_1e7_proof_cpu_p99_ms", statistics.quantiles(cpu, n=100)[98], "ms"))
    used = time.process_time()
    asyncio.run(look_at_all(store, ledger.check, pause=_no_pause))
    rows.append(_Row("log_1e7_whole_check_cpu_s", time.process_time() - used, "s"))
    rows.append(_Row("log_1e7_memory_mb", _memory_mb() - before, "MB", "< 20"))
    store.close()
    return rows


async def _no_pause(_: float) -> None:
    await asyncio.sleep(0)


def _proofs_ms(ledger: Ledger) -> tuple[list[float], list[float]]:
    """Milliseconds by the clock and of the processor, for each of some proofs of either kind."""
    size, took, cpu = ledger.size, list[float](), list[float]()
    for number in range(_PROOFS):
        prove = ledger.inclusion_proof if number % 2 else ledger.consistency_proof
        place, began, used = random.randrange(size), time.perf_counter(), time.thread_time()
        prove(place, size)
        cpu.append(1000 * (time.thread_time() - used))
        took.append(1000 * (time.perf_counter() - began))
    return took, cpu


class _Appending:
    """Exchanges written to one file."""

    def __init__(self, file: Path) -> None:
        self.store = DatabaseHubStore(file)
        self.ledger = Ledger(self.store, log_key=_KEY, verifier=_verifier())
        self.us: list[float] = []

    async def round(self) -> None:
        began, slots = time.process_time(), asyncio.Semaphore(_AT_ONCE)

        async def one() -> None:
            async with slots:
                await self._write()

        await asyncio.gather(*(one() for _ in range(_EXCHANGES)))
        await self.ledger.publish()
        self.us.append(1e6 * (time.process_time() - began) / _EXCHANGES)

    async def _write(self) -> None:
        new = StoredExchange(
            inquirer=_INQUIRER,
            request_id=secrets.token_bytes(16),
            inquiry_digest=bytes(32),
            processing_number=f"{secrets.randbelow(10**20):020d}",
            permission_row="R01",
            permit_ms=time.time_ns() // 1_000_000,
        )
        await self.store.open_exchange(new, bytes(8) + _LEAF)
        closed = replace(new, state=ExchangeState.ANSWERED, answer=bytes(700))
        await self.store.close_exchange(closed, bytes(8) + _LEAF)


async def _appends(short: Path, long: Path) -> list[_Row]:
    cells = [_Appending(short), _Appending(long)]
    for _ in range(_ROUNDS + 1):
        for cell in cells:
            await cell.round()
    few, many = ([*cell.us[1:]] for cell in cells)  # nobody's first round counts
    ratio = statistics.median(late / early for early, late in zip(few, many, strict=True))
    for cell in cells:
        cell.store.close()
    return [
        _Row("append_1e3_us", statistics.median(few), "us"),
        _Row("append_1e7_us", statistics.median(many), "us"),
        _Row("append_1e7_over_1e3", ratio, "", "<= 1.2"),
    ]


if __name__ == "__main__":
    typer.run(main)
