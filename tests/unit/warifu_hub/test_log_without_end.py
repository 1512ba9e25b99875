"""A hub that starts looks at the right edge of its log at once and at the rest while it serves; what was changed is found."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.party.database import Database
from warifu.tlog.checkpoint import log_origin, open_checkpoint
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.note import Verifier
from warifu_hub.ledger import Ledger
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.store_memory import MemoryHubStore
from warifu_hub.whole_check import OTHERS_SHARE, look_at_all

KEY = SigningKey.generate()
VERIFIER = Verifier(log_origin("sim-test"), KEY.verify_key)
SIZE = 1000
LEAVES = [b"leaf %d" % number for number in range(SIZE)]
TREE = MerkleTree(map(leaf_hash, LEAVES))


def ledger_over(store: Any) -> Ledger:
    return Ledger(store, log_key=KEY.to_bytes(), verifier=VERIFIER)


class Hub:
    """What of a hub keeps its log, over a file that can be changed while it is closed."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._store: DatabaseHubStore | None = None

    def start(self) -> Ledger:
        self._store = DatabaseHubStore(self.file)
        try:
            return ledger_over(self._store)
        except WarifuError:
            self.stop()
            raise

    @property
    def store(self) -> DatabaseHubStore:
        assert self._store is not None
        return self._store

    def stop(self) -> None:
        if self._store is not None:
            self._store.close()

    def change(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.create_function("other", 1, lambda content: bytes([content[0] ^ 1]) + content[1:])
            for statement in statements:
                assert connection.execute(statement).rowcount != 0

    async def grow(self, *leaves: bytes) -> None:
        for leaf in leaves:
            await self.store.append_leaf(leaf)

    def refusal(self) -> str:
        """Where it is said to lie when the hub does not start."""
        with pytest.raises(WarifuError) as refused:
            self.start()
        assert refused.value.reason is Reason.LOG_INVALID
        return refused.value.where


async def make_log(file: Path) -> None:
    hub = Hub(file)
    ledger = hub.start()
    for size in (255, 256, 300, SIZE):
        await hub.grow(*LEAVES[hub.store.leaf_count() : size])
        await ledger.publish()
    await hub.grow(b"since", b"then", b"last")
    hub.stop()


@pytest.fixture(scope="module")
def made_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of a thousand published leaves, and three sequenced since."""
    file = tmp_path_factory.mktemp("log") / "hub.sqlite3"
    asyncio.run(make_log(file))
    return file


@pytest.fixture
def hub(made_log: Path, tmp_path: Path) -> Iterator[Hub]:
    file = Path(shutil.copyfile(made_log, tmp_path / "hub.sqlite3"))
    hub = Hub(file)
    yield hub
    hub.stop()


async def no_pause(_: float) -> None:
    """Nobody else wants the event loop."""


async def found_by_looking(hub: Hub, ledger: Ledger, first: int = 0) -> str:
    with pytest.raises(WarifuError) as found:
        await look_at_all(hub.store, ledger.check, first=first, pause=no_pause)
    assert found.value.reason is Reason.LOG_INVALID
    return found.value.where


async def test_a_hub_that_starts_again_goes_on_where_it_was_and_proves_everything(hub: Hub) -> None:
    ledger = hub.start()
    note = await ledger.publish()
    whole = MerkleTree(map(leaf_hash, [*LEAVES, b"since", b"then", b"last"]))
    assert open_checkpoint(note, VERIFIER).root_hash == whole.root()
    for place in (0, 255, 256, 767, 768, 999, 1002):
        assert ledger.inclusion_proof(place, 1003) == whole.inclusion_proof(place, 1003)
        assert ledger.consistency_proof(place, 1003) == whole.consistency_proof(place, 1003)
    await look_at_all(hub.store, ledger.check, pause=no_pause)
    hub.stop()
    assert hub.start().size == 1003


class Counting:
    """A store that counts the leaves and tiles that are read."""

    def __init__(self, store: MemoryHubStore) -> None:
        self._store = store
        self.read = Counter[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def leaves(self, first: int, count: int) -> list[bytes]:
        found = self._store.leaves(first, count)
        self.read["leaves"] += len(found)
        return found

    def tile(self, level: int, number: int) -> bytes | None:
        self.read["tiles"] += 1
        return self._store.tile(level, number)


@pytest.mark.parametrize("size", [300, 3_000, 70_000])
async def test_a_start_reads_the_right_edge_however_long_the_log_is(size: int) -> None:
    store = MemoryHubStore()
    store._leaves.extend(number.to_bytes(4, "big") for number in range(size))
    await ledger_over(store).publish()
    await store.append_leaf(b"since")
    counted = Counting(store)
    ledger = ledger_over(counted)
    assert counted.read["leaves"] <= 257
    assert counted.read["tiles"] <= 6
    counted.read.clear()
    ledger.inclusion_proof(0, size)
    ledger.consistency_proof(1, size)
    assert counted.read == Counter(tiles=counted.read["tiles"])
    assert counted.read["tiles"] <= 2


AT_ONCE = {
    "a leaf at the edge": ("UPDATE leaf SET leaf = x'00' WHERE position = 990", "leaf 990: not the one"),
    "a leaf of the edge gone": ("DELETE FROM leaf WHERE position = 990", "leaf 990: not the one"),
    "the end cut off": ("DELETE FROM leaf WHERE position >= 999", "checkpoint of size 1000: 999 leaves"),
    "all leaves gone": ("DELETE FROM leaf", "checkpoint of size 1000: 0 leaves"),
    "a hash at the edge": (
        "UPDATE tile SET hashes = other(hashes) WHERE level = 0 AND number = 3",
        "checkpoint of size 1000",
    ),
    "a hash above the edge": (
        "UPDATE tile SET hashes = other(hashes) WHERE level = 1",
        "checkpoint of size 1000",
    ),
    "a tile above the edge gone": ("DELETE FROM tile WHERE level = 1", "tile 1/0: missing"),
    "tiles that are text": ("UPDATE tile SET hashes = 'odd'", "tile 1/0: missing or too short"),
    "another checkpoint": (
        "UPDATE checkpoint SET signed_note = CAST(replace(CAST(signed_note AS TEXT), '1000', '999') AS BLOB)",
        "checkpoint",
    ),
}


@pytest.mark.parametrize("case", AT_ONCE)
def test_what_was_changed_at_the_right_edge_is_found_before_the_hub_serves(hub: Hub, case: str) -> None:
    statement, where = AT_ONCE[case]
    hub.change(statement)
    assert hub.refusal().startswith(where)


LATER = {
    "a changed leaf": ("UPDATE leaf SET leaf = x'00' WHERE position = 300", "leaf 300: not the one"),
    "a leaf that is text": ("UPDATE leaf SET leaf = 'odd' WHERE position = 300", "leaf 300: not the one"),
    "a leaf gone": ("DELETE FROM leaf WHERE position = 511", "leaf 511: missing"),
    "the first leaf gone": ("DELETE FROM leaf WHERE position = 0", "leaf 0: not the one"),
    "two leaves exchanged": (
        "UPDATE leaf SET leaf = CAST('leaf ' || (702 - position) AS BLOB) WHERE position IN (2, 700)",
        "leaf 2: not the one",
    ),
    "a changed tile": (
        "UPDATE tile SET hashes = other(hashes) WHERE level = 0 AND number = 1",
        "tile 0/1: not the one",
    ),
    "a tile gone": ("DELETE FROM tile WHERE level = 0 AND number = 2", "tile 0/2: not the one"),
}


@pytest.mark.parametrize("first", [0, 2, 3])
@pytest.mark.parametrize("case", LATER)
async def test_what_was_changed_further_back_is_found_by_looking_at_all_and_the_hub_starts_no_more(
    hub: Hub, case: str, first: int
) -> None:
    statement, where = LATER[case]
    hub.change(statement)
    found = await found_by_looking(hub, hub.start(), first)
    if first == 0:
        assert found.startswith(where)
    hub.stop()
    assert hub.refusal() == found, "it is looked at first from now on"


async def test_a_hub_whose_file_was_put_right_starts_again(hub: Hub) -> None:
    hub.change("UPDATE leaf SET leaf = x'00' WHERE position = 300")
    await found_by_looking(hub, hub.start())
    hub.stop()
    hub.change("UPDATE leaf SET leaf = CAST('leaf 300' AS BLOB) WHERE position = 300")
    await look_at_all(hub.store, hub.start().check, pause=no_pause)


async def test_what_is_changed_signs_no_other_log(hub: Hub) -> None:
    """Until it is found, the checkpoints that the hub signs extend what it had signed: the leaves that were published."""
    hub.change("UPDATE leaf SET leaf = x'00' WHERE position = 300", "DELETE FROM tile WHERE level = 0 AND number = 1")
    note = await hub.start().publish()
    whole = MerkleTree(map(leaf_hash, [*LEAVES, b"since", b"then", b"last"]))
    assert open_checkpoint(note, VERIFIER).root_hash == whole.root()


async def test_a_leaf_or_tile_that_is_gone_is_said_to_who_asks_for_it(hub: Hub) -> None:
    hub.change("DELETE FROM leaf WHERE position = 300", "DELETE FROM tile WHERE level = 0 AND number = 2")
    ledger = hub.start()
    for asked in (lambda: ledger.leaf(300), lambda: ledger.inclusion_proof(600, SIZE)):
        with pytest.raises(WarifuError) as refused:
            asked()
        assert refused.value.reason is Reason.LOG_INVALID


def lines_of(capfd: pytest.CaptureFixture[str], event: str) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in told if line["event"] == event]


@pytest.mark.parametrize("kept", ["no tiles", "the first tile", "no row of the last tile"])
async def test_a_log_without_tiles_has_them_made_from_its_leaves(hub: Hub, kept: str) -> None:
    hub.change(
        {
            "no tiles": "DELETE FROM tile",
            "the first tile": "DELETE FROM tile WHERE level > 0 OR number > 0",
            "no row of the last tile": "DELETE FROM tile WHERE level = 0 AND number = 3",
        }[kept]
    )
    if kept == "the first tile":  # as a hub that was stopped while it made them left them
        hub.change(f"INSERT INTO tile VALUES (1, 0, x'{TREE.subtree_hashes(8, 0, 1).hex()}')")
    ledger = hub.start()
    await look_at_all(hub.store, ledger.check, pause=no_pause)
    assert ledger.inclusion_proof(300, SIZE) == TREE.inclusion_proof(300, SIZE)
    tiles = [hub.store.tile(0, number) for number in range(4)] + [hub.store.tile(1, 0)]
    expected = [TREE.subtree_hashes(0, 256 * number, 256 if number < 3 else 232) for number in range(4)]
    assert tiles == [*expected, TREE.subtree_hashes(8, 0, 3)]


@pytest.mark.parametrize("position", [0, 300, 999])
def test_a_changed_log_without_tiles_is_found_before_the_hub_serves(hub: Hub, position: int) -> None:
    hub.change("DELETE FROM tile", f"UPDATE leaf SET leaf = x'00' WHERE position = {position}")
    assert hub.refusal() == f"checkpoint of size {SIZE}"


def test_leaves_gone_from_a_log_without_tiles_are_found_before_the_hub_serves(hub: Hub) -> None:
    hub.change("DELETE FROM tile", "DELETE FROM leaf WHERE position < 999")
    assert hub.refusal() == "leaves 0 to 999: 999 of them missing"


async def test_tiles_are_made_a_part_at_a_time_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("warifu_hub.integration._STORED_TOGETHER", 1 << 8)
    monkeypatch.setattr("warifu_hub.integration._SAID_EACH", 1 << 9)
    whole, store = MemoryHubStore(), MemoryHubStore()
    for each in (whole, store):
        each._leaves.extend(LEAVES)
    note = await ledger_over(whole).publish()
    await store.publish_checkpoint(note)
    parts = 0

    def stopped_in_the_third(tiles: Any, put: Callable[[Any], None] = store.put_tiles) -> None:
        nonlocal parts
        parts += 1
        if parts == 3:
            raise WarifuError(Reason.LOG_UNAVAILABLE)
        put(tiles)

    monkeypatch.setattr(store, "put_tiles", stopped_in_the_third)
    with pytest.raises(WarifuError):
        ledger_over(store)
    assert store.tiled_size() == 512
    ledger_over(store)
    assert parts == 5, "it went on where it was stopped"
    assert store._tiles == whole._tiles


async def test_tiles_become_durable_with_the_checkpoint_that_covers_them(hub: Hub) -> None:
    ledger = hub.start()
    await hub.grow(*(b"more %d" % number for number in range(600)))
    assert isinstance(hub.store.database, Database)
    writer = hub.store.database._engine.connection
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count={pages}")
    before = hub.store.published_checkpoint()
    with pytest.raises(WarifuError) as refused:
        await ledger.publish()
    assert refused.value.reason is Reason.LOG_UNAVAILABLE
    assert (hub.store.published_checkpoint(), hub.store.tiled_size()) == (before, SIZE)
    proof = ledger.inclusion_proof(1200, 1603)
    writer.execute("PRAGMA max_page_count=100000")
    note = await ledger.publish()
    hub.stop()
    again = hub.start()
    assert again.inclusion_proof(1200, 1603) == proof
    assert await again.publish() == note


async def test_looking_at_all_leaves_the_loop_to_others_for_longer_than_it_took(hub: Hub) -> None:
    ledger, paused, processor = hub.start(), list[float](), iter(range(100))

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    await look_at_all(hub.store, ledger.check, pause=pause, used=lambda: float(next(processor)))
    assert paused == [float(OTHERS_SHARE)] * 4
