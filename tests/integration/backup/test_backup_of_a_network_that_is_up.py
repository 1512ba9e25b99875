"""A network is backed up while it is busy: nothing fails, and what is put back is a network that agrees with itself."""

from __future__ import annotations

import asyncio
import json
from asyncio import FIRST_COMPLETED
from collections.abc import Callable
from pathlib import Path
from typing import Any

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.tlog.verify import verify_copy
from warifu_kit.backup.backup import back_up
from warifu_kit.backup.manifest import check_files, read_manifest
from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.outside import look_from_outside

AT_ONCE = 64
BACKUPS = 3


async def test_a_backup_under_traffic_fails_no_exchange_and_what_is_put_back_agrees_with_itself(
    settled: Any, put_back: Callable[[Path, str], Any], tmp_path: Path
) -> None:
    answered, stopping, warm = list[Any](), asyncio.Event(), asyncio.Event()
    async with open_offices(settled.path) as offices:
        asked = settled.inquiries(offices)

        async def keep_asking() -> None:
            while not stopping.is_set():
                result = await offices.nodes["childcare"].inquire(next(asked), timeout=30)
                answered.append(result.state)
                if len(answered) >= AT_ONCE:
                    warm.set()

        traffic = asyncio.gather(*(keep_asking() for _ in range(AT_ONCE)))
        await asyncio.wait((traffic, waiting := asyncio.create_task(warm.wait())), return_when=FIRST_COMPLETED)
        assert waiting.done(), traffic.exception()
        sizes = []
        for number in range(BACKUPS):
            before = len(answered)
            await asyncio.to_thread(back_up, settled.path, tmp_path / f"out{number}")
            while len(answered) < before + AT_ONCE:  # noqa: ASYNC110  # exchanges went on, and go on
                await asyncio.sleep(0.01)
            sizes.append(json.loads((tmp_path / f"out{number}" / "manifest.json").read_text())["log"]["size"])
        stopping.set()
        await traffic  # 0 failures: any would be raised here
        assert set(answered) == {node_pb2.INQUIRY_STATE_ANSWERED}
        seen = await look_from_outside(offices, tmp_path / "log", offices.network.log_verifier_key)
        assert (seen.verified.holds, seen.reconciled.holds) == (True, True), seen.reconciled.detail
    assert sizes == sorted(set(sizes)), "each in the middle of it"

    for number in (0, BACKUPS - 1):
        manifest = read_manifest(tmp_path / f"out{number}")
        check_files(tmp_path / f"out{number}", manifest.all_files())
        place = put_back(tmp_path / f"out{number}", f"net{number}")
        async with place.up() as offices:
            await place.ask(offices, 8)  # nobody is behind
            await place.at_rest(offices)  # the log is read before the records: nothing may end in between
            again = await look_from_outside(offices, tmp_path / f"log{number}", offices.network.log_verifier_key)
            assert again.verified.holds, again.verified.detail
            assert again.reconciled.holds, again.reconciled.detail
        assert manifest.log is not None
        assert manifest.log.checkpoint is not None
        copy, key = tmp_path / f"log{number}", (place.path / "log.vkey").read_text().strip()
        verify_copy(copy, key, seen=manifest.log.checkpoint.encode())
        assert not [party for party in ("hub", "tax", "childcare") if "behind" in place.log_of(party)]
