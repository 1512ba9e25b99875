"""A whole network on a disk that fills up while a file is asked: said by name, nothing lost, nothing asked twice."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from warifu.client import NetworkDescription
from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.progress import teller
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, generate
from warifu_kit.settling import settle

ROWS = 600


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("only root makes a small disk, and not everywhere")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave no room on it."""
    with suppress(OSError), (disk / "filling").open("wb", buffering=0) as filling:
        while filling.write(bytes(64 * 1024)):
            pass


@pytest.mark.slow
async def test_a_disk_that_fills_up_under_all_parties_loses_no_row_and_asks_none_twice(
    small_disk: Path, batch_in: Callable[[Any], Any], outside_of: Callable[[Any, Any], Any]
) -> None:
    path = small_disk / "net"
    create_network(path)
    with Network(path):
        with teller(Terminal(file=io.StringIO())) as telling:
            settled = await settle(path, generate(1, 12), 1, AS_OF, telling)
        town = SimpleNamespace(path=path, plan=settled.plan, institution=NetworkDescription.load(path).institution)
        batch = batch_in(town)
        batch.write(batch.rows(ROWS))
        run = batch.start()
        await batch.until_ended(50)
        await asyncio.to_thread(fill, small_disk)
        told = await batch.told(run)
        assert told["not_ended"], "it filled up in the middle"
        assert set(told["reasons"]) & {"LOG_UNAVAILABLE", "STORE_UNAVAILABLE", "PROVIDER_FAILED", "ASKED_BEFORE"}
        (small_disk / "filling").unlink()
        while told["not_ended"]:
            told = await batch.told(batch.start())
        assert (told["rows"], told["waits"], told["not_asked"]) == (ROWS, 0, 0)
        async with open_offices(path) as offices:
            request_ids = batch.request_ids()
            assert await outside_of(town, offices).permitted(request_ids) == dict.fromkeys(request_ids, 1)
