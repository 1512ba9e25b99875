"""What a long list costs everybody else: an honest caller's exchanges before and while somebody lists 100,000.

    python bench/lists.py [--rounds 6] [--seconds 4] [--length 100000]

A network runs as real processes. Its inquirer's node holds so many exchange records, its hub's log so many leaves. In
turns, the same callers ask the same questions with nobody listing, and while another process lists from end to end, again and
again: the inquirer's records at the node that the callers use, or the leaves at the hub. Prints one line of JSON for each
number of calls in flight and each list: milliseconds, and how often a second the list was read through.

The fillers are copies of one real record and one real leaf; they go into the files while nothing runs.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from measure import percentile
from people import BusinessSystem, designate, local_numbers

from warifu.api.node.v1.node_service_pb2 import Inquiry
from warifu.client import LogClient, NetworkDescription, NodeClient
from warifu_kit.network.network import Network
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.tax import LOCAL_TAX

RESULTS = Path(__file__).parent / "results"
_PEOPLE = 50
_IN_FLIGHT = (1, 8)
_LISTS = ("records", "leaves")

Rounds = Annotated[int, typer.Option(min=1, help="How often each of the two has its turn.")]
Seconds = Annotated[float, typer.Option(min=0.5, help="How long a turn is.")]
Length = Annotated[int, typer.Option(min=1, help="How long the lists are.")]


def main(rounds: Rounds = 6, seconds: Seconds = 4.0, length: Length = 100_000, listing: str = "", at: str = "") -> None:
    """Measure an honest caller's milliseconds before and while somebody lists."""
    if listing:
        asyncio.run(_list_again_and_again(NetworkDescription.load(Path(at)), listing))
        return
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RESULTS, prefix="lists-") as folder:
        network = Path(folder) / "network"
        with Network(network) as running:
            _fill(network, running)
            description = NetworkDescription.load(network)
            asyncio.run(_slice(description, 1, 1.0))
        _lengthen(network, length)
        with Network(network):
            description = NetworkDescription.load(network)
            asyncio.run(_slice(description, 8, 2.0))  # nobody's first calls are measured
            for in_flight, listed in itertools.product(_IN_FLIGHT, _LISTS):
                row = _measured(description, in_flight, listed, rounds, seconds)
                typer.echo(json.dumps({"in_flight": in_flight, "list": listed, "length": length, **row}))


def _fill(network: Path, running: Network) -> None:
    numbers = designate(network, running.endpoint("authority"), _PEOPLE)
    people = list(zip(local_numbers(0, _PEOPLE), numbers, strict=True))
    for party in ("childcare", "tax"):
        business = BusinessSystem(network, party, running.endpoint(party))
        business.acquire(people)
        if party == "tax":
            business.register([local for local, _ in people], LOCAL_TAX)
        business.close()


def _lengthen(network: Path, length: int) -> None:
    """Bring both lists to ``length`` with copies of what is there."""
    node = sqlite3.connect(network / "childcare" / "node.sqlite3")
    columns = [row[1] for row in node.execute("PRAGMA table_info(exchange_record)")]
    same = ", ".join(name for name in columns if name not in ("sequence", "request_id"))
    record = node.execute(f"SELECT {same} FROM exchange_record LIMIT 1").fetchone()  # column names
    places = ", ".join("?" * (len(record) + 1))
    rows = ((secrets.token_bytes(16), *record) for _ in range(length))
    with node:
        node.executemany(f"INSERT INTO exchange_record (request_id, {same}) VALUES ({places})", rows)  # column names
    node.close()
    hub = sqlite3.connect(network / "hub" / "hub.sqlite3")
    last, leaf = hub.execute("SELECT position, leaf FROM leaf ORDER BY position DESC LIMIT 1").fetchone()
    with hub:
        hub.executemany("INSERT INTO leaf VALUES (?, ?)", ((last + 1 + place, leaf) for place in range(length)))
    hub.close()


def _measured(
    network: NetworkDescription, in_flight: int, listed: str, rounds: int, seconds: float
) -> dict[str, float]:
    before: list[float] = []
    meanwhile: list[float] = []
    read = 0.0
    for _ in range(rounds):
        before += asyncio.run(_slice(network, in_flight, seconds))
        words = [sys.executable, __file__, "--listing", listed, "--at", str(network.folder)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lister:
            assert lister.stdin is not None
            assert lister.stdout is not None
            lister.stdout.readline()  # it is in full swing
            meanwhile += asyncio.run(_slice(network, in_flight, seconds))
            lister.stdin.close()
            read += float(lister.stdout.readline())
    row = {"lists_per_s": round(read / rounds, 2)}
    for name, took in (("before", before), ("while", meanwhile)):
        ordered = sorted(took)
        row[f"{name}_calls"] = len(ordered)
        row[f"{name}_p50_ms"] = round(percentile(ordered, 0.5), 2)
        row[f"{name}_p99_ms"] = round(percentile(ordered, 0.99), 2)
    row["p99_ratio"] = round(row["while_p99_ms"] / row["before_p99_ms"], 2)
    return row


async def _slice(network: NetworkDescription, in_flight: int, seconds: float) -> list[float]:
    """The milliseconds of every call in ``seconds``, with so many callers that each ask one question after another."""
    took: list[float] = []
    provider = network.institution("tax")
    people = itertools.cycle(local_numbers(0, _PEOPLE))
    end = time.perf_counter() + seconds
    async with NodeClient(network.to_node("childcare")) as node:

        async def call() -> None:
            while (started := time.perf_counter()) < end:
                question = Inquiry(
                    request_id=secrets.token_bytes(16),
                    local_number=next(people),
                    procedure_code=CHILD_ALLOWANCE_PROCEDURE,
                    provider=provider,
                    item_code=LOCAL_TAX,
                )
                await node.inquire(question)
                took.append((time.perf_counter() - started) * 1000)

        await node.pending_provisions()  # connected
        await asyncio.gather(*(call() for _ in range(in_flight)))
    return took


async def _list_again_and_again(network: NetworkDescription, listed: str) -> None:
    """List until standard input ends; then say how many whole lists were read a second."""
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    async with NodeClient(network.to_node("childcare")) as node, LogClient(network.to_hub()) as log:
        items, started, length = 0, time.perf_counter(), 0
        while not ended.done():
            length = 0
            pages = node.exchange_records().pages() if listed == "records" else log.leaves(0, 0).pages()
            async for page in pages:
                if not items:
                    print("listing", flush=True)
                length += len(page)
                items += len(page)
                if ended.done():
                    await pages.aclose()
                    break
        print(items / 100_000 / (time.perf_counter() - started), flush=True)


if __name__ == "__main__":
    typer.run(main)
