"""Where a copy of the log may be written, and that a log cut back is not taken."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from warifu.client import LogClient
from warifu.client.paged import Paged
from warifu.errors import Reason, WarifuError
from warifu.tlog import Checkpoint, MerkleTree, leaf_hash, log_origin, sign_checkpoint
from warifu.tlog.tiles import TILE_WIDTH, read_entries
from warifu_kit.audit import log_copy
from warifu_kit.audit.log_copy import copy_log


class Hub:
    """Stands in for the hub's log: whatever entries a test gives it are published."""

    def __init__(self, size: int) -> None:
        self.entries = [b"entry %d" % number for number in range(size)]
        self.asked = 0
        self.pages_given = 0
        self.listed: list[tuple[int, int]] = []
        self.on_page: Callable[[], None] = lambda: None

    async def checkpoint(self) -> bytes:
        self.asked += 1
        root = MerkleTree(map(leaf_hash, self.entries)).root()
        checkpoint = Checkpoint(origin=log_origin("test"), size=len(self.entries), root_hash=root)
        return sign_checkpoint(checkpoint, bytes(32))

    def leaves(self, first: int, count: int) -> Paged[bytes]:
        self.listed.append((first, count))

        async def pages() -> AsyncGenerator[list[bytes], None]:
            for place in range(first, first + count, 4):
                self.pages_given += 1
                self.on_page()
                yield self.entries[place : min(place + 4, first + count)]

        return Paged(pages)


def log_of(size: int) -> tuple[LogClient, Hub]:
    hub = Hub(size)
    return cast(LogClient, hub), hub


def all_in(path: Path) -> list[Path]:
    return sorted(path.rglob("*"))


async def refused(log: LogClient, out: Path) -> WarifuError:
    with pytest.raises(WarifuError) as caught:
        await copy_log(log, out)
    return caught.value


async def test_a_log_cut_back_is_refused_and_the_newer_checkpoint_stays(tmp_path: Path) -> None:
    log, hub = log_of(9)
    await copy_log(log, tmp_path / "copy")
    newer = (tmp_path / "copy" / "checkpoint").read_bytes()
    del hub.entries[6:]
    assert (await refused(log, tmp_path / "copy")).reason is Reason.LOG_INVALID
    hub.entries += [b"other"] * 30
    assert (await refused(log, tmp_path / "copy")).reason is Reason.LOG_INVALID
    assert (tmp_path / "copy" / "checkpoint").read_bytes() == newer


def _file_in_it(out: Path) -> None:
    out.mkdir()
    (out / "letter.txt").write_text("mine")


def _folder_in_it(out: Path) -> None:
    (out / "photographs").mkdir(parents=True)
    (out / "tile").mkdir()


def _a_file(out: Path) -> None:
    out.write_text("mine")


@pytest.mark.parametrize("fill", [_file_in_it, _folder_in_it, _a_file])
async def test_a_place_that_holds_something_else_is_left_alone(tmp_path: Path, fill: Callable[[Path], Any]) -> None:
    out = tmp_path / "out"
    fill(out)
    before = all_in(tmp_path)
    log, hub = log_of(3)
    assert (await refused(log, out)).reason is Reason.PATH_UNUSABLE
    assert (all_in(tmp_path), hub.asked) == (before, 0)


async def test_a_log_is_written_while_it_is_read(tmp_path: Path) -> None:
    log, hub = log_of(2 * TILE_WIDTH + 1)
    written: list[int] = []
    hub.on_page = lambda: written.append(len(list((tmp_path / "tile" / "entries").glob("*"))))
    await copy_log(log, tmp_path)
    assert written[0] == 0
    assert written[-1] == 2, "two tiles of entries are on disk before the last page is asked for"
    assert hub.pages_given == len(written)


async def test_a_log_too_long_for_one_call_is_copied_with_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_copy, "_LEAVES_IN_A_CALL", 5)
    for size in (4, 5, 11):
        log, hub = log_of(size)
        await copy_log(log, tmp_path / str(size))
        assert hub.listed == [(first, min(5, size - first)) for first in range(0, size, 5)]
        assert list(read_entries(tmp_path / str(size), size)) == hub.entries


async def test_a_copy_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    log, hub = log_of(3)
    await copy_log(log, tmp_path)
    (tmp_path / "checkpoint").unlink()
    assert (await copy_log(log, tmp_path)).size == len(hub.entries)
